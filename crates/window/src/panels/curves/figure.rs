//! One plot: its curves, and where things lie on its axes, which may be logarithmic.

use super::cache::{Cache, seal};
use super::source::{CurveKey, PlottedArm, TimedIntervention, places};
use super::usual::{InView, Usual};
use crate::kit::plot::{Pace, TimeAxis};
use crate::kit::theme::{self, space};
use crate::state::series::SeriesColumn;
use crate::state::trace::Times;
use eframe::egui::Mesh;
use lab_core::protocol::Evaluation;
use lab_core::quantity::Metric;
use std::cell::RefCell;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

/// What all plots of the panel share.
#[derive(Clone, Copy, Debug)]
pub struct CommonSettings {
    /// What runs along the horizontal axis.
    pub axis: TimeAxis,
    /// Whether it is logarithmic.
    pub log_x: bool,
    /// The weight of the past in the moving average; 0 for none.
    pub smoothing: f64,
    /// The part of the horizontal axis in view, as drawn: logarithms on a logarithmic axis.
    pub span: [f64; 2],
    /// Where the crosshair is, as drawn.
    pub cursor: Option<f64>,
    /// Points that a line has at most, so that many lines hold nothing up.
    pub points: usize,
    /// Whether raw values lie faintly behind their moving averages: those of many lines cover each other.
    pub raw: bool,
}

/// What is kept of all plots from frame to frame.
#[derive(Default)]
pub struct PlotCaches {
    pub seen: RefCell<Cache<(Metric, CurveKey), InView>>,
    pub validations: RefCell<Cache<(Metric, CurveKey), Validations>>,
    pub lines: RefCell<Cache<(Metric, CurveKey, LineLayer), Arc<Mesh>>>,
}

impl PlotCaches {
    /// Forgets what was not drawn in this frame.
    pub fn sweep(&mut self) {
        self.seen.get_mut().sweep();
        self.validations.get_mut().sweep();
        self.lines.get_mut().sweep();
    }
}

/// A number that was measured in a validation.
#[derive(Clone, Copy, Debug)]
pub struct Validated {
    /// Where it lies, as drawn.
    pub at: [f64; 2],
    pub value: f64,
    /// Whether it is of the validation with the least loss.
    pub best: bool,
}

/// All of a curve.
pub type Validations = Arc<[Validated]>;

/// What of a curve is drawn at once: what is under all curves' dashes, and these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineLayer {
    Solid,
    Dashed,
}

/// One arm's curves in one plot.
#[derive(Clone)]
pub struct ArmCurve<'a> {
    pub source: &'a PlottedArm<'a>,
    /// When the column's values were taken, and the column.
    pub raw: Option<(&'a Times, &'a SeriesColumn)>,
    /// The column's moving average, if there is one.
    pub smoothed: Option<&'a SeriesColumn>,
}

#[derive(Clone)]
pub struct Figure<'a> {
    pub metric: Metric,
    /// Whether its axis is logarithmic.
    pub log_y: bool,
    /// What it shares with the others.
    pub common: CommonSettings,
    pub curves: Vec<ArmCurve<'a>>,
    /// What happened to the experiment under way.
    pub interventions: &'a [TimedIntervention<'a>],
    /// The part of the vertical axis in view, as drawn.
    pub range: [f64; 2],
    /// Whether that is what fits, not what a person chose.
    pub fits: bool,
    /// Training images where these are but a part of those that the form names.
    pub part: Option<usize>,
    /// What is kept of it; nothing of a plot on its way out of the window.
    pub memory: Option<&'a PlotCaches>,
}

/// Values of all curves together that are looked at to find what is usual.
const SAMPLE: usize = 1024;
/// The least value that a logarithmic axis shows.
const LEAST: f64 = 1e-12;
/// The width of the vertical axis's marks, in points.
pub const AXIS: f32 = 60.0;

/// A value as it is drawn on an axis.
#[must_use]
pub fn warp(value: f64, log: bool) -> f64 {
    if log { value.max(LEAST).log10() } else { value }
}

/// The value that is drawn there.
#[must_use]
pub fn unwarp(drawn: f64, log: bool) -> f64 {
    if log { 10f64.powf(drawn) } else { drawn }
}

