//! Whether a trial that is under way is to end early, given what the others came to.

use super::plan::{EarlyEnd, EndRule};
use super::record::{TrialRecord, TrialState, epochs};
use crate::search::{Decision, Goal, Halving, KnownTrial, MedianRule, Point, State, hopeless};

/// Why a trial is to end at its newest validation, if it is. `total` is how many epochs it would have.
pub(super) fn decide(
    rule: EarlyEnd,
    goal: Goal,
    trial: &TrialRecord,
    total: u64,
    others: &[TrialRecord],
) -> Option<String> {
    let (newest, before) = match trial.reports.as_slice() {
        [] => return None,
        [only] => (only, 0),
        [.., before, newest] => (newest, epochs(before.epoch)),
    };
    let epoch = epochs(newest.epoch);
    let value = newest.value.unwrap_or(f64::NAN);
    let least = u64::from(rule.min_epochs);
    if let Decision::Stop(reason) = hopeless(epoch, value) {
        return Some(reason.sentence("epoch"));
    }
    let number = u64::from(trial.number);
    let decision = match rule.method {
        EndRule::Asha => {
            // Too short for a first rung means that nobody is ever behind.
            let halving = Halving::new(least, total, rule.eta as usize).ok()?;
            let reached = halving.rungs().iter().copied().filter(|rung| (before + 1..=epoch).contains(rung)).max()?;
            let known: Vec<KnownTrial> = others.iter().map(|one| known_of(one, goal, halving.rungs())).collect();
            halving.decide(goal, number, reached, value, &known)
        }
        EndRule::Median => {
            let known: Vec<KnownTrial> = others.iter().map(|one| known_of(one, goal, &[])).collect();
            MedianRule { warm_up: least, ..MedianRule::default() }.decide(goal, &trial.rungs(), &known)
        }
    };
    match decision {
        Decision::Continue => None,
        Decision::Stop(reason) => Some(reason.sentence("epoch")),
    }
}

/// A trial that ended early and would go on by now, since those that came as far after it were worse.
pub(super) fn second_chance<'a>(
    rule: EarlyEnd,
    goal: Goal,
    trials: impl Iterator<Item = &'a TrialRecord> + Clone,
) -> Option<u32> {
    let total = trials.clone().find_map(TrialRecord::epochs)?;
    let halving =
        (rule.method == EndRule::Asha).then(|| Halving::new(rule.min_epochs.into(), total, rule.eta as usize));
    let halving = halving?.ok()?;
    let known: Vec<KnownTrial> = trials.map(|one| known_of(one, goal, halving.rungs())).collect();
    halving.second_chance(goal, &known).and_then(|number| u32::try_from(number).ok())
}

/// A trial as the rules know it. Where rungs are given, its value at each is that of the first validation there or later.
fn known_of(record: &TrialRecord, goal: Goal, rungs: &[u64]) -> KnownTrial {
    let at = record.rungs();
    let value = |rung: &u64| at.range(rung..).next().map(|(_, value)| (*rung, *value));
    let state = match record.state {
        TrialState::Waiting => State::Running,
        TrialState::Done | TrialState::Diverged => State::Finished(record.worth(goal)),
        TrialState::EndedEarly => State::Pruned,
        TrialState::Failed => State::Failed,
    };
    let rungs = if rungs.is_empty() { at } else { rungs.iter().filter_map(value).collect() };
    KnownTrial { trial: u64::from(record.number), point: Point(Vec::new()), state, rungs }
}

#[cfg(test)]
mod tests {
    use super::super::checked::Trial;
    use super::super::plan::Objective;
    use super::super::record::Report;
    use super::*;

    /// A trial with an accuracy after each epoch.
    fn trial(number: u32, state: TrialState, values: &[f64]) -> TrialRecord {
        let trial = Trial { number, point: 0, words: String::new(), settings: Vec::new(), seed: 0 };
        let mut record = TrialRecord { state, ..TrialRecord::new(&trial) };
        for (epoch, value) in (1_u32..).zip(values) {
            let report = Report { step: u64::from(epoch) * 10, epoch: f64::from(epoch), value: Some(*value) };
            record.report(report, Objective::ValidationAccuracy);
        }
        record.objective = values.last().copied().filter(|_| state == TrialState::Done);
        record
    }

    fn ends(method: EndRule, newest: &[f64], others: &[TrialRecord]) -> Option<String> {
        let rule = EarlyEnd { method, min_epochs: 1, eta: 3 };
        decide(rule, Goal::Highest, &trial(9, TrialState::Waiting, newest), 9, others)
    }

    #[test]
    fn halving_ends_whoever_is_behind_at_a_rung_and_nobody_between_rungs() {
        let others: Vec<TrialRecord> =
            (1..6).map(|number| trial(number, TrialState::Done, &[f64::from(number) / 10.0; 9])).collect();
        let reason = ends(EndRule::Asha, &[0.25], &others).expect("number 4 of 6");
        assert!(reason.contains("number 4 of 6") && reason.contains("after 1"), "{reason}");
        assert_eq!(ends(EndRule::Asha, &[0.45], &others), None, "number 2 of 6");
        assert_eq!(ends(EndRule::Asha, &[0.45, 0.1], &others), None, "two epochs are no rung");
        assert!(ends(EndRule::Asha, &[0.45, 0.1, 0.1], &others).is_some());
        assert_eq!(ends(EndRule::Asha, &[0.1], &others[..1]), None, "two are too few");
    }

    #[test]
    fn the_median_of_those_that_came_to_their_end_is_waited_for() {
        let others: Vec<TrialRecord> =
            (1..6).map(|number| trial(number, TrialState::Done, &[f64::from(number) / 10.0; 9])).collect();
        assert!(ends(EndRule::Median, &[0.2], &others).expect("below 0.3").contains("half of the finished"));
        assert_eq!(ends(EndRule::Median, &[0.4], &others), None);
        assert_eq!(ends(EndRule::Median, &[0.2], &others[..4]), None, "too few have finished");
    }

    #[test]
    fn whoever_has_diverged_ends() {
        let mut diverged = trial(9, TrialState::Waiting, &[0.5, 0.5]);
        diverged.reports[1].value = None;
        let rule = EarlyEnd { method: EndRule::Asha, min_epochs: 1, eta: 3 };
        assert!(decide(rule, Goal::Highest, &diverged, 9, &[]).expect("no number").contains("finite"));
    }
}
