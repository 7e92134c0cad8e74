//! Which trials are not worth going on with: asynchronous successive halving, the median rule, and those without hope.

use super::known::{Goal, KnownTrial, State};
use super::stop::{Decision, Reason};
use std::collections::BTreeMap;

/// Asynchronous successive halving (ASHA, Li et al. 2020): at rungs that are `eta` times as far apart each time, the best
/// `1 / eta` of those that have come there go on. Nobody waits for others, so while fewer than `eta` are there, the best
/// so far goes on; whoever was stopped too early can be taken up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halving {
    rungs: Vec<u64>,
    eta: usize,
}

/// Why there are no rungs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HalvingError {
    /// Nothing is given to a trial before it is judged.
    #[error("successive halving begins after 0; give every trial at least 1")]
    Nothing,
    #[error("successive halving keeps one in {0}, which stops nobody; keep one in 2 or more, 3 is usual")]
    KeepsAll(usize),
    /// The first rung is not before the end.
    #[error(
        "successive halving first judges after {least}, but trials end after {most}; judge earlier or train longer"
    )]
    TooShort { least: u64, most: u64 },
}

impl Halving {
    /// Rungs after `least`, `least · eta`, `least · eta²`, … as long as they lie before `most`, where a trial ends anyway.
    ///
    /// # Errors
    /// If there would be no rung, or nobody would be stopped at it.
    pub fn new(least: u64, most: u64, eta: usize) -> Result<Self, HalvingError> {
        if least == 0 {
            return Err(HalvingError::Nothing);
        }
        if eta < 2 {
            return Err(HalvingError::KeepsAll(eta));
        }
        if least >= most {
            return Err(HalvingError::TooShort { least, most });
        }
        let rungs = std::iter::successors(Some(least), |rung| rung.checked_mul(eta as u64));
        Ok(Self { rungs: rungs.take_while(|rung| *rung < most).collect(), eta })
    }

    /// After how many epochs, or whatever resource, a trial is judged.
    #[must_use]
    pub fn rungs(&self) -> &[u64] {
        &self.rungs
    }

    /// Whether a trial with this value goes on from a rung, given what is known of all trials; only their values at this
    /// very rung count. Anywhere but at a rung it goes on.
    #[must_use]
    pub fn decide(&self, goal: Goal, trial: u64, rung: u64, value: f64, known: &[KnownTrial]) -> Decision {
        if !self.rungs.contains(&rung) {
            return Decision::Continue;
        }
        if !value.is_finite() {
            return Decision::Stop(Reason::NotFinite { at: rung });
        }
        let others = known.iter().filter(|one| one.trial != trial).filter_map(|one| one.rungs.get(&rung));
        let others: Vec<f64> = others.copied().filter(|value| !value.is_nan()).collect();
        let better = others.iter().filter(|other| goal.cost(**other) < goal.cost(value)).count();
        let of = others.len() + 1;
        let promoted = (of / self.eta).max(1);
        if better < promoted {
            return Decision::Continue;
        }
        Decision::Stop(Reason::Behind { at: rung, value, place: better + 1, of, promoted })
    }

    /// A stopped trial that would go on by now, since those that came to its rung later were worse; of several the one
    /// that came furthest, and of these the best. Where trials leave checkpoints, it is taken up before a new one begins.
    #[must_use]
    pub fn second_chance(&self, goal: Goal, known: &[KnownTrial]) -> Option<u64> {
        self.rungs.iter().rev().find_map(|rung| {
            let stopped = known.iter().filter(|one| one.state == State::Pruned);
            let here = stopped.filter_map(|one| {
                let (last, value) = one.rungs.last_key_value()?;
                (last == rung).then_some((one.trial, *value))
            });
            let goes_on = |trial, value| self.decide(goal, trial, *rung, value, known) == Decision::Continue;
            let chances = here.filter(|(trial, value)| goes_on(*trial, *value));
            let best = chances.min_by(|a, b| goal.cost(a.1).total_cmp(&goal.cost(b.1)).then(a.0.cmp(&b.0)));
            best.map(|(trial, _)| trial)
        })
    }
}

/// The median rule (Golovin et al. 2017): a trial stops whose best value so far is worse than the median of what finished
/// trials had when they had come as far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MedianRule {
    /// So many trials finish before anybody is stopped.
    pub first: usize,
    /// Nobody is stopped before so many epochs, or whatever resource.
    pub warm_up: u64,
}

impl Default for MedianRule {
    fn default() -> Self {
        Self { first: 5, warm_up: 0 }
    }
}

impl MedianRule {
    /// Whether a trial with these values, the last of which is its newest, goes on.
    #[must_use]
    pub fn decide(&self, goal: Goal, values: &BTreeMap<u64, f64>, known: &[KnownTrial]) -> Decision {
        let Some((&at, _)) = values.last_key_value() else { return Decision::Continue };
        let finished: Vec<&KnownTrial> = known.iter().filter(|one| one.value().is_some()).collect();
        if at < self.warm_up || finished.len() < self.first {
            return Decision::Continue;
        }
        let costs = values.values().filter(|value| !value.is_nan()).map(|value| goal.cost(*value));
        let Some(best) = costs.reduce(f64::min) else { return Decision::Stop(Reason::NotFinite { at }) };
        let then = finished.iter().filter_map(|one| one.rungs.get(&at)).filter(|value| !value.is_nan());
        match median(then.map(|value| goal.cost(*value)).collect()) {
            // The cost of a cost is the value.
            Some(median) if best > median => {
                Decision::Stop(Reason::BelowMedian { at, best: goal.cost(best), median: goal.cost(median) })
            }
            _ => Decision::Continue,
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[values.len() / 2 - 1], upper) })
}

/// Whether a trial is without hope: its newest value is not finite.
#[must_use]
pub fn hopeless(at: u64, value: f64) -> Decision {
    if value.is_finite() { Decision::Continue } else { Decision::Stop(Reason::NotFinite { at }) }
}
