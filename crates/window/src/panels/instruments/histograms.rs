//! How one parameter's values and its gradient are spread at one moment.

use super::bench::{Bench, OfArm};
use super::span::{Axes, Span};
use crate::kit::chips::{arm_sentence, within};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use eframe::egui::{Align2, FontId, Mesh, Rect, Sense, Ui, pos2, vec2};
use lab_core::instrument::{Finding, Histogram, Instrument, Spread};
use lab_core::number::short;
use std::collections::HashSet;

/// Bars between both ends of an axis; odd, so that one of them is around 0.
const BARS: usize = 81;
/// Height of the bars in points.
const HEIGHT: f32 = 64.0;

fn counted<'a>(bench: &'a Bench) -> Vec<OfArm<'a, Vec<Histogram>>> {
    bench.found(Instrument::Histograms, |finding| match finding {
        Finding::Histograms(found) => Some(found),
        _ => None,
    })
}

/// Chooses one of the parameters that anything is known of.
pub fn choose_parameter(ui: &mut Ui, parameter: &mut String, bench: &Bench) {
    let found = counted(bench);
    let kept = bench.monitor.spreads.last().map_or(&[][..], |record| &record.arms);
    let (mut names, mut known): (Vec<&str>, HashSet<&str>) = Default::default();
    for histogram in found.iter().flat_map(|of| of.found).chain(kept.iter().flatten()) {
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
        let options: Vec<(String, &str)> = names.iter().map(|name| ((*name).to_owned(), *name)).collect();
        within(ui, "parameter", 220.0, |ui| {
            choose(ui, parameter, &options).labelled_by(label.id);
        });
    });
}

/// The bars of all arms.
pub fn figure(ui: &mut Ui, parameter: &str, axes: Axes, bench: &Bench) {
    let of_parameter = |histogram: &&Histogram| histogram.parameter == parameter;
    let found = counted(bench).into_iter();
    let found: Vec<OfArm<Histogram>> =
        found.filter_map(|of| of.narrowed(|all| all.iter().find(of_parameter))).collect();
    if found.is_empty() {
        return;
    }
    let sides = [Histogram::values, Histogram::gradient];
    let scales = sides.map(|of| BarScale::of(axes, &found.iter().map(|one| of(one.found)).collect::<Vec<_>>()));
    let width = ((ui.available_width() - space::L) / 2.0).clamp(80.0, 320.0);
    for (index, OfArm { arm, name, found: histogram }) in found.iter().enumerate() {
        let text = format!(
            "{name}: values within ±{}, gradient within ±{}",
            short(histogram.limit),
            short(histogram.gradient_limit)
        );
        arm_sentence(ui, *arm, &text);
        ui.horizontal(|ui| {
            let both = [(histogram.values(), "values"), (histogram.gradient(), "gradient")];
            for ((spread, title), scales) in both.into_iter().zip(&scales) {
                scales[index].bars(ui, *arm, spread, title, width, &format!("{name} {parameter}: {title}"));
            }
        });
        for (scales, what) in scales.iter().zip(["the values", "the gradient's"]) {
            scales[index].span.say_outside(ui, name, what);
        }
    }
}

/// What an arm's bars are drawn on.
struct BarScale {
    span: Span,
    /// The share of the highest bar.
    most: f64,
}

impl BarScale {
    /// One for each arm.
    fn of(axes: Axes, spreads: &[Spread]) -> Vec<Self> {
        let networks: Vec<Vec<Spread>> = spreads.iter().map(|spread| vec![*spread]).collect();
        let spans = axes.spans(&networks);
        let highest =
            |(span, spread): (&Span, &Spread)| spread.shares(span.limit, BARS).into_iter().fold(0.0, f64::max);
        let each: Vec<f64> = spans.iter().zip(spreads).map(highest).collect();
        let all = each.iter().copied().fold(0.0, f64::max);
        let same = spans.windows(2).all(|pair| pair[0] == pair[1]);
        spans.into_iter().zip(each).map(|(span, most)| Self { span, most: if same { all } else { most } }).collect()
    }

    /// An arm's bars, 0 in the middle, with the axis below them.
    #[allow(clippy::cast_possible_truncation, reason = "heights of bars")]
    fn bars(&self, ui: &mut Ui, arm: usize, spread: Spread, title: &str, width: f32, name: &str) {
        let tokens = Tokens::of(ui);
        let (outer, response) = ui.allocate_exact_size(vec2(width, HEIGHT + 16.0), Sense::hover());
        let rect = Rect::from_min_size(outer.min, vec2(width, HEIGHT));
        let each = rect.width() / BARS as f32;
        // One mesh, as the soft edges of rectangles would show as seams between neighbours.
        let mut bars = Mesh::default();
        for (index, share) in spread.shares(self.span.limit, BARS).into_iter().enumerate() {
            let height = (rect.height() - 2.0) * (share / self.most.max(f64::MIN_POSITIVE)) as f32;
            let left = rect.left() + each * index as f32;
            let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + each, rect.bottom()));
            bars.add_colored_rect(bar, tokens.arm(arm));
        }
        ui.painter().add(bars);
        ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let end = short(self.span.limit);
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
