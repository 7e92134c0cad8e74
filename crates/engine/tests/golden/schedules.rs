//! Learning rates step by step, and what validation losses make of them.

use super::{Worst, json, relative};
use lab_core::experiment::{Curve, Plateau, Schedule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    schedules: Vec<Run>,
    plateaus: Vec<Watched>,
}

#[derive(Deserialize)]
struct Run {
    schedule: String,
    total: u64,
    steps_per_epoch: u64,
    factors: Vec<f64>,
}

#[derive(Deserialize)]
struct Watched {
    name: String,
    curve: String,
    losses: Vec<String>,
    factors: Vec<f64>,
}

#[test]
fn every_schedule_gives_pytorchs_learning_rates() {
    let mut worst = Worst::new("learning rates", 1e-9);
    for run in json::<Golden>("schedules.json").schedules {
        let schedule: Schedule = toml::from_str(&run.schedule).unwrap();
        assert_eq!(run.factors.len() as u64, run.total);
        for (step, &expected) in (0..).zip(&run.factors) {
            let found = schedule.factor(step, run.total, run.steps_per_epoch);
            let at = format!("step {step} of {}:\n{}{found} instead of {expected}", run.total, run.schedule);
            worst.note(relative(found, expected), at);
        }
    }
    worst.judge();
}

#[test]
fn plateaus_drop_where_pytorchs_do() {
    let mut worst = Worst::new("factors", 1e-12);
    for watched in json::<Golden>("schedules.json").plateaus {
        let curve: Curve = toml::from_str(&watched.curve).unwrap();
        let mut plateau = Plateau::default();
        for (loss, expected) in watched.losses.iter().zip(&watched.factors) {
            plateau.observe(&curve, loss.parse().unwrap());
            let at = format!("{} after a loss of {loss}:\n{}", watched.name, watched.curve);
            worst.note(relative(plateau.factor, *expected), at);
        }
    }
    worst.judge();
}
