//! The tree-structured Parzen estimator (Bergstra et al. 2011), in the multivariate form and with the defaults of
//! Optuna 5: where good trials are dense and the others are not, the next one is tried.
//!
//! Trials under way count among the others, as if they had ended badly, so that several workers do not all try
//! the same ("constant liar").

use super::axis::Axis;
use super::known::{Goal, KnownTrial, State};
use super::parzen::{Bell, Estimator, Kernels};
use super::space::{Point, Range, Space, Spread};
use crate::random::{Proposal, Random};
use std::cmp::Ordering;

/// So many trials are random before anything is learned from them.
pub const RANDOM_FIRST: u32 = 10;
/// So many points are drawn from the good trials' density; the best of them is proposed.
const CANDIDATES: usize = 24;
/// At most so many trials are good ones.
const MOST_GOOD: usize = 25;
/// So many of the newest trials have the full weight.
const FULL_WEIGHT: usize = 25;

/// The densities of good trials and of the others.
#[derive(Debug)]
pub(super) struct Densities {
    pub good: Estimator,
    pub others: Estimator,
}

/// The point to try next, or `None` while too few trials have come to an end.
pub(super) fn propose(space: &Space, goal: Goal, seed: u64, trial: u64, known: &[KnownTrial]) -> Option<Point> {
    let densities = Densities::of(space, goal, trial, known)?;
    let mut random = Random::of_search(seed, Proposal::Candidates, trial);
    let candidates: Vec<Point> = (0..CANDIDATES)
        .map(|_| {
            let drawn = densities.good.draw(&mut random);
            Point(space.ranges().zip(drawn).map(|(range, number)| range.nearest(number)).collect())
        })
        .collect();
    let best = densities.best(&candidates)?;
    candidates.into_iter().nth(best)
}

impl Densities {
    /// What is known, as two densities; `trial` itself is left out. `None` while fewer than [`RANDOM_FIRST`] have ended.
    pub fn of(space: &Space, goal: Goal, trial: u64, known: &[KnownTrial]) -> Option<Self> {
        let usable = |one: &&KnownTrial| one.trial != trial && space.contains(&one.point);
        let mut trials: Vec<&KnownTrial> = known.iter().filter(usable).collect();
        trials.sort_by_key(|one| one.trial);
        let of_state = |is: fn(&KnownTrial) -> bool| trials.iter().copied().filter(|one| is(one)).collect::<Vec<_>>();
        let mut finished = of_state(|one| one.value().is_some());
        let mut pruned = of_state(|one| one.state == State::Pruned);
        let running = of_state(|one| one.state == State::Running);
        let ended = finished.len() + pruned.len();
        if ended < RANDOM_FIRST as usize {
            return None;
        }
        finished.sort_by(|a, b| by_value(goal, a, b));
        pruned.sort_by(|a, b| by_last_rung(goal, a, b));
        let mut good: Vec<&KnownTrial> = finished.into_iter().chain(pruned).collect();
        let mut others = good.split_off(number_of_good(ended));
        others.extend(running);
        // Old trials weigh less, so the order of the trials counts.
        good.sort_by_key(|one| one.trial);
        others.sort_by_key(|one| one.trial);
        Some(Self { good: estimator(space, &good), others: estimator(space, &others) })
    }

    /// Which of the points is likeliest to be a good one: the first with the largest ratio of the two densities.
    pub fn best(&self, points: &[Point]) -> Option<usize> {
        let ratio = |point: &Point| {
            let numbers: Vec<f64> = point.0.iter().map(|value| value.number()).collect();
            self.good.log_density(&numbers) - self.others.log_density(&numbers)
        };
        let ratios = points.iter().map(ratio).enumerate();
        ratios.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(index, _)| index)
    }
}

/// How many of `ended` trials are good ones: a tenth.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tenth of a count is one")]
fn number_of_good(ended: usize) -> usize {
    ((0.1 * ended as f64).ceil() as usize).min(MOST_GOOD)
}

fn by_value(goal: Goal, a: &KnownTrial, b: &KnownTrial) -> Ordering {
    let cost = |one: &KnownTrial| one.value().map_or(f64::INFINITY, |value| goal.cost(value));
    cost(a).total_cmp(&cost(b))
}

/// Of pruned trials, those that came further are better, and of those that came equally far, the value decides.
fn by_last_rung(goal: Goal, a: &KnownTrial, b: &KnownTrial) -> Ordering {
    let last = |one: &KnownTrial| one.rungs.last_key_value().map(|(resource, value)| (*resource, *value));
    match (last(a), last(b)) {
        (Some((a_resource, a)), Some((b_resource, b))) => {
            let cost = |value: f64| if value.is_nan() { f64::INFINITY } else { goal.cost(value) };
            b_resource.cmp(&a_resource).then(cost(a).total_cmp(&cost(b)))
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The density of some trials, in their order.
fn estimator(space: &Space, trials: &[&KnownTrial]) -> Estimator {
    let dimensions = space.ranges().enumerate().map(|(index, range)| {
        let numbers: Vec<f64> = trials.iter().map(|one| one.point.0[index].number()).collect();
        kernels(range, &numbers)
    });
    Estimator { weights: weights(trials.len()), dimensions: dimensions.collect() }
}

/// The weights of so many trials, the newest 25 equal and older ones less, and of what was believed before, which weighs
/// as much as a new trial.
fn weights(trials: usize) -> Vec<f64> {
    let old = trials.saturating_sub(FULL_WEIGHT);
    let lightest = 1.0 / trials as f64;
    let ramp = (0..old).map(|index| match old {
        1 => lightest,
        _ => lightest + (1.0 - lightest) * index as f64 / (old - 1) as f64,
    });
    let mut weights: Vec<f64> = ramp.chain((old..=trials).map(|_| 1.0)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    weights
}

fn kernels(range: &Range, numbers: &[f64]) -> Kernels {
    if let Some(only) = range.only() {
        return Kernels::Single(only.number());
    }
    match range.spread() {
        Spread::Choices(values) => Kernels::choices(values, numbers),
        Spread::Along(axis) => {
            let places: Vec<f64> = numbers.iter().map(|number| axis.place(*number)).collect();
            let bells = places.iter().zip(widths(&axis, &places)).map(|(place, width)| Bell::new(&axis, *place, width));
            let prior = Bell::new(&axis, axis.low + axis.width() / 2.0, axis.width());
            Kernels::Bells { bells: bells.chain([prior]).collect(), axis }
        }
    }
}

/// How wide the kernel at each place is: as far as its farther neighbour, the two outermost as far as their only one,
/// but never wider than the axis nor narrower than a share of it that falls with the number of kernels ("magic clip").
fn widths(axis: &Axis, places: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    // One alone has the ends of the axis for neighbours.
    let end = |place: f64| (places.len() == 1).then_some(place);
    let narrowest = axis.width() / (2.0 + places.len() as f64).min(100.0);
    let mut widths = vec![0.0; places.len()];
    for (rank, index) in order.iter().enumerate() {
        let at = |rank: usize| order.get(rank).map(|index| places[*index]);
        let left = rank.checked_sub(1).and_then(at).or(end(axis.low));
        let right = at(rank + 1).or(end(axis.high));
        let distances = [left, right].into_iter().flatten().map(|neighbour| (places[*index] - neighbour).abs());
        widths[*index] = distances.fold(narrowest, f64::max).min(axis.width());
    }
    widths
}
