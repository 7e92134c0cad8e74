//! Two arms against each other, and what may be said of the difference.

use super::facts::{Facts, Trial};
use crate::statistics::{ALPHA, Call, Paired, holm, sign_test};
use serde::{Deserialize, Serialize};

/// What tells a difference from chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The paired differences of several seeds, by Student's t.
    Paired,
    /// The images of one seed that only one of both gets right, by `McNemar`'s exact test.
    McNemar {
        /// Images that only the first gets right.
        first_only: u32,
        /// Images that only the second gets right.
        second_only: u32,
    },
    /// Nothing.
    None,
}

/// A quantity that arms are compared in, of those that did not diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    ValidationAccuracy,
    TrainLoss,
}

impl Compared {
    /// First what is asked first.
    const ALL: [Self; 2] = [Self::ValidationAccuracy, Self::TrainLoss];

    /// Of an arm in a trial.
    fn of(self, trial: &Trial, arm: usize) -> Option<f64> {
        let measured = trial.arms.get(arm).filter(|measured| measured.diverged_at.is_none())?;
        let value = match self {
            Self::ValidationAccuracy => measured.accuracy,
            Self::TrainLoss => measured.train_loss,
        };
        value.filter(|value| value.is_finite())
    }

    /// The largest difference that there can be.
    fn most(self) -> f64 {
        match self {
            Self::ValidationAccuracy => 1.0,
            Self::TrainLoss => f64::INFINITY,
        }
    }
}

/// Two arms compared in one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub quantity: Compared,
    /// The name of one arm.
    pub first: String,
    /// The name of another.
    pub second: String,
    /// The mean of the first over the seeds that both have.
    pub first_mean: f64,
    /// The mean of the second over the same seeds.
    pub second_mean: f64,
    /// The first minus the second, in the mean.
    pub difference: f64,
    /// A 95 % interval of the difference, from two seeds on, as far as such differences are possible: those of accuracies
    /// lie between −1 and 1.
    pub interval: Option<[f64; 2]>,
    /// The interval that the call is made by: wider, where several comparisons are made, and bounded in the same way.
    pub corrected_interval: Option<[f64; 2]>,
    /// Seeds that both have.
    pub n: usize,
    /// What tells it from chance.
    pub test: Test,
    /// How likely a difference at least as large is by chance, uncorrected.
    pub p: Option<f64>,
    /// The same corrected for all comparisons that were made.
    pub corrected_p: Option<f64>,
    /// What may be said.
    pub call: Call,
}

/// A comparison, and of how many seeds it is where every one points the same way.
type Found = (Comparison, Option<usize>);

/// Every two arms in every quantity that both have, with their calls.
pub(super) fn all(facts: &Facts) -> Vec<Comparison> {
    let mut found = Vec::new();
    for quantity in Compared::ALL {
        for first in 0..facts.arms.len() {
            for second in first + 1..facts.arms.len() {
                found.extend(compare(facts, quantity, first, second));
            }
        }
    }
    decide(&mut found);
    found.into_iter().map(|(comparison, _)| comparison).collect()
}

fn compare(facts: &Facts, quantity: Compared, first: usize, second: usize) -> Option<Found> {
    let both = facts.trials.iter().filter_map(|trial| {
        let pair = (quantity.of(trial, first)?, quantity.of(trial, second)?);
        Some((trial, pair))
    });
    let (trials, pairs): (Vec<&Trial>, Vec<(f64, f64)>) = both.unzip();
    let paired = Paired::of(pairs.iter().copied())?;
    let mean = |get: fn(&(f64, f64)) -> f64| pairs.iter().map(get).sum::<f64>() / pairs.len() as f64;
    let discordant = trials[0].discordant.iter().find(|pair| (pair.first, pair.second) == (first, second));
    let (test, p) = match (trials.len(), discordant) {
        (1, Some(pair)) if quantity == Compared::ValidationAccuracy => {
            let test = Test::McNemar { first_only: pair.first_only, second_only: pair.second_only };
            (test, Some(sign_test(pair.first_only, pair.second_only)))
        }
        (1, _) => (Test::None, None),
        _ => (Test::Paired, paired.t_test),
    };
    let agree = pairs.iter().all(|(one, other)| one > other) || pairs.iter().all(|(one, other)| one < other);
    let comparison = Comparison {
        quantity,
        first: facts.arms[first].name.clone(),
        second: facts.arms[second].name.clone(),
        first_mean: mean(|pair| pair.0),
        second_mean: mean(|pair| pair.1),
        difference: paired.difference.mean,
        interval: paired.interval(1.0 - ALPHA),
        corrected_interval: None,
        n: pairs.len(),
        test,
        p,
        corrected_p: None,
        call: Call::Undecided,
    };
    Some((comparison, (test == Test::Paired && agree).then_some(pairs.len())))
}

/// Corrects for the number of comparisons, and makes the calls. Accuracies and losses are two questions: each has its own
/// correction over all pairs of arms.
fn decide(found: &mut [Found]) {
    for quantity in Compared::ALL {
        let mut of: Vec<&mut Found> = found.iter_mut().filter(|(found, _)| found.quantity == quantity).collect();
        let p: Vec<f64> = of.iter().map(|(found, _)| found.p.unwrap_or(f64::NAN)).collect();
        let corrected = holm(&p);
        let tested = p.iter().filter(|p| !p.is_nan()).count();
        for (index, (comparison, agreeing)) in of.iter_mut().enumerate() {
            let Some(raw) = comparison.p else {
                comparison.call = if comparison.difference == 0.0 { Call::Tie } else { Call::Undecided };
                continue;
            };
            comparison.corrected_p = Some(corrected[index]);
            // Holm's step: as many comparisons as have no smaller p.
            let level = 1.0 - ALPHA / (tested - p.iter().filter(|other| **other < raw).count()).max(1) as f64;
            comparison.corrected_interval = corrected_interval(comparison, level);
            comparison.call = Call::of(comparison.difference, corrected[index], *agreeing);
            // Student's t of two seeds knows nothing of shares: it goes on far beyond what there can be.
            let possible = |ends: [f64; 2]| ends.map(|end| end.clamp(-quantity.most(), quantity.most()));
            comparison.interval = comparison.interval.map(possible);
            comparison.corrected_interval = comparison.corrected_interval.map(possible);
        }
    }
}

/// The 95 % interval made as wide as another level asks for.
fn corrected_interval(comparison: &Comparison, level: f64) -> Option<[f64; 2]> {
    let [low, high] = comparison.interval?;
    let freedom = (comparison.n - 1) as f64;
    let t = |level: f64| crate::statistics::t_quantile(1.0 - (1.0 - level) / 2.0, freedom);
    let half = (high - low) / 2.0 * t(level) / t(1.0 - ALPHA);
    Some([comparison.difference - half, comparison.difference + half])
}
