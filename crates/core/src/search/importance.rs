//! Which dimensions matter: PED-ANOVA (Watanabe, Bansal and Hutter 2023). A dimension matters if the good trials' values
//! of it are spread otherwise than those of all trials.

use super::axis::{Axis, Scale};
use super::known::{Goal, KnownTrial};
use super::parzen::{Bell, Estimator, Kernels};
use super::space::{Range, Space, Spread, Value};

/// The good trials are the best tenth.
const GOOD: f64 = 0.1;
/// An axis is looked at in at most so many cells.
const CELLS: u64 = 50;
/// Added to every probability, so that none is divided by 0.
const LITTLE: f64 = 1e-12;

/// The importance of every dimension for being among the best tenth of all trials that finished with a finite value; all
/// add up to 1. If nothing can be said, because trials are too few or all alike, they are equal.
#[must_use]
pub fn importance(space: &Space, goal: Goal, known: &[KnownTrial]) -> Vec<f64> {
    let finite = |one: &KnownTrial| one.value().filter(|value| value.is_finite()).map(|value| goal.cost(value));
    let trials = known.iter().filter(|one| space.contains(&one.point));
    let trials: Vec<(f64, &KnownTrial)> = trials.filter_map(|one| Some((finite(one)?, one))).collect();
    let worst = worst_good(trials.iter().map(|(cost, _)| *cost).collect());
    let divergence = |(index, range): (usize, &Range)| {
        if trials.len() < 2 || range.only().is_some() {
            return 0.0;
        }
        let of = |(_, one): &(f64, &KnownTrial)| one.point.0[index];
        let all: Vec<Value> = trials.iter().map(of).collect();
        let good: Vec<Value> = trials.iter().filter(|(cost, _)| *cost <= worst).map(of).collect();
        divergence(&probabilities(range, &good), &probabilities(range, &all))
    };
    let divergences: Vec<f64> = space.ranges().enumerate().map(divergence).collect();
    let total: f64 = divergences.iter().sum();
    let equal = 1.0 / divergences.len() as f64;
    divergences.into_iter().map(|one| if total > 0.0 { one / total } else { equal }).collect()
}

/// The cost of the last one among the best tenth.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tenth of a count is one")]
fn worst_good(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    let last = ((GOOD * costs.len() as f64).ceil() as usize).saturating_sub(1);
    costs.get(last).copied().unwrap_or(f64::INFINITY)
}

/// Pearson's divergence of the good trials' probabilities from those of all.
fn divergence(good: &[f64], all: &[f64]) -> f64 {
    good.iter().zip(all).map(|(good, all)| all * (good / all - 1.0).powi(2)).sum()
}

/// How likely each cell of a range is, by a Parzen estimator of the values in it.
fn probabilities(range: &Range, values: &[Value]) -> Vec<f64> {
    let counts = counts(range, values);
    // All values of a cell share one kernel, which weighs as much as they are.
    let observed = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let (cells, weights): (Vec<f64>, Vec<f64>) = observed.map(|(cell, count)| (cell as f64, *count as f64)).unzip();
    let kernels = match range.spread() {
        Spread::Choices(choices) => Kernels::choices(choices, &cells),
        Spread::Along(_) => {
            let axis = Axis::new(0.0, (counts.len() - 1) as f64, 1.0, Scale::Linear);
            let width = width(&cells, &weights);
            let bells = cells.iter().map(|cell| Bell::new(&axis, *cell, width));
            let prior = Bell::new(&axis, axis.low + axis.width() / 2.0, axis.width());
            Kernels::Bells { bells: bells.chain([prior]).collect(), axis }
        }
    };
    let total = weights.iter().sum::<f64>() + 1.0;
    let weights = weights.into_iter().chain([1.0]).map(|weight| weight / total).collect();
    let estimator = Estimator { weights, dimensions: vec![kernels] };
    (0..counts.len()).map(|cell| estimator.log_density(&[cell as f64]).exp() + LITTLE).collect()
}

/// How many values lie in each cell. Cells lie around places at equal distances, the first and last of which are the ends
/// of the range; a value in the middle between two belongs to the lower one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the number of cells")]
fn counts(range: &Range, values: &[Value]) -> Vec<u64> {
    let (low, high, scale, cells) = match *range {
        Range::Choice { values } => (0.0, (values - 1) as f64, Scale::Linear, values as u64),
        Range::Float { low, high, scale } => (low, high, scale, CELLS),
        Range::Integer { low, high, scale, .. } => {
            let levels = range.levels().unwrap_or(CELLS);
            let cells = if scale == Scale::Log { (levels as f64).log2().ceil() as u64 + 1 } else { levels };
            (low as f64, high as f64, scale, cells.min(CELLS))
        }
    };
    let (low, high) = (scale.place(low), scale.place(high));
    let apart = (high - low) / (cells - 1) as f64;
    let mut counts = vec![0; cells as usize];
    for value in values {
        let cell = ((scale.place(value.number()) - low) / apart - 0.5).ceil().clamp(0.0, (cells - 1) as f64);
        counts[cell as usize] += 1;
    }
    counts
}

/// How wide the kernels are, in cells: Scott's rule (1992) with the smaller of deviation and interquartile range, but at
/// least so wide that a cell holds nine tenths of a kernel.
fn width(cells: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let weighted =
        |of: &dyn Fn(f64) -> f64| cells.iter().zip(weights).map(|(cell, weight)| of(*cell) * weight).sum::<f64>();
    let mean = weighted(&|cell| cell) / total;
    let deviation = (weighted(&|cell| (cell - mean).powi(2)) / (total - 1.0).max(1.0)).sqrt();
    let up_to = weights.iter().scan(0.0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    });
    let up_to: Vec<f64> = up_to.collect();
    let cell = |is: &dyn Fn(f64) -> bool| up_to.iter().position(|sum| is(*sum)).unwrap_or(cells.len() - 1);
    let first = cell(&|sum| sum >= (total / 4.0).floor());
    let third = cell(&|sum| sum > total * 3.0 / 4.0);
    let quartiles = cells[third] - cells[first];
    (1.059 * deviation.min(quartiles / 1.34) * total.powf(-0.2)).max(0.5 / 1.64)
}
