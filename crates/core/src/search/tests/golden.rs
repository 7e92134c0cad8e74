//! Optuna 5's numbers for fixed histories (golden/optuna.json, written by the script beside it).

use super::making::space;
use crate::search::tpe::Densities;
use crate::search::{
    Decision, Goal, Halving, KnownTrial, MedianRule, Point, Range, Scale, Space, State, Value, importance,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

fn golden() -> Json {
    serde_json::from_str(include_str!("golden/optuna.json")).unwrap()
}

fn cases(name: &str) -> Vec<Json> {
    golden()[name].as_array().unwrap().clone()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

fn goal(json: &Json) -> Goal {
    if json["goal"] == "lowest" { Goal::Lowest } else { Goal::Highest }
}

fn space_of(json: &Json) -> Space {
    space(json["ranges"].as_array().unwrap().iter().map(|range| {
        let scale = if range["log"] == true { Scale::Log } else { Scale::Linear };
        let whole = |name: &str| range[name].as_i64().unwrap();
        match range["kind"].as_str().unwrap() {
            "choice" => Range::Choice { values: range["values"].as_u64().unwrap().try_into().unwrap() },
            "float" => {
                let end = |name: &str| range[name].as_f64().unwrap();
                Range::Float { low: end("low"), high: end("high"), scale }
            }
            _ => {
                Range::Integer { low: whole("low"), high: whole("high"), step: range["step"].as_u64().unwrap(), scale }
            }
        }
    }))
}

fn point_of(space: &Space, json: &Json) -> Point {
    let values =
        space.dimensions().iter().zip(json.as_array().unwrap()).map(|(dimension, value)| match dimension.range {
            Range::Choice { .. } => Value::Choice(value.as_u64().unwrap().try_into().unwrap()),
            Range::Float { .. } => Value::Float(value.as_f64().unwrap()),
            Range::Integer { .. } => Value::Integer(value.as_i64().unwrap()),
        });
    Point(values.collect())
}

fn known_of(space: &Space, json: &Json) -> Vec<KnownTrial> {
    let trials = json["told"].as_array().unwrap().iter().zip(0..).map(|(one, trial)| {
        let state = match one["state"].as_str().unwrap() {
            "finished" => State::Finished(one["value"].as_f64().unwrap()),
            "pruned" => State::Pruned,
            "running" => State::Running,
            _ => State::Failed,
        };
        let rungs = one["rungs"].as_object().unwrap().iter();
        let rungs = rungs.map(|(resource, value)| (resource.parse().unwrap(), value.as_f64().unwrap_or(f64::NAN)));
        KnownTrial { trial, point: point_of(space, &one["point"]), state, rungs: rungs.collect() }
    });
    trials.collect()
}

fn assert_close(ours: f64, theirs: f64, relative: f64, what: &str) {
    let difference = (ours - theirs).abs() / theirs.abs().max(1e-6);
    assert!(difference <= relative, "{what}: {ours} and Optuna's {theirs} differ by {difference:e}");
}

#[test]
fn densities_and_the_choice_among_candidates_are_optunas() {
    for (index, case) in cases("densities").iter().enumerate() {
        let space = space_of(case);
        let mut known = known_of(&space, case);
        // In whatever order they come.
        known.reverse();
        let densities = Densities::of(&space, goal(case), u64::MAX, &known).unwrap();
        let points: Vec<Point> =
            case["probes"].as_array().unwrap().iter().map(|point| point_of(&space, point)).collect();
        let (good, others) = (numbers(&case["good"]), numbers(&case["others"]));
        for (row, point) in points.iter().enumerate() {
            let values: Vec<f64> = point.0.iter().map(|value| value.number()).collect();
            assert_close(densities.good.log_density(&values), good[row], 1e-10, &format!("good {index}, {row}"));
            assert_close(densities.others.log_density(&values), others[row], 1e-10, &format!("others {index}, {row}"));
        }
        assert_eq!(densities.best(&points), case["best"].as_u64().map(|best| best.try_into().unwrap()), "case {index}");
    }
}

#[test]
fn importances_are_optunas() {
    for (index, case) in cases("importances").iter().enumerate() {
        let space = space_of(case);
        let shares = importance(&space, goal(case), &known_of(&space, case));
        assert_eq!(shares.len(), space.dimensions().len());
        for (dimension, (ours, theirs)) in shares.iter().zip(numbers(&case["shares"])).enumerate() {
            assert_close(*ours, theirs, 1e-9, &format!("case {index}, dimension {dimension}"));
        }
    }
}

/// Plays the curves of a case one after another, and compares where each was stopped.
fn assert_stops(case: &Json, decide: impl Fn(Goal, u64, &BTreeMap<u64, f64>, &[KnownTrial]) -> Decision) {
    let mut known: Vec<KnownTrial> = Vec::new();
    for (trial, json) in (0..).zip(case["trials"].as_array().unwrap()) {
        let curve = numbers(&json["curve"]);
        let (mut rungs, mut stopped) = (BTreeMap::new(), None);
        for (epoch, value) in (1..).zip(&curve) {
            rungs.insert(epoch, *value);
            if decide(goal(case), trial, &rungs, &known) != Decision::Continue {
                stopped = Some(epoch);
                break;
            }
        }
        assert_eq!(stopped, json["stopped"].as_u64(), "trial {trial}");
        let state = if stopped.is_some() { State::Pruned } else { State::Finished(*curve.last().unwrap()) };
        known.push(KnownTrial { trial, point: Point(Vec::new()), state, rungs });
    }
}

#[test]
fn successive_halving_stops_where_optuna_does() {
    for (case, (least, eta)) in cases("halving").iter().zip([(1, 3), (2, 4)]) {
        let halving = Halving::new(least, 27, eta).unwrap();
        assert_stops(case, |goal, trial, rungs, known| {
            let (rung, value) = rungs.last_key_value().unwrap();
            halving.decide(goal, trial, *rung, *value, known)
        });
    }
}

#[test]
fn the_median_rule_stops_where_optuna_does() {
    for (case, rule) in cases("median").iter().zip([MedianRule::default(), MedianRule { first: 3, warm_up: 4 }]) {
        assert_stops(case, |goal, _, rungs, known| rule.decide(goal, rungs, known));
    }
}
