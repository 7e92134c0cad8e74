//! How one parameter's values and its gradient moved over the training: step by value for each arm.

use super::bench::Bench;
use super::maps::WHOLE;
use super::paper::{Paper, PaperFigure, ROWS};
use super::span::{Axes, Span};
use crate::give_away;
use crate::kit::chips::arm_sentence;
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space, viridis};
use crate::kit::widgets::named;
use crate::state::Monitor;
use eframe::egui::{
    Align2, Color32, ColorImage, FontId, Rect, Response, Sense, TextureHandle, TextureOptions, Ui, pos2, vec2,
};
use lab_core::instrument::{Histogram, Spread};
use lab_core::number::{count, percent, short};
use lab_core::table::Table;

/// Rows between both ends of an axis; odd, so that one of them is around 0.
const CELLS: usize = 81;
/// Height of a map in points.
const HEIGHT: f32 = 112.0;
/// Width from which a parameter's maps stand side by side.
const BESIDE: f32 = 400.0;
/// Room for the ends of an axis beside a map.
const GUTTER: f32 = 48.0;

/// One of a parameter's two histograms.
type HistogramSide = fn(&Histogram) -> Spread<'_>;

/// What is drawn on the left and on the right.
const SIDES: [(&str, HistogramSide); 2] = [("values", Histogram::values), ("gradient", Histogram::gradient)];

/// What the maps were made of; they are made again when this changes.
#[derive(Clone, Debug, Default, PartialEq)]
struct HistoriesOf {
    generation: u64,
    newest: u64,
    parameter: String,
    axes: Axes,
}

/// The maps of one parameter.
#[derive(Default)]
pub struct Histories {
    made: HistoriesOf,
    steps: Vec<u64>,
    kinds: [HistoryMaps; 2],
}

/// The maps of all arms.
#[derive(Default)]
struct HistoryMaps {
    arms: Vec<Option<HistoryMap>>,
}

/// One arm's map.
struct HistoryMap {
    /// The axis of its values.
    span: Span,
    /// The share that is yellow.
    most: f64,
    /// The share of the values in each cell, moment by moment, from the least value to the largest.
    shares: Vec<f64>,
    /// The standard deviation at the first and the last moment.
    std: [f64; 2],
    texture: TextureHandle,
}

impl Histories {
    /// The maps with what stands above them.
    pub fn ui(&mut self, ui: &mut Ui, parameter: &str, axes: Axes, bench: &mut Bench) {
        let monitor = bench.monitor;
        if monitor.spreads.is_empty() {
            let text = "How a parameter moves over the training will be drawn here: its values are counted some of the times \
                        that gradients are measured, so Measure gradients every must not be 0.";
            return glossary::caption(ui, text);
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong("Over the training"));
            let paper = Paper {
                name: "histograms-by-step",
                title: format!("{parameter} over the training"),
                tables: || tables(parameter, monitor),
                figure: PaperFigure {
                    height: ROWS,
                    draw: |ui: &mut Ui| Self::default().figure(ui, parameter, axes, monitor),
                },
            };
            give_away::button(ui, "Histograms by step", &paper, bench.actions);
        });
        self.figure(ui, parameter, axes, monitor);
    }

    fn figure(&mut self, ui: &mut Ui, parameter: &str, axes: Axes, monitor: &Monitor) {
        let newest = monitor.spreads.last().map_or(0, |record| record.step);
        let now = HistoriesOf { generation: monitor.generation, newest, parameter: parameter.to_owned(), axes };
        if self.made != now {
            self.steps = monitor.spreads.iter().map(|record| record.step).collect();
            self.kinds = SIDES.map(|(_, of)| HistoryMaps::new(ui, parameter, axes, monitor, of));
            self.made = now;
        }
        let caption = format!(
            "Steps to the right, {parameter} and its gradient upwards. Colour: share of the values at that step, from none \
             (violet) to as many as anywhere in the map (yellow)"
        );
        glossary::caption(ui, &caption);
        let narrow = ui.available_width() < BESIDE;
        let width = if narrow { ui.available_width() } else { (ui.available_width() - space::L) / 2.0 };
        for arm in 0..monitor.arms.len() {
            let name = monitor.arm_name(arm);
            let both = self.kinds.each_ref().map(|kind| kind.arms.get(arm).and_then(Option::as_ref));
            let [Some(one), Some(other)] = both else {
                arm_sentence(ui, arm, &format!("{name} has no {parameter}"));
                continue;
            };
            let moved = |map: &HistoryMap| format!("{} → {}", short(map.std[0]), short(map.std[1]));
            let text = format!("{name}: std of the values {}, of the gradient {}", moved(one), moved(other));
            arm_sentence(ui, arm, &text);
            ui.horizontal_wrapped(|ui| {
                for (map, (title, _)) in [one, other].into_iter().zip(SIDES) {
                    let name = format!("{name} {parameter}, {title} by step: std {}", moved(map));
                    map.draw(ui, &self.steps, title, width, &name);
                }
            });
            one.span.say_outside(ui, name, "the values");
            other.span.say_outside(ui, name, "the gradient's");
        }
    }
}

