//! What is written down of a trial: the contents of `trial.json`.

use super::checked::Trial;
use super::plan::Objective;
use crate::search::Goal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A trial as its folder has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Counted from 1.
    pub number: u32,
    /// Its point in words.
    pub point: String,
    /// What its point sets, in the order of the axes.
    pub settings: Vec<String>,
    pub seed: u64,
    pub state: TrialState,
    /// Why it ended early or failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What it came to; `None` until it has ended, and where an arm diverged.
    pub objective: Option<f64>,
    /// Steps in all, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_steps: Option<u64>,
    /// When it began, local time with its offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Training time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The objective at each validation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
}

/// How a trial stands, as far as its own file says. Whether somebody works on it is said by its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    /// It has not come to its end.
    Waiting,
    /// It came to its end.
    Done,
    /// It was ended early because it was behind the others.
    EndedEarly,
    /// Every arm's loss left the finite numbers.
    Diverged,
    /// Something went wrong that says nothing about its point.
    Failed,
}

/// The objective at a validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// After this many steps.
    pub step: u64,
    /// Passes over the training images by then.
    pub epoch: f64,
    /// `None` where an arm had diverged.
    pub value: Option<f64>,
}

impl TrialState {
    /// Whether nobody has to work on it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        self != Self::Waiting
    }
}

impl TrialRecord {
    pub(super) fn new(trial: &Trial) -> Self {
        Self {
            number: trial.number,
            point: trial.words.clone(),
            settings: trial.settings.clone(),
            seed: trial.seed,
            state: TrialState::Waiting,
            why: None,
            objective: None,
            total_steps: None,
            began: None,
            ended: None,
            seconds: None,
            reports: Vec::new(),
        }
    }

    /// Steps done by the newest validation.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.reports.last().map_or(0, |report| report.step)
    }

    /// When it began and ended, in seconds of Unix time; neither where it has not begun.
    #[must_use]
    pub fn span(&self) -> Option<(f64, Option<f64>)> {
        let seconds =
            |text: &String| text.parse::<jiff::Timestamp>().ok().map(|time| 1e-3 * time.as_millisecond() as f64);
        Some((seconds(self.began.as_ref()?)?, self.ended.as_ref().and_then(seconds)))
    }

    /// Whole epochs in all, once it was validated.
    pub(super) fn epochs(&self) -> Option<u64> {
        let (total, newest) = (self.total_steps?, self.reports.last()?);
        Some(epochs(total as f64 * newest.epoch / newest.step as f64))
    }

    /// The objective at the first validation after each of so many whole epochs.
    pub(super) fn rungs(&self) -> BTreeMap<u64, f64> {
        let mut rungs = BTreeMap::new();
        for report in &self.reports {
            rungs.entry(epochs(report.epoch)).or_insert(report.value.unwrap_or(f64::NAN));
        }
        rungs
    }

    /// The objective's value for a search: as bad as can be where there is none, since an arm diverged.
    pub(super) fn worth(&self, goal: Goal) -> f64 {
        let worst = match goal {
            Goal::Highest => f64::NEG_INFINITY,
            Goal::Lowest => f64::INFINITY,
        };
        self.objective.unwrap_or(worst)
    }

    /// As it was before it ended, with all that it came to by then.
    pub(super) fn revived(self) -> Self {
        Self { state: TrialState::Waiting, why: None, objective: None, ended: None, seconds: None, ..self }
    }

    /// Notes the objective at a validation; the best so far, where the best counts.
    pub(super) fn report(&mut self, mut report: Report, objective: Objective) {
        self.reports.retain(|known| known.step < report.step);
        if objective.is_best()
            && let Some(before) = self.reports.last()
        {
            report.value = report.value.zip(before.value).map(|(now, before)| match objective.goal() {
                Goal::Highest => now.max(before),
                Goal::Lowest => now.min(before),
            });
        }
        self.reports.push(report);
    }
}

/// Whole epochs. The share of an epoch is a quotient of whole numbers, so that a whole one is exact but for rounding.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "epochs are counted from 0")]
pub(super) fn epochs(epoch: f64) -> u64 {
    (epoch + 1e-9) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> TrialRecord {
        let trial = Trial { number: 1, point: 0, words: String::new(), settings: Vec::new(), seed: 0 };
        TrialRecord::new(&trial)
    }

    fn reported(objective: Objective, values: &[(u64, Option<f64>)]) -> TrialRecord {
        let mut record = record();
        for &(step, value) in values {
            record.report(Report { step, epoch: step as f64 / 10.0, value }, objective);
        }
        record
    }

    #[test]
    fn a_validation_that_comes_again_takes_the_place_of_the_first() {
        let record =
            reported(Objective::ValidationLoss, &[(10, Some(3.0)), (20, Some(2.0)), (30, Some(1.0)), (20, Some(4.0))]);
        assert_eq!(record.reports.iter().map(|report| report.value).collect::<Vec<_>>(), [Some(3.0), Some(4.0)]);
        assert_eq!(record.step(), 20);
    }

    #[test]
    fn the_best_counts_where_it_is_to_and_nothing_counts_after_a_divergence() {
        let values = [(10, Some(0.5)), (20, Some(0.25)), (30, None), (40, Some(0.75))];
        let of = |objective| reported(objective, &values).reports.iter().map(|report| report.value).collect::<Vec<_>>();
        assert_eq!(of(Objective::BestValidationAccuracy), [Some(0.5), Some(0.5), None, None]);
        assert_eq!(of(Objective::BestValidationLoss), [Some(0.5), Some(0.25), None, None]);
        assert_eq!(of(Objective::ValidationLoss), [Some(0.5), Some(0.25), None, Some(0.75)]);
    }

    #[test]
    fn the_time_that_a_trial_took_is_read_from_what_is_written() {
        let (began, ended) =
            (Some("2026-03-01T14:25:30+01:00".to_owned()), Some("2026-03-01T13:26:00.250+00:00".to_owned()));
        let record = TrialRecord { began, ended, ..record() };
        let (from, to) = record.span().unwrap();
        assert!((to.unwrap() - from - 30.25).abs() < 1e-6, "{from} to {to:?}");
        assert_eq!(TrialRecord { began: None, ..record }.span(), None);
    }

    #[test]
    fn rungs_are_the_first_validations_after_whole_epochs() {
        let record =
            reported(Objective::ValidationLoss, &[(4, Some(9.0)), (10, Some(8.0)), (14, Some(7.0)), (35, None)]);
        let rungs = record.rungs();
        assert_eq!((rungs[&0], rungs[&1], rungs[&3].is_nan(), rungs.len()), (9.0, 8.0, true, 3));
    }
}
