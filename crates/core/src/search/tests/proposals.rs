//! What is proposed: where it lies, and that it is the same whenever and in whatever order it is asked for.

use super::making::{float, mixed, number, space, trial_of, whole};
use crate::search::{Goal, GridError, KnownTrial, Point, Range, Scale, Search, Space, State, Value};
use std::collections::BTreeSet;

#[test]
fn a_grid_is_all_combinations_with_the_last_dimension_fastest() {
    let ranges = [float(1e-3, 10.0, Scale::Log), Range::Choice { values: 2 }, whole(1, 7, 2, Scale::Linear)];
    let search = Search::grid(space(ranges), &[5, 0, 9], 40).unwrap();
    assert_eq!(search.count(), Some(40));
    let points: Vec<Vec<f64>> =
        (0..40).map(|trial| search.propose(trial, &[]).unwrap().0.into_iter().map(number).collect()).collect();
    let mut expected = Vec::new();
    for rate in [0.001, 0.01, 0.1, 1.0, 10.0] {
        for choice in [0.0, 1.0] {
            expected.extend([1.0, 3.0, 5.0, 7.0].map(|blocks| vec![rate, choice, blocks]));
        }
    }
    assert_eq!(points, expected);
    assert_eq!(search.propose(40, &[]), None);
}

#[test]
fn a_grid_takes_as_many_values_as_it_is_told() {
    let values = |range, number| {
        let search = Search::grid(space([range]), &[number], 1000).unwrap();
        (0..)
            .map_while(|trial| search.propose(trial, &[]))
            .map(|point| super::making::number(point.0[0]))
            .collect::<Vec<_>>()
    };
    assert_eq!(values(float(0.0, 1.0, Scale::Linear), 3), [0.0, 0.5, 1.0]);
    assert_eq!(values(float(0.01, 1.0, Scale::Log), 1), [0.1]);
    assert_eq!(values(whole(8, 128, 8, Scale::Log), 3), [8.0, 32.0, 128.0]);
    assert_eq!(values(whole(1, 3, 1, Scale::Log), 9), [1.0, 2.0, 3.0]);
    // 1, 2.09, 4.37, 9.15, … of which two are the same after rounding.
    let log = values(whole(1, 100, 1, Scale::Log), 20);
    assert!(log.len() < 20 && log.windows(2).all(|two| two[0] < two[1]), "{log:?}");
}

#[test]
fn a_grid_that_is_too_large_is_refused_before_it_is_made() {
    let grid = |numbers: &[usize], limit| Search::grid(mixed(), numbers, limit).map(|_| ());
    assert_eq!(grid(&[10, 0, 5, 2], 400), Ok(()));
    let error = grid(&[10, 0, 5, 2], 399).unwrap_err();
    assert_eq!(error, GridError::TooMany { sizes: "10 × 4 × 5 × 2".into(), limit: 399 });
    let huge = space((0..9).map(|_| float(0.0, 1.0, Scale::Linear)));
    let error = Search::grid(huge, &[usize::MAX; 9], u64::MAX).map(|_| ()).unwrap_err();
    assert!(matches!(error, GridError::TooMany { .. }), "{error}");
    assert_eq!(grid(&[1, 1], 9), Err(GridError::Numbers { given: 2, dimensions: 4 }));
    assert_eq!(grid(&[0, 1, 1, 1], 9), Err(GridError::NoValue("x0".into())));
}

fn searches(space: &Space) -> [Search; 3] {
    [Search::random(space.clone(), 3), Search::sobol(space.clone(), 3), Search::tpe(space.clone(), 3, Goal::Lowest)]
}

/// What a person would call the value of a point: nothing that is easy to guess.
fn objective(point: &Point) -> f64 {
    point.0.iter().enumerate().map(|(index, value)| ((index + 1) as f64 * number(*value)).sin()).sum()
}

/// Trials one after another, every fifth of them stopped early.
fn history(search: &Search, trials: u64) -> Vec<KnownTrial> {
    let mut history: Vec<KnownTrial> = Vec::new();
    for trial in 0..trials {
        let point = search.propose(trial, &history).unwrap();
        let value = objective(&point);
        let mut one = trial_of(trial, point, if trial % 5 == 4 { State::Pruned } else { State::Finished(value) });
        one.rungs.insert(1, value + 1.0);
        history.push(one);
    }
    history
}

