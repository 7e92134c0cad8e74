//! What is usual among the values of one curve. Must not know plots.

use crate::state::series::Extremes;
use std::ops::Range;

/// What of a curve is in view.
#[derive(Clone, Debug)]
pub struct InView {
    pub range: Range<usize>,
    pub extremes: Extremes,
    /// Where nearly all of its values lie, for what has spikes.
    pub usual: Option<Usual>,
}

/// Where nearly all values of a curve lie, as drawn.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    pub low: f64,
    pub middle: f64,
    pub high: f64,
    /// Whether the arm has diverged.
    pub diverged: bool,
}

impl Usual {
    /// Of these values, first to last, as drawn on an axis that is logarithmic or not; `None` of nothing.
    #[must_use]
    pub fn of(mut values: Vec<f64>, diverged: bool, log: bool) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        let first = values[0];
        let mut part = |twentieths: usize| *values.select_nth_unstable_by(last * twentieths / 20, f64::total_cmp).1;
        let [low, middle, high] = [part(1), part(10), part(19)];
        // An arm may go astray for a third of its life; how it began is no sign of that.
        let reach = if log { f64::INFINITY } else { 3.0 * (middle.abs() + (middle - low).min(high - middle)) };
        let [least, most] = [first.min(middle - reach), first.max(middle + reach)];
        Some(Self { low: low.max(least), middle, high: high.min(most), diverged })
    }

    /// How large a difference matters.
    #[must_use]
    pub fn size(&self) -> f64 {
        self.middle.abs().max(self.high - self.low)
    }
}
