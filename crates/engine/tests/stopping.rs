//! Early stopping counts from the first loss that there is.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::data::Dataset;
use lab_core::experiment::{DeviceChoice, Experiment, preset, with_overrides};
use lab_engine::train::arm::Clock;
use lab_engine::train::device;
use lab_engine::train::evaluate::Scores;
use lab_engine::train::session::Session;
use std::sync::Arc;

#[test]
fn early_stopping_counts_from_the_first_loss_that_is_a_number() {
    let settings = [
        "arms[0].network.body.cifar={depth=8,width=2}",
        "data.train_limit=20",
        "data.validation_limit=10",
        "recipe.early_stopping.patience=2",
    ];
    let plan = with_overrides(&preset("resnet20").unwrap().plan(), &settings).unwrap();
    let experiment = Experiment::check(plan).unwrap();
    let dataset = Arc::new(Dataset::load(&experiment.data, 0).unwrap());
    let mut session = Session::new(experiment, dataset, device::open(DeviceChoice::Flex).unwrap()).unwrap();
    let mut note = |step: u64, loss: f64| {
        let clock = Clock { step, planned: 100, steps_per_epoch: 10 };
        session.arms[0].note(0, &Scores { total: 1, loss, ..Scores::default() }, clock, 0.0, 0.0);
        session.has_stalled()
    };
    let losses = [f64::NAN, f64::INFINITY, f64::NAN, 5.0, 4.0, 3.0];
    for (step, loss) in (1..).zip(losses) {
        assert!(!note(step, loss), "the loss falls from the first one on; {loss} at {step} stopped it");
    }
    assert!(!note(7, f64::NAN), "one validation without a fall is waited out");
    assert!(note(8, 3.5), "two without a fall end it");
}