impl HistoryMaps {
    fn new(ui: &Ui, parameter: &str, axes: Axes, monitor: &Monitor, of: HistogramSide) -> Self {
        let moment = |arm: usize| {
            let found = monitor.spreads.iter().map(move |record| {
                record.arms.get(arm)?.iter().find(|histogram| histogram.parameter == parameter).map(of)
            });
            found.collect::<Vec<Option<Spread>>>()
        };
        let arms: Vec<Vec<Option<Spread>>> = (0..monitor.arms.len()).map(moment).collect();
        let spreads: Vec<Vec<Spread>> =
            arms.iter().map(|moments| moments.iter().flatten().copied().collect()).collect();
        let map = |(moments, span): (&Vec<Option<Spread>>, Span)| {
            let mut found = moments.iter().flatten();
            let first = found.next()?;
            let std = [first.std(), found.next_back().unwrap_or(first).std()];
            let nothing = || vec![0.0; CELLS];
            let column =
                |spread: &Option<Spread>| spread.map_or_else(nothing, |spread| spread.shares(span.limit, CELLS));
            let shares: Vec<f64> = moments.iter().flat_map(column).collect();
            let most = shares.iter().copied().fold(0.0, f64::max);
            let texture = ui.ctx().load_texture("histories", picture(&shares, most), TextureOptions::NEAREST);
            Some(HistoryMap { span, most, shares, std, texture })
        };
        Self { arms: arms.iter().zip(axes.spans(&spreads)).map(map).collect() }
    }
}

impl HistoryMap {
    fn draw(&self, ui: &mut Ui, steps: &[u64], title: &str, width: f32, name: &str) {
        let tokens = Tokens::of(ui);
        let (outer, response) = ui.allocate_exact_size(vec2(width, HEIGHT + 16.0), Sense::hover());
        let rect = Rect::from_min_max(outer.min + vec2(GUTTER, 0.0), pos2(outer.right(), outer.top() + HEIGHT));
        ui.painter().image(self.texture.id(), rect, WHOLE, Color32::WHITE);
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let write = |at, anchor, text: String| ui.painter().text(at, anchor, text, font.clone(), tokens.weak);
        let end = short(self.span.limit);
        write(rect.left_top() - vec2(space::XS, 0.0), Align2::RIGHT_TOP, end.clone());
        write(rect.left_center() - vec2(space::XS, 0.0), Align2::RIGHT_CENTER, "0".into());
        write(rect.left_bottom() - vec2(space::XS, 0.0), Align2::RIGHT_BOTTOM, format!("−{end}"));
        let title = format!("{title}, yellow {}", percent(self.most));
        write(rect.center_bottom() + vec2(0.0, 2.0), Align2::CENTER_TOP, title);
        if let (Some(first), Some(last)) = (steps.first(), steps.last()) {
            write(rect.left_bottom() + vec2(0.0, 2.0), Align2::LEFT_TOP, format!("step {}", count(*first)));
            write(rect.right_bottom() + vec2(0.0, 2.0), Align2::RIGHT_TOP, count(*last));
        }
        let response = named(ui, response, name);
        self.pointed(response, rect, steps);
    }

    /// The share below the pointer.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a small grid")]
    fn pointed(&self, response: Response, rect: Rect, steps: &[u64]) {
        let Some(at) = response.hover_pos().filter(|at| rect.contains(*at)) else { return };
        let place = (at - rect.min) / rect.size();
        let moment = ((place.x * steps.len() as f32) as usize).min(steps.len().saturating_sub(1));
        let row = ((1.0 - place.y) * CELLS as f32) as usize;
        let (Some(step), Some(share)) = (steps.get(moment), self.shares.get(moment * CELLS + row.min(CELLS - 1)))
        else {
            return;
        };
        let edge = |row: usize| short(self.span.limit * (2.0 * row as f64 / CELLS as f64 - 1.0));
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(theme::strong(format!("Step {}", count(*step))));
            ui.label(format!("{} from {} to {}", percent(*share), edge(row), edge(row + 1)));
        });
    }
}

/// A column for each moment, the largest values above.
#[allow(clippy::cast_possible_truncation, reason = "shares for colours")]
fn picture(shares: &[f64], most: f64) -> ColorImage {
    let columns = shares.len() / CELLS;
    let color = |index: usize| {
        let (row, column) = (CELLS - 1 - index / columns, index % columns);
        viridis((shares[column * CELLS + row] / most.max(f64::MIN_POSITIVE)).sqrt() as f32)
    };
    ColorImage::new([columns, CELLS], (0..shares.len()).map(color).collect())
}

/// One parameter's counts at every moment.
fn tables(parameter: &str, monitor: &Monitor) -> Vec<(String, Table)> {
    let of = |arm: usize| {
        let found = monitor.spreads.iter().filter_map(move |record| {
            let of_arm = record.arms.get(arm)?;
            of_arm.iter().find(|one| one.parameter == parameter).map(|one| (record.step, one))
        });
        let found: Vec<(u64, &Histogram)> = found.collect();
        let steps = found.iter().flat_map(|(step, one)| one.counts.iter().map(|_| *step as f64));
        let counts = Histogram::table(found.iter().map(|(_, one)| *one));
        (monitor.arm_name(arm).to_owned(), Table::new("histograms-by-step").numbers("step", steps).beside(counts))
    };
    (0..monitor.arms.len()).map(of).collect()
}
