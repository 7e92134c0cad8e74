//! What all plots share: axes, ticks, and where the pointer is in a series.

use super::line::Pieces;
use super::theme::Tokens;
use eframe::egui::{Color32, Id, Shape, Stroke, Ui, pos2};
use egui_plot::{AxisHints, FilledArea, GridInput, GridMark, Plot, PlotTransform, PlotUi};
use lab_core::number;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What runs along the horizontal axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimeAxis {
    #[default]
    Step,
    /// Passes over the training images.
    Epoch,
    Time,
    Images,
}

/// What a step is in other measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub steps_per_epoch: f64,
    /// Images in a step.
    pub batch_size: f64,
}

/// Places on the horizontal axis: an ascending column and what to multiply it with.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    column: &'a [f64],
    factor: f64,
}

impl Places<'_> {
    /// The place of an entry.
    #[must_use]
    pub fn at(&self, index: usize) -> f64 {
        self.column.get(index).map_or(f64::NAN, |value| value * self.factor)
    }

    /// The entry nearest to a place.
    #[must_use]
    pub fn nearest(&self, x: f64) -> Option<usize> {
        nearest(self.column, x / self.factor)
    }

    /// The first and the last place.
    #[must_use]
    pub fn ends(&self) -> Option<[f64; 2]> {
        Some([self.column.first()? * self.factor, self.column.last()? * self.factor])
    }

    /// The entries that lie in a span, and one more on each side.
    #[must_use]
    pub fn within(&self, span: [f64; 2]) -> Range<usize> {
        let [low, high] = span.map(|x| x / self.factor);
        let first = self.column.partition_point(|&value| value < low).saturating_sub(1);
        let last = (self.column.partition_point(|&value| value <= high) + 1).min(self.column.len());
        first..last.max(first)
    }
}

impl TimeAxis {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Step, "Step"), (Self::Epoch, "Epoch"), (Self::Time, "Time"), (Self::Images, "Images")];

    /// What it is called, with its unit.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Time => "time of training",
            Self::Images => "training images seen",
        }
    }

    fn factor(self, pace: Pace) -> f64 {
        match self {
            Self::Step | Self::Time => 1.0,
            Self::Epoch => 1.0 / pace.steps_per_epoch.max(1.0),
            Self::Images => pace.batch_size.max(1.0),
        }
    }

    /// Where entries lie that were taken at these steps and seconds.
    #[must_use]
    pub fn places<'a>(self, steps: &'a [f64], seconds: &'a [f64], pace: Pace) -> Places<'a> {
        let column = if self == Self::Time { seconds } else { steps };
        Places { column, factor: self.factor(pace) }
    }

    /// Where something lies that happened after so many steps and seconds.
    #[must_use]
    pub fn place(self, step: f64, seconds: f64, pace: Pace) -> f64 {
        (if self == Self::Time { seconds } else { step }) * self.factor(pace)
    }

    /// The least distance between two places that have different words, about a place.
    fn least(self, x: f64) -> f64 {
        match self {
            Self::Step | Self::Images => 1.0,
            Self::Epoch => 0.01,
            Self::Time => {
                if x < 10.0 {
                    0.1
                } else {
                    1.0
                }
            }
        }
    }

    /// Marks along the axis, no two of which have the same words.
    #[must_use]
    pub fn marks(self, input: GridInput, log: bool) -> Vec<GridMark> {
        if !log {
            let least = self.least(input.bounds.1);
            return spaced_marks(input, 80.0, least);
        }
        let mut marks = log_marks(input);
        marks.retain(|mark| {
            let value = 10f64.powf(mark.value);
            let least = self.least(value);
            ((value / least).round() * least - value).abs() <= 1e-6 * value
        });
        marks
    }

    /// A place on the axis in words.
    #[must_use]
    pub fn in_words(self, x: f64) -> String {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of steps, clamped at 0")]
        match self {
            Self::Step | Self::Images => number::count(x.max(0.0).round() as u64),
            Self::Epoch => number::setting((x * 100.0).round() / 100.0),
            Self::Time => number::duration(x.max(0.0)),
        }
    }
}

/// The index whose value is nearest to `x` in an ascending column.
#[must_use]
pub fn nearest(column: &[f64], x: f64) -> Option<usize> {
    let after = column.partition_point(|&value| value < x);
    match (after.checked_sub(1), column.get(after)) {
        (Some(before), Some(&next)) if x - column[before] < next - x => Some(before),
        (_, Some(_)) => Some(after),
        (before, None) => before,
    }
}

/// Steps of 1, 2 or 5 times a power of ten, at most about `most` in a span.
fn nice_step(span: f64, most: f64) -> f64 {
    let rough = (span / most).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0);
    factor * power
}

fn marks(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (low / step).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen marks")]
    let count = ((high / step).floor() - first).clamp(-1.0, 100.0) + 1.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 101")]
    (0..count as u32).map(move |index| (first + f64::from(index)) * step)
}

/// Few round marks, as many as fit.
#[must_use]
pub fn linear_marks(input: GridInput, pixels_apart: f64) -> Vec<GridMark> {
    spaced_marks(input, pixels_apart, 0.0)
}

/// The same with a least distance between two marks.
#[must_use]
pub fn spaced_marks(input: GridInput, pixels_apart: f64, least: f64) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    // The base step is one pixel scaled to a tenth of the least spacing; see `Plot::grid_spacing`.
    let most = ((high - low) / input.base_step_size * 8.0 / pixels_apart).clamp(2.0, 12.0);
    let step = nice_step(high - low, most).max(least);
    marks(low, high, step).map(|value| GridMark { value, step_size: step }).collect()
}