/// A span with some air on both sides.
#[must_use]
pub fn padded(low: f64, high: f64, share: f64) -> [f64; 2] {
    let pad = ((high - low) * share).max(1e-9 + high.abs() * 1e-6);
    [low - pad, high + pad]
}

impl<'a> ArmCurve<'a> {
    /// The moving average where there is one, else the values.
    #[must_use]
    pub fn main(&self) -> Option<(&'a Times, &'a SeriesColumn)> {
        let (times, raw) = self.raw?;
        Some((times, self.smoothed.unwrap_or(raw)))
    }
}

impl<'a> Figure<'a> {
    /// The curves that are put into words: all but those of the attempt before.
    pub fn described(&self) -> impl Iterator<Item = &ArmCurve<'a>> {
        self.curves.iter().filter(|curve| !curve.source.ghost)
    }

    /// Where a validation lies on the horizontal axis, as drawn.
    pub fn place(&self, evaluation: &Evaluation, source: &PlottedArm) -> f64 {
        let x = self.common.axis.place(evaluation.step as f64, evaluation.seconds, source.pace);
        warp(x, self.common.log_x)
    }

    /// The part of the horizontal axis in view.
    pub fn span(&self) -> [f64; 2] {
        self.common.span.map(|x| unwarp(x, self.common.log_x))
    }

    /// What of a curve's values is in view.
    pub fn seen(&self, curve: &ArmCurve) -> Option<InView> {
        let (times, column) = curve.raw?;
        let diverged = curve.source.trace.diverged_at().is_some();
        let most = (SAMPLE / self.curves.len().max(1)).max(48);
        let make = || {
            let range = self.indices(curve);
            let values = || column.sample(range.clone(), most).map(|value| warp(value, self.log_y)).collect();
            let usual = self.metric.is_noisy().then(|| Usual::of(values(), diverged, self.log_y)).flatten();
            InView { extremes: column.extremes(range.clone()), usual, range }
        };
        let Some(memory) = self.memory else { return Some(make()) };
        let seal = seal((column.stamp(), self.horizontal(times, curve.source), self.log_y, most, diverged));
        Some(memory.seen.borrow_mut().get((self.metric, curve.source.key), seal, make))
    }

    /// All that it depends on where entries lie on the horizontal axis.
    pub fn horizontal(&self, times: &Times, source: &PlottedArm) -> impl Hash + use<> {
        let CommonSettings { axis, log_x, span, .. } = self.common;
        let Pace { steps_per_epoch, batch_size } = source.pace;
        let last = [&times.steps, &times.seconds].map(|column| column.last().map(|last| last.to_bits()));
        let numbers = [span[0], span[1], steps_per_epoch, batch_size].map(f64::to_bits);
        (axis, log_x, numbers, times.steps.len(), last)
    }

    /// The entries of a curve's column that are in view.
    fn indices(&self, curve: &ArmCurve) -> Range<usize> {
        curve.raw.map_or(0..0, |(times, _)| places(self.common.axis, times, curve.source.pace).within(self.span()))
    }

    /// Every validation of a curve that has come to a number.
    pub fn validations(&self, curve: &ArmCurve) -> Validations {
        let source = curve.source;
        let make = || {
            let best = source.trace.best().map(|best| best.step);
            let place = |(evaluation, value): (&Evaluation, f64)| Validated {
                at: [self.place(evaluation, source), warp(value, self.log_y)],
                value,
                best: best == Some(evaluation.step),
            };
            source.trace.sparse(self.metric).filter(|(_, value)| value.is_finite()).map(place).collect()
        };
        let Some(memory) = self.memory else { return make() };
        let pace = [source.pace.steps_per_epoch, source.pace.batch_size].map(f64::to_bits);
        let seal = seal((source.trace.validated(), self.common.axis, self.common.log_x, self.log_y, pace));
        memory.validations.borrow_mut().get((self.metric, source.key), seal, make)
    }
}

/// About as wide as a label will be, in points.
#[must_use]
pub fn label_width(text: &str) -> f32 {
    // Letters of East Asian scripts are as wide as they are high.
    let wide = |letter: char| if letter >= '\u{2e80}' { theme::size::SMALL } else { 6.4 };
    text.chars().map(wide).sum::<f32>() + space::XS
}
