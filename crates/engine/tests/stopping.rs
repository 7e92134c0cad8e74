//! How training ends: early stopping counts from the first loss that there is, and a stop loses no validation.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::data::Dataset;
use lab_core::experiment::{DeviceChoice, Experiment, preset, with_overrides};
use lab_core::protocol::{Command, Event};
use lab_core::quantity::Measure;
use lab_core::runs::{self, Folder};
use lab_engine::train::arm::Clock;
use lab_engine::train::device;
use lab_engine::train::engine::Engine;
use lab_engine::train::evaluate::Scores;
use lab_engine::train::session::Session;
use std::path::Path;
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
        let clock = Clock { step, scheduled: (step, 100), steps_per_epoch: 10 };
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

/// The validation is cut off between the arms, and made up for when the run goes on: also the last one.
#[test]
fn a_validation_that_a_stop_ended_is_made_when_the_run_goes_on() {
    let settings = [
        "arms[*].network.body.cifar={depth=8,width=2}",
        "data.train_limit=64",
        "recipe.batch_size=16",
        "recipe.length={steps=8}",
        "recipe.evaluate_every={steps=4}",
    ];
    let plan = with_overrides(&preset("plain-vs-residual").unwrap().plan(), &settings).unwrap();
    let experiment = Experiment::check(plan).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (whole, torn) = (folder.path().join("whole"), folder.path().join("torn"));
    let start = |run: &Path| {
        let engine = Engine::start(Box::new(Folder::exactly(run.to_owned())), || {}).unwrap();
        let experiment = Box::new(experiment.clone());
        engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: false });
        engine
    };
    let finished = |engine: &Engine| while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {};
    finished(&start(&whole));

    let mut engine = start(&torn);
    for step in [4, 8] {
        // When the first arm was validated, the second one's turn comes.
        let first = |event: &Event| matches!(event, Event::Evaluated(one) if one.step == step && one.arm == 0);
        while !first(&engine.events().recv().unwrap()) {}
        engine.send(Command::Stop);
        finished(&engine);
        drop(engine);
        engine = Engine::start(Box::new(Folder::under(folder.path().to_owned())), || {}).unwrap();
        engine.send(Command::Resume { run: torn.clone(), device: DeviceChoice::Flex });
    }
    finished(&engine);
    drop(engine);
    let validated = |run: &Path, arm| {
        let rows = runs::open(run).unwrap().metrics(arm).unwrap().into_iter();
        rows.map(|row| (row.step, row.get(Measure::ValidationLoss))).collect::<Vec<_>>()
    };
    for arm in [0, 1] {
        assert_eq!(validated(&torn, arm), validated(&whole, arm), "arm {arm}");
        assert_eq!(validated(&torn, arm).iter().filter(|(_, loss)| loss.is_some()).count(), 2);
    }
}
