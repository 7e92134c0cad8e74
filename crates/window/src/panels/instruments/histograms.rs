//! How one parameter's values and its gradient are spread at one moment, all arms on the same axes.

use super::bench::Bench;
use crate::kit::chips::told;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::{Align2, ComboBox, FontId, Mesh, Rect, Sense, Ui, pos2, vec2};
use lab_core::instrument::{Finding, Histogram, Instrument, Spread};
use lab_core::number::short;
use std::collections::HashSet;

/// Bars between both ends of an axis; odd, so that one of them is around 0.
const BARS: usize = 81;
/// Height of the bars in points.
const HEIGHT: f32 = 64.0;

fn counted<'a>(bench: &'a Bench) -> Vec<(usize, &'a str, &'a Vec<Histogram>)> {
    bench
        .findings(Instrument::Histograms)
        .filter_map(|(arm, name, finding)| match finding {
            Ok(Finding::Histograms(found)) => Some((arm, name, found)),
            _ => None,
        })
        .collect()
}

/// Chooses one of the parameters that anything is known of.
pub fn choose_parameter(ui: &mut Ui, parameter: &mut String, bench: &Bench) {
    let found = counted(bench);
    let kept = bench.monitor.spreads.last().map_or(&[][..], |record| &record.arms);
    let (mut names, mut known): (Vec<&str>, HashSet<&str>) = Default::default();
    for histogram in found.iter().flat_map(|(_, _, all)| *all).chain(kept.iter().flatten()) {
        if known.insert(&histogram.parameter) {
            names.push(&histogram.parameter);
        }
    }
    let Some(first) = names.first() else { return };
    if !known.contains(parameter.as_str()) {
        (*first).clone_into(parameter);
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Parameter");
        let shown = parameter.clone();
        let list = ComboBox::from_id_salt("parameter").width(200.0).selected_text(shown).show_ui(ui, |ui| {
            for name in &names {
                ui.selectable_value(parameter, (*name).to_owned(), *name);
            }
        });
        list.response.labelled_by(label.id);
    });
}

/// The bars of all arms.
pub fn figure(ui: &mut Ui, parameter: &str, bench: &Bench) {
    let of = |(arm, name, all): (usize, &'_ str, &'_ Vec<Histogram>)| {
        let histogram = all.iter().find(|histogram| histogram.parameter == parameter)?;
        Some((arm, name.to_owned(), histogram.clone()))
    };
    let found: Vec<(usize, String, Histogram)> = counted(bench).into_iter().filter_map(of).collect();
    if found.is_empty() {
        return;
    }
    let axes = [Histogram::values, Histogram::gradient].map(|of| Axis::new(found.iter().map(|(_, _, one)| of(one))));
    let width = ((ui.available_width() - space::L) / 2.0).clamp(80.0, 320.0);
    for (arm, name, histogram) in &found {
        let text = format!(
            "{name}: values within ±{}, gradient within ±{}",
            short(histogram.limit),
            short(histogram.gradient_limit)
        );
        told(ui, *arm, &text);
        ui.horizontal(|ui| {
            let both = [(histogram.values(), "values"), (histogram.gradient(), "gradient")];
            for ((spread, title), axis) in both.into_iter().zip(&axes) {
                axis.bars(ui, *arm, spread, title, width, &format!("{name} {parameter}: {title}"));
            }
        });
    }
}

/// What all arms' bars are drawn on.
struct Axis {
    /// Where it ends on both sides.
    limit: f64,
    /// The share of the highest bar.
    most: f64,
}

impl Axis {
    fn new<'a>(spreads: impl Iterator<Item = Spread<'a>> + Clone) -> Self {
        let limit = spreads.clone().map(|spread| spread.limit).fold(0.0, f64::max);
        let most = spreads.flat_map(|spread| spread.shares(limit, BARS)).fold(0.0, f64::max);
        Self { limit, most }
    }

    /// An arm's bars, 0 in the middle, with the axis below them.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "heights of bars")]
    fn bars(&self, ui: &mut Ui, arm: usize, spread: Spread, title: &str, width: f32, name: &str) {
        let tokens = Tokens::of(ui);
        let (outer, response) = ui.allocate_exact_size(vec2(width, HEIGHT + 16.0), Sense::hover());
        let rect = Rect::from_min_size(outer.min, vec2(width, HEIGHT));
        let each = rect.width() / BARS as f32;
        // One mesh, as the soft edges of rectangles would show as seams between neighbours.
        let mut bars = Mesh::default();
        for (index, share) in spread.shares(self.limit, BARS).into_iter().enumerate() {
            let height = (rect.height() - 2.0) * (share / self.most.max(f64::MIN_POSITIVE)) as f32;
            let left = rect.left() + each * index as f32;
            let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + each, rect.bottom()));
            bars.add_colored_rect(bar, tokens.arm(arm));
        }
        ui.painter().add(bars);
        ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let end = short(self.limit);
        let places = [
            (rect.left_bottom(), Align2::LEFT_TOP, format!("−{end}")),
            (rect.center_bottom(), Align2::CENTER_TOP, title.to_owned()),
            (rect.right_bottom(), Align2::RIGHT_TOP, end),
        ];
        for (at, anchor, text) in places {
            ui.painter().text(at + vec2(0.0, 2.0), anchor, text, font.clone(), tokens.weak);
        }
        named(ui, response, name);
    }
}
