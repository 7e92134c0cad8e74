//! One plot: its curves, and where things lie on its axes, which may be logarithmic.

use super::source::{Source, places};
use crate::kit::plot::Axis;
use crate::kit::theme::space;
use crate::state::series::Column;
use crate::state::trace::Times;
use lab_core::protocol::{Evaluation, Intervention};
use lab_core::quantity::Metric;
use std::ops::Range;

/// What all plots of the panel share.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// What runs along the horizontal axis.
    pub axis: Axis,
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
    /// Whether raw values lie faintly behind their moving averages: those of many lines are but a carpet.
    pub raw: bool,
}

/// One arm's curves in one plot.
#[derive(Clone)]
pub struct Curve<'a> {
    pub source: &'a Source<'a>,
    /// When the column's values were taken, and the column.
    pub raw: Option<(&'a Times, &'a Column)>,
    /// The column's moving average, if there is one.
    pub smoothed: Option<&'a Column>,
}

#[derive(Clone)]
pub struct Figure<'a> {
    pub metric: Metric,
    /// Whether its axis is logarithmic.
    pub log_y: bool,
    /// What it shares with the others.
    pub frame: Frame,
    pub curves: Vec<Curve<'a>>,
    /// Steps, seconds and what happened.
    pub interventions: &'a [(f64, f64, &'a Intervention)],
    /// The part of the vertical axis in view, as drawn.
    pub range: [f64; 2],
    /// Whether that is what fits, not what a person chose.
    pub fits: bool,
    /// Training images where these are but a part of those that the form names.
    pub part: Option<usize>,
}

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

impl<'a> Curve<'a> {
    /// The moving average where there is one, else the values.
    #[must_use]
    pub fn main(&self) -> Option<(&'a Times, &'a Column)> {
        let (times, raw) = self.raw?;
        Some((times, self.smoothed.unwrap_or(raw)))
    }
}

impl<'a> Figure<'a> {
    /// The curves that are told of.
    pub fn told(&self) -> impl Iterator<Item = &Curve<'a>> {
        self.curves.iter().filter(|curve| !curve.source.ghost)
    }

    /// Where a validation lies on the horizontal axis, as drawn.
    pub fn place(&self, evaluation: &Evaluation, source: &Source) -> f64 {
        let x = self.frame.axis.place(evaluation.step as f64, evaluation.seconds, source.pace);
        warp(x, self.frame.log_x)
    }

    /// The part of the horizontal axis in view.
    pub fn span(&self) -> [f64; 2] {
        self.frame.span.map(|x| unwarp(x, self.frame.log_x))
    }

    /// The entries of a curve's column that are in view.
    pub fn indices(&self, curve: &Curve) -> Range<usize> {
        curve.raw.map_or(0..0, |(times, _)| places(self.frame.axis, times, curve.source.pace).within(self.span()))
    }

    /// The values of the validations in view.
    pub fn validated(&self, curve: &Curve) -> impl Iterator<Item = f64> {
        let source = curve.source;
        let [first, last] = self.frame.span;
        let seen = source.trace.sparse(self.metric).filter(move |(evaluation, value)| {
            value.is_finite() && (first..=last).contains(&self.place(evaluation, source))
        });
        seen.map(|(_, value)| value)
    }
}

/// About as wide as a label will be, in points.
#[must_use]
pub fn label_width(text: &str) -> f32 {
    text.chars().count() as f32 * 6.4 + space::XS
}