#[test]
fn proposals_lie_in_their_space_whatever_it_is() {
    let odd = space([
        float(1.0, 1.0, Scale::Log),
        float(1e300, 1e300_f64.next_up(), Scale::Log),
        float(0.0, 5e-324, Scale::Linear),
        float(-8e307, 8e307, Scale::Linear),
        whole(-3, -3, 5, Scale::Linear),
        whole(1, 1 << 52, 1, Scale::Log),
        Range::Choice { values: 1 },
    ]);
    for space in [mixed(), odd] {
        for search in searches(&space) {
            for one in history(&search, 60) {
                assert!(space.contains(&one.point), "{:?}", one.point);
            }
        }
    }
}

#[test]
fn every_value_of_a_range_is_drawn_as_often() {
    let search = Search::random(space([whole(0, 8, 4, Scale::Linear), Range::Choice { values: 3 }]), 0);
    let mut counts = [[0; 3]; 2];
    for trial in 0..3000 {
        match search.propose(trial, &[]).unwrap().0[..] {
            [Value::Integer(steps), Value::Choice(choice)] => {
                counts[0][usize::try_from(steps / 4).unwrap()] += 1;
                counts[1][choice] += 1;
            }
            ref other => panic!("{other:?}"),
        }
    }
    // Five standard deviations of a count.
    assert!(counts.iter().flatten().all(|count: &i32| (count - 1000).abs() < 130), "{counts:?}");
}

#[test]
fn sobol_points_are_spread_evenly_over_each_axis() {
    let search = Search::sobol(space((0..300).map(|_| float(0.0, 64.0, Scale::Linear))), 5);
    for start in [0, 1 << 16] {
        let points: Vec<Point> = (start..start + 64).map(|trial| search.propose(trial, &[]).unwrap()).collect();
        for dimension in [0, 1, 255, 256, 299] {
            let cells: BTreeSet<String> =
                points.iter().map(|point| format!("{}", number(point.0[dimension]).floor())).collect();
            assert_eq!(cells.len(), 64, "dimension {dimension}");
        }
        assert_ne!(points[0].0[0], points[0].0[256], "other sequences are scrambled otherwise");
    }
    assert_ne!(search.propose(0, &[]), search.propose(1 << 16, &[]), "a sequence that is used up is scrambled anew");
}

#[test]
fn another_seed_proposes_other_points() {
    let known = history(&Search::random(mixed(), 0), 20);
    for search in [Search::random, Search::sobol, |space, seed| Search::tpe(space, seed, Goal::Lowest)] {
        assert_ne!(search(mixed(), 3).propose(20, &known), search(mixed(), 4).propose(20, &known));
    }
}

#[test]
fn a_search_that_goes_on_proposes_what_it_would_have() {
    for search in searches(&mixed()) {
        let whole = history(&search, 40);
        for cut in [0, 1, 9, 10, 11, 25, 39] {
            // Another process, which reads what there is in whatever order the file system has it.
            let mut read: Vec<KnownTrial> = whole[..cut].to_vec();
            read.reverse();
            let again = searches(&mixed()).into_iter().find(|other| *other == search).unwrap();
            let trial = cut as u64;
            assert_eq!(again.propose(trial, &read).unwrap(), whole[cut].point, "trial {trial} of {search:?}");
        }
    }
}

#[test]
fn what_teaches_nothing_changes_no_proposal() {
    let search = Search::tpe(mixed(), 1, Goal::Lowest);
    let mut known = history(&search, 30);
    let proposed = search.propose(50, &known);
    let point = known[0].point.clone();
    known.push(trial_of(30, point.clone(), State::Failed));
    known.push(trial_of(31, point.clone(), State::Finished(f64::NAN)));
    known.push(trial_of(32, Point(vec![Value::Choice(9)]), State::Finished(0.0)));
    known.push(trial_of(50, point.clone(), State::Finished(-9.0)));
    assert_eq!(search.propose(50, &known), proposed);
    known.push(trial_of(33, point, State::Finished(-9.0)));
    assert_ne!(search.propose(50, &known), proposed);
}

#[test]
fn workers_side_by_side_keep_away_from_each_others_points() {
    let search = Search::tpe(space([float(0.0, 1.0, Scale::Linear)]), 2, Goal::Lowest);
    let mut known: Vec<KnownTrial> = (0..40)
        .map(|trial| {
            let point = search.propose(trial, &[]).unwrap();
            let value = (number(point.0[0]) - 0.7).abs();
            trial_of(trial, point, State::Finished(value))
        })
        .collect();
    let alone = number(search.propose(99, &known).unwrap().0[0]);
    assert!((alone - 0.7).abs() < 0.1, "{alone}");
    for trial in 40..60 {
        known.push(trial_of(trial, Point(vec![Value::Float(alone)]), State::Running));
    }
    let beside = number(search.propose(99, &known).unwrap().0[0]);
    assert!((beside - alone).abs() > 0.02, "{beside} beside {alone}");
}