/// Marks for values drawn as their decimal logarithm: powers of ten and their 2- and 5-folds, or round values where
/// less than a decade is in view.
#[must_use]
pub fn log_marks(input: GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    // See `linear_marks` for the base step.
    let pixels = (high - low) / input.base_step_size * 8.0;
    if high - low < 1.0 {
        let (low, high) = (10f64.powf(low), 10f64.powf(high));
        let step = nice_step(high - low, (pixels / 32.0).clamp(1.5, 5.0));
        let mark = |value: f64| GridMark { value: value.log10(), step_size: input.bounds.1 - input.bounds.0 };
        return marks(low, high, step).filter(|value| *value > 0.0).map(mark).collect();
    }
    let decade = pixels / (high - low);
    let every = ((high - low) / 6.0).max(24.0 / decade).ceil().max(1.0);
    let mut found: Vec<GridMark> =
        marks(low, high, every).map(|value| GridMark { value, step_size: high - low }).collect();
    if high - low < 3.0 && decade > 72.0 {
        let decades = marks(low.floor(), high.ceil(), 1.0);
        for value in decades.flat_map(|decade| [decade + 2f64.log10(), decade + 5f64.log10()]) {
            if value > low && value < high {
                found.push(GridMark { value, step_size: (high - low) / 2.0 });
            }
        }
    }
    found
}

/// A filled band between two lines, each of whose points has its place, its lower and its upper end.
pub fn band(plot: &mut PlotUi, edges: &[[f64; 3]], color: Color32) {
    let [xs, lows, highs] = [0, 1, 2].map(|of| edges.iter().map(|edge| edge[of]).collect::<Vec<_>>());
    let area = FilledArea::new("", &xs, &lows, &highs).fill_color(color.gamma_multiply(0.18));
    plot.add(area.allow_hover(false));
}

/// Dashes; the plot would make a shape with a name of each.
#[allow(clippy::cast_possible_truncation, reason = "places on the screen")]
pub fn paint(pieces: &Pieces, stroke: Stroke, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
    let bounds = transform.bounds();
    let frame = transform.frame();
    let (low, high) = (bounds.min(), bounds.max());
    let scale = [f64::from(frame.width()) / (high[0] - low[0]), f64::from(frame.height()) / (high[1] - low[1])];
    let place = |[x, y]: &[f64; 2]| {
        let (across, up) = ((x - low[0]) * scale[0], (y - low[1]) * scale[1]);
        pos2(frame.left() + across as f32, frame.bottom() - up as f32)
    };
    shapes.extend(pieces.iter().map(|piece| match piece {
        [from, to] => Shape::LineSegment { points: [place(from), place(to)], stroke },
        _ => Shape::line(piece.iter().map(place).collect(), stroke),
    }));
}

/// A horizontal axis whose marks are names, which are as easy to read where they stand close together.
#[must_use]
pub fn named_axis<'a>() -> AxisHints<'a> {
    AxisHints::new_x().label_spacing(24.0..=40.0)
}

/// A plot without egui's own crosshair, labels and bounds: the panels have their own.
#[must_use]
pub fn bare<'a>(id: &str, ui: &Ui) -> Plot<'a> {
    Plot::new(id)
        .id(Id::unique(id).with(ui.scope_id()))
        .auto_bounds(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_scroll(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .grid_color(Tokens::of(ui).hairline)
        .grid_fade(0.25)
        .y_axis_min_width(52.0)
        .label_formatter(|_| None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_entry_is_found() {
        let column = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.0, 1.4, 3.1, 7.0, 99.0].map(|x| nearest(&column, x)), [0, 0, 2, 3, 3].map(Some));
        assert_eq!(nearest(&[], 1.0), None);
    }

    #[test]
    fn no_two_ticks_of_a_young_training_say_the_same() {
        let words_of = |axis: TimeAxis, bounds: (f64, f64), log| -> Vec<String> {
            let input = GridInput { bounds, base_step_size: (bounds.1 - bounds.0) / 64.0 };
            let value = |mark: &GridMark| if log { 10f64.powf(mark.value) } else { mark.value };
            axis.marks(input, log).iter().map(|mark| axis.in_words(value(mark))).collect()
        };
        assert_eq!(words_of(TimeAxis::Step, (0.95, 3.05), false), ["1", "2", "3"]);
        for (axis, end) in
            [(TimeAxis::Step, 2.1), (TimeAxis::Images, 3.0), (TimeAxis::Epoch, 0.03), (TimeAxis::Time, 12.5)]
        {
            for (bounds, log) in [((end * 0.6, end), false), (((end * 0.2f64).log10(), end.log10()), true)] {
                let mut words = words_of(axis, bounds, log);
                let count = words.len();
                words.dedup();
                assert_eq!(words.len(), count, "{axis:?} {bounds:?}: {words:?}");
            }
        }
    }

    #[test]
    fn log_ticks_are_round_numbers() {
        let values = |low: f64, high: f64| -> Vec<String> {
            let input = GridInput { bounds: (low, high), base_step_size: 0.01 };
            log_marks(input).iter().map(|mark| number::short(10f64.powf(mark.value))).collect()
        };
        assert_eq!(values(-4.0, 0.0), ["1.00e-4", "0.00100", "0.0100", "0.100", "1.00"]);
        assert_eq!(values(0.0, 0.4), ["1.00", "1.50", "2.00", "2.50"]);
    }
}
