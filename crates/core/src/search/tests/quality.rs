//! That learning from trials pays: better points than chance at equal trials, the best of a grid at a third of its cost.

use super::making::{float, mixed, number, space, trial_of, whole};
use crate::random::{Proposal, Random};
use crate::search::{
    Decision, Goal, Halving, KnownTrial, Point, Range, Scale, Search, Space, State, Value, importance,
};
use std::f64::consts::PI;

/// The best value among so many trials, one after another.
fn best_of(search: &Search, trials: u64, objective: impl Fn(&Point) -> f64) -> f64 {
    let mut known: Vec<KnownTrial> = Vec::new();
    let mut best = f64::INFINITY;
    for trial in 0..trials {
        let point = search.propose(trial, &known).unwrap();
        let value = objective(&point);
        best = best.min(value);
        known.push(trial_of(trial, point, State::Finished(value)));
    }
    best
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median best of 20 seeds, by TPE and by chance.
fn medians(space: &Space, trials: u64, objective: impl Fn(&Point) -> f64 + Copy) -> (f64, f64) {
    let tpe = (0..20).map(|seed| best_of(&Search::tpe(space.clone(), seed, Goal::Lowest), trials, objective));
    let random = (0..20).map(|seed| best_of(&Search::random(space.clone(), seed), trials, objective));
    (median(tpe.collect()), median(random.collect()))
}

#[test]
fn tpe_beats_chance_on_branin() {
    let plane = space([float(-5.0, 10.0, Scale::Linear), float(0.0, 15.0, Scale::Linear)]);
    let (tpe, random) = medians(&plane, 60, |point| {
        let (x, y) = (number(point.0[0]), number(point.0[1]));
        let valley = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
        valley * valley + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
    });
    // The lowest there is.
    let distance = |value: f64| value - 0.397_887;
    assert!(distance(tpe) < 0.5 * distance(random), "TPE {tpe}, random {random}");
}

#[test]
fn tpe_beats_chance_where_choices_and_numbers_go_together() {
    let (tpe, random) = medians(&mixed(), 60, |point| {
        let [rate, shortcut, blocks, width] = [0, 1, 2, 3].map(|index| number(point.0[index]));
        // The second kind of shortcut is best, and it takes a higher rate than the others.
        let best_rate = if shortcut == 2.0 { -0.7 } else { -2.0 };
        let of_shortcut = 0.3 * (shortcut - 2.0).abs();
        (rate.log10() - best_rate).powi(2) + of_shortcut + 0.02 * (blocks - 5.0).powi(2) + (width / 30.0).ln().powi(2)
    });
    assert!(tpe < 0.5 * random, "TPE {tpe}, random {random}");
}

#[test]
fn halving_finds_the_best_of_a_grid_at_a_third_of_its_cost() {
    let halving = Halving::new(1, 27, 3).unwrap();
    let ranges = [float(0.01, 1.0, Scale::Log), Range::Choice { values: 3 }, whole(1, 3, 1, Scale::Linear)];
    let grid = Search::grid(space(ranges), &[3, 3, 3], 27).unwrap();
    for seed in 0..20 {
        let mut random = Random::of_search(seed, Proposal::Uniform, 0);
        // Error rates that fall towards their ends, and cross each other on the way.
        let ends: Vec<f64> = (0..27).map(|_| random.between(0.1, 0.5)).collect();
        let starts: Vec<f64> = (0..27).map(|_| random.between(0.35, 0.45)).collect();
        let error = |trial: usize, epoch: u64| ends[trial] + starts[trial] / epoch as f64;
        let (mut known, mut cost): (Vec<KnownTrial>, u64) = (Vec::new(), 0);
        loop {
            let chance = halving.second_chance(Goal::Lowest, &known).map(|trial| usize::try_from(trial).unwrap());
            let trial = chance.unwrap_or(known.len());
            if trial == known.len() {
                let Some(point) = grid.propose(trial as u64, &known) else { break };
                known.push(trial_of(trial as u64, point, State::Running));
            }
            let begun = known[trial].rungs.last_key_value().map_or(0, |(rung, _)| *rung);
            let mut end = 27;
            for rung in halving.rungs().iter().filter(|rung| **rung > begun) {
                known[trial].rungs.insert(*rung, error(trial, *rung));
                let decision = halving.decide(Goal::Lowest, trial as u64, *rung, error(trial, *rung), &known);
                if decision != Decision::Continue {
                    end = *rung;
                    break;
                }
            }
            cost += end - begun;
            known[trial].state = if end == 27 { State::Finished(error(trial, 27)) } else { State::Pruned };
        }
        let best = (0..27).map(|trial| error(trial, 27)).fold(1.0, f64::min);
        let found = known.iter().filter_map(KnownTrial::value).fold(1.0, f64::min);
        assert!(found - best < 0.005, "seed {seed}: found {found}, best {best}");
        assert!(cost * 3 <= 27 * 27, "seed {seed}: {cost} of {} epochs", 27 * 27);
    }
}

#[test]
fn importance_knows_what_matters() {
    let search = Search::random(mixed(), 4);
    let trials = |of: fn(&[Value]) -> f64| -> Vec<KnownTrial> {
        let points = (0..200).map(|trial| (trial, search.propose(trial, &[]).unwrap()));
        points
            .map(|(trial, point)| (trial, of(&point.0), point))
            .map(|(trial, value, point)| trial_of(trial, point, State::Finished(value)))
            .collect()
    };
    let rate = trials(|point| -(number(point[0]).log10() + 2.0).abs());
    let shares = importance(search.space(), Goal::Highest, &rate);
    assert!(shares[0] > 0.8 && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{shares:?}");
    // Whoever knows of no trial, or that all are alike, can say nothing.
    assert_eq!(importance(search.space(), Goal::Lowest, &[]), [0.25; 4]);
    assert_eq!(importance(search.space(), Goal::Lowest, &trials(|_| 1.0)), [0.25; 4]);
}
