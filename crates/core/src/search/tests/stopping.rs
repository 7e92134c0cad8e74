//! Which trials are stopped, and what is said of it.

use super::making::trial_of;
use crate::search::{Decision, Goal, Halving, HalvingError, KnownTrial, MedianRule, Point, Reason, State, hopeless};

/// Trials that had these values at a rung.
fn at_rung(rung: u64, values: &[f64]) -> Vec<KnownTrial> {
    let trials = (0..).zip(values).map(|(trial, value)| {
        let mut one = trial_of(trial, Point(Vec::new()), State::Running);
        one.rungs.insert(rung, *value);
        one
    });
    trials.collect()
}

fn sentence(decision: Decision) -> String {
    match decision {
        Decision::Stop(reason) => reason.sentence("epoch"),
        Decision::Continue => "It goes on.".into(),
    }
}

#[test]
fn rungs_are_eta_times_as_far_apart_each_time() {
    assert_eq!(Halving::new(1, 27, 3).unwrap().rungs(), [1, 3, 9]);
    assert_eq!(Halving::new(2, 28, 3).unwrap().rungs(), [2, 6, 18]);
    assert_eq!(Halving::new(1 << 62, u64::MAX, 4).unwrap().rungs(), [1 << 62]);
    assert_eq!(Halving::new(0, 9, 3), Err(HalvingError::Nothing));
    assert_eq!(Halving::new(1, 9, 1), Err(HalvingError::KeepsAll(1)));
    assert_eq!(Halving::new(9, 9, 3), Err(HalvingError::TooShort { least: 9, most: 9 }));
}

#[test]
fn the_best_third_goes_on() {
    let halving = Halving::new(1, 27, 3).unwrap();
    let known = at_rung(3, &[0.9, 0.2, 0.8, 0.7, 0.6]);
    let decide = |value| halving.decide(Goal::Lowest, 9, 3, value, &known);
    assert_eq!(decide(0.1), Decision::Continue);
    assert_eq!(decide(0.6), Decision::Continue, "two of six go on, and it is one of two at 0.6");
    assert_eq!(decide(0.65), Decision::Stop(Reason::Behind { at: 3, value: 0.65, place: 3, of: 6, promoted: 2 }));
    let highest = halving.decide(Goal::Highest, 9, 3, 0.65, &known);
    assert_eq!(highest, Decision::Stop(Reason::Behind { at: 3, value: 0.65, place: 4, of: 6, promoted: 2 }));
    assert_eq!(
        sentence(highest),
        "Stopped after 3 epochs: its objective of 0.650 is number 4 of 6 there, and only the best 2 go on."
    );
    assert_eq!(decide(f64::NAN), Decision::Stop(Reason::NotFinite { at: 3 }));
}

#[test]
fn only_what_was_told_at_the_rung_decides() {
    let halving = Halving::new(1, 27, 3).unwrap();
    let mut known = at_rung(3, &[0.5, f64::NAN]);
    let before = halving.decide(Goal::Lowest, 9, 3, 0.6, &known);
    assert_eq!(before, Decision::Stop(Reason::Behind { at: 3, value: 0.6, place: 2, of: 2, promoted: 1 }));
    known.extend(at_rung(1, &[0.9; 20]).into_iter().chain(at_rung(9, &[0.1; 20])));
    known.push(trial_of(40, Point(Vec::new()), State::Finished(0.0)));
    // Its own value of an earlier attempt, from before it was interrupted.
    known.push(KnownTrial { trial: 9, ..at_rung(3, &[0.1]).remove(0) });
    assert_eq!(halving.decide(Goal::Lowest, 9, 3, 0.6, &known), before);
    assert_eq!(halving.decide(Goal::Lowest, 9, 2, 0.6, &known), Decision::Continue, "there is no rung after 2");
}

#[test]
fn whoever_was_stopped_too_early_gets_a_second_chance() {
    let halving = Halving::new(1, 27, 3).unwrap();
    let mut known = at_rung(1, &[0.2, 0.3, 0.9, 0.8, 0.7]);
    known[1].state = State::Pruned;
    assert_eq!(halving.second_chance(Goal::Lowest, &known), None, "one of five goes on, and it is the second");
    known.extend(at_rung(1, &[0.6]).into_iter().map(|one| KnownTrial { trial: 5, state: State::Pruned, ..one }));
    assert_eq!(halving.second_chance(Goal::Lowest, &known), Some(1), "two of six go on");
    known[1].state = State::Running;
    assert_eq!(halving.second_chance(Goal::Lowest, &known), None, "it was taken up");
    // Whoever came further comes first.
    known[1].state = State::Pruned;
    known[0].state = State::Pruned;
    known[0].rungs.insert(3, 0.5);
    assert_eq!(halving.second_chance(Goal::Lowest, &known), Some(0));
}

#[test]
fn whoever_is_worse_than_the_median_stops() {
    let mut known = at_rung(4, &[0.1, 0.2, 0.4, 0.9]);
    known.iter_mut().for_each(|one| one.state = State::Finished(0.0));
    let rule = MedianRule { first: 4, warm_up: 3 };
    let decide =
        |rule: &MedianRule, values: &[(u64, f64)]| rule.decide(Goal::Lowest, &values.iter().copied().collect(), &known);
    let stopped = decide(&rule, &[(3, 0.5), (4, 0.35)]);
    assert!(matches!(stopped, Decision::Stop(Reason::BelowMedian { at: 4, best: 0.35, .. })), "{stopped:?}");
    assert_eq!(
        sentence(stopped),
        "Stopped after 4 epochs: its best objective so far, 0.350, is worse than what half of the finished trials had then, \
         0.300."
    );
    assert_eq!(decide(&rule, &[(3, 0.25), (4, 0.35)]), Decision::Continue, "it was better once");
    assert_eq!(decide(&rule, &[(2, 0.9)]), Decision::Continue, "it warms up");
    assert_eq!(decide(&rule, &[(5, 0.9)]), Decision::Continue, "nobody was measured after 5");
    assert_eq!(decide(&MedianRule::default(), &[(4, 0.9)]), Decision::Continue, "four are too few");
    assert_eq!(decide(&rule, &[]), Decision::Continue);
    assert_eq!(decide(&rule, &[(4, f64::NAN)]), Decision::Stop(Reason::NotFinite { at: 4 }));
}

#[test]
fn whoever_has_no_hope_ends_at_once_and_says_why() {
    let said = "Stopped after 2 epochs: its objective is no longer a finite number.";
    assert_eq!([f64::NAN, f64::INFINITY].map(|value| sentence(hopeless(2, value))), [said, said]);
    assert_eq!(hopeless(2, 1e9), Decision::Continue);
}
