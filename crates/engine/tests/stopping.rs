//! How training ends: early stopping counts from the first loss that there is, and a stop loses no validation. How a run
//! that has ended opens: as it was left.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::experiment::{
    Activation, Curve, DeviceChoice, Experiment, Extension, Length, Norm, Optimizer, preset, with_overrides,
};
use lab_core::instrument::{Answer, Finding, Findings};
use lab_core::protocol::keep::{KeepNothing, Keeper};
use lab_core::protocol::{Command, End, Event, Networks, Outcome, Phase, Prepared, Question};
use lab_core::quantity::Measure;
use lab_core::runs::{self, Folder};
use lab_engine::inspect::{Inspectors, OpenRun};
use lab_engine::kept;
use lab_engine::train::arm::Clock;
use lab_engine::train::device;
use lab_engine::train::engine::Engine;
use lab_engine::train::evaluate::Scores;
use lab_engine::train::session::Session;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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

fn small() -> Experiment {
    let settings = [
        "arms[*].network.body.cifar={depth=8,width=2}",
        "data.train_limit=64",
        "recipe.batch_size=16",
        "recipe.length={steps=8}",
        "recipe.evaluate_every={steps=4}",
    ];
    let plan = with_overrides(&preset("plain-vs-residual").unwrap().plan(), &settings).unwrap();
    Experiment::check(plan).unwrap()
}

/// A stop lets the validation come to its end, so that the arms are equal; a second one cuts it off between them, and it is
/// made up for when the run goes on: also the last one.
#[test]
fn a_validation_that_a_stop_ended_is_made_when_the_run_goes_on() {
    let experiment = small();
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

    let validations = |run: &Path| [0, 1].map(|arm| validated(run, arm).iter().filter(|it| it.1.is_some()).count());
    let mut engine = start(&torn);
    for (step, stops, found) in [(4, 1, [1, 1]), (8, 2, [2, 1])] {
        // When the first arm was validated, the second one's turn comes.
        let first = |event: &Event| matches!(event, Event::Evaluated(one) if one.step == step && one.arm == 0);
        while !first(&engine.events().recv().unwrap()) {}
        (0..stops).for_each(|_| engine.send(Command::Stop));
        finished(&engine);
        drop(engine);
        assert_eq!(validations(&torn), found, "after {stops} stops");
        engine = Engine::start(Box::new(Folder::under(folder.path().to_owned())), || {}).unwrap();
        engine.send(Command::Resume { run: torn.clone(), device: DeviceChoice::Flex });
    }
    finished(&engine);
    drop(engine);
    for arm in [0, 1] {
        assert_eq!(validated(&torn, arm), validated(&whole, arm), "arm {arm}");
    }
    assert_eq!(validations(&torn), [2, 2]);
}

fn validated(run: &Path, arm: usize) -> Vec<(u64, Option<f64>)> {
    let rows = runs::open(run).unwrap().metrics(arm).unwrap().into_iter();
    rows.map(|row| (row.step, row.get(Measure::ValidationLoss))).collect()
}

/// All files of a folder with what is in them.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Begins a run, does so many steps, and leaves it.
fn stepped(run: &Path, steps: u64) {
    let engine = Engine::start(Box::new(Folder::exactly(run.to_owned())), || {}).unwrap();
    engine.send(Command::Start { experiment: Box::new(small()), device: DeviceChoice::Flex, paused: true });
    (0..steps).for_each(|_| engine.send(Command::Step));
    let last = |event: &Event| matches!(event, Event::Steps(done) if done.iter().any(|step| step.step >= steps));
    while !last(&engine.events().recv().unwrap()) {}
}

/// What the engine tells of a run that it opens: what it is, and how it ended.
fn opened(engine: &Engine, run: &Path) -> (Prepared, Outcome, Phase) {
    engine.send(Command::Open { run: run.to_owned(), device: DeviceChoice::Flex });
    let (mut prepared, mut phase) = (None, Phase::Idle);
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Prepared(told) => prepared = Some(*told),
            Event::Phase(told) => phase = told,
            Event::Finished(outcome) => return (prepared.expect("it is told what the run is"), *outcome, phase),
            Event::Failed(why) => panic!("{why}"),
            _ => {}
        }
    }
}

#[test]
fn a_run_opens_as_it_was_left_and_goes_on_only_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    stepped(&run, 5);
    // As after a crash: nothing says how it ended.
    fs::remove_file(run.join("outcome.json")).unwrap();
    // As if it had been killed two steps after its newest checkpoint: what was recorded is shown.
    for arm in ["plain", "residual"] {
        let table = run.join("arms").join(arm).join("metrics.csv");
        let rows = fs::read_to_string(&table).unwrap();
        let last = rows.lines().last().unwrap().split_once(',').unwrap().1;
        fs::write(&table, format!("{rows}6,{last}\n7,{last}\n")).unwrap();
    }
    let before = contents(&run);
    let engine = asked(Folder::under(folder.path().to_owned()));
    let (prepared, outcome, phase) = opened(&engine, &run);
    assert_eq!((outcome.reason.in_words(), phase), ("the networks are those of step 5: interrupted", Phase::Done));
    assert_eq!((outcome.steps, prepared.first_step, prepared.total_steps), (7, 7, 8), "all that was recorded");
    let past = prepared.past.unwrap();
    for arm in &past.arms {
        let newest = arm.evaluations.last().unwrap();
        assert_eq!(newest.confusion.actual().iter().sum::<u32>(), u32::try_from(newest.predicted.len()).unwrap());
        let right = newest.confusion.right();
        assert!((f64::from(right) / newest.predicted.len() as f64 - newest.accuracy).abs() < 1e-9);
    }
    assert_eq!(past.spreads.first().map(|spread| spread.step), Some(1), "histograms are there again");
    assert!(past.events[0].what.starts_with("started on "));
    assert_eq!(predictions(&engine).when(), "after step 5", "its networks answer");
    assert_eq!(contents(&run), before, "nothing is written by looking");

    engine.send(Command::Resume { run: run.clone(), device: DeviceChoice::Flex });
    while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {}
    let (prepared, outcome, _) = opened(&engine, &run);
    assert_eq!((&outcome.reason, outcome.steps), (&End::Complete, prepared.total_steps));
    engine.send(Command::Extend { epochs: 1, schedule: Extension::Constant });
    while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {}
    drop(engine);
    let steps = validated(&run, 1).into_iter().map(|(step, _)| step);
    assert_eq!(steps.collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    let kept = runs::open(&run).unwrap();
    assert_eq!((kept.planned_steps(), kept.info.total_steps), (12, 8));
}

/// The answer to a question about the networks as they are now.
fn predictions(engine: &Engine) -> Arc<Findings> {
    engine.send(Command::Ask { id: 1, of: Networks::Current, question: Question::Predictions });
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Answer { answer: Ok(Answer::Found(found)), .. } => return found,
            Event::Answer { answer, .. } => panic!("{answer:?}"),
            _ => {}
        }
    }
}

fn asked(keeper: impl Keeper + 'static) -> Engine {
    let mut engine = Engine::start(Box::new(keeper), || {}).unwrap();
    let elsewhere: OpenRun = Arc::new(|_, _| Err("no other runs are asked".into()));
    engine.attend(|latest, events| Inspectors::start(latest, events, elsewhere)).unwrap();
    engine
}

/// Its first network diverges.
fn diverging() -> Experiment {
    let mut plan = small().into_plan();
    plan.arms[0].network.norm = Norm::None;
    plan.arms[0].network.activation = Activation::LeakyRelu;
    plan.recipe.schedule = Curve::Constant.into();
    plan.recipe.length = Length::Steps(12);
    plan.arms[0].optimizer = Some(Optimizer { learning_rate: 1e3, ..plan.recipe.optimizer.clone() });
    Experiment::check(plan).unwrap()
}

#[test]
fn a_network_that_diverged_and_is_kept_nowhere_answers_with_weights_that_are_numbers() {
    let engine = asked(KeepNothing);
    engine.send(Command::Play { experiment: Box::new(diverging()), device: DeviceChoice::Flex });
    while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {}
    let live = predictions(&engine);
    let (plain, residual) = (&live.arms[0], &live.arms[1]);
    assert!(plain.step < residual.step, "{} {}", plain.step, residual.step);
    let Ok(Finding::Predictions(said)) = &plain.finding else { panic!("{:?}", plain.finding) };
    assert!((0..said.len()).all(|image| said.confidence(image).is_finite()));
}

#[test]
fn a_network_that_diverged_answers_with_its_last_good_weights_at_once_and_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let experiment = Box::new(diverging());
    let engine = asked(Folder::exactly(run.clone()));
    engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: false });
    while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {}
    let live = predictions(&engine);
    drop(engine);
    let (plain, residual) = (&live.arms[0], &live.arms[1]);
    assert!(plain.step < residual.step, "{} {}", plain.step, residual.step);
    assert_eq!(live.when(), format!("after step {}, plain after step {}", residual.step, plain.step));
    let Ok(Finding::Predictions(said)) = &plain.finding else { panic!("{:?}", plain.finding) };
    assert!((0..said.len()).all(|image| said.confidence(image).is_finite()));

    let engine = asked(Folder::under(folder.path().to_owned()));
    opened(&engine, &run);
    assert_eq!(predictions(&engine), live, "as it was before it was closed");
    let kept = runs::open(&run).unwrap();
    let opened = device::open(DeviceChoice::Flex).unwrap();
    let steps = kept::snapshot(&kept, Checkpoint::Last, &opened).unwrap().arms.iter().map(|arm| arm.step).collect();
    let steps: Vec<u64> = steps;
    assert_eq!(steps, [plain.step, residual.step], "and from the command line");
}

/// Killed between the checkpoints of its two arms.
#[test]
fn a_run_whose_arms_were_kept_at_different_steps_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    stepped(&run, 3);
    let checkpoints = run.join("arms/plain/checkpoints");
    let before = contents(&checkpoints);
    let engine = Engine::start(Box::new(Folder::under(folder.path().to_owned())), || {}).unwrap();
    engine.send(Command::Resume { run: run.clone(), device: DeviceChoice::Flex });
    while !matches!(engine.events().recv().unwrap(), Event::Finished(_)) {}
    drop(engine);
    fs::remove_dir_all(&checkpoints).unwrap();
    for (path, bytes) in before {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::remove_file(run.join("outcome.json")).unwrap();
    let engine = asked(Folder::under(folder.path().to_owned()));
    let (_, outcome, _) = opened(&engine, &run);
    assert_eq!(outcome.reason.in_words(), "the networks are those of step 3 (plain), step 8 (residual): interrupted");
    assert_eq!(predictions(&engine).when(), "after step 8, plain after step 3");
}

/// What immediate mode shows: after so few steps, running statistics and a whole learning rate would tell nonsense.
#[test]
fn what_is_tried_out_for_a_few_steps_tells_sensible_losses() {
    let settings = ["arms[*].network.body.cifar={depth=20,width=8}"];
    let plan = with_overrides(&preset("plain-vs-residual").unwrap().plan(), &settings).unwrap();
    let experiment = Box::new(Experiment::check(plan).unwrap().brief().unwrap());
    let engine = Engine::start(Box::new(KeepNothing), || {}).unwrap();
    engine.send(Command::Play { experiment, device: DeviceChoice::Flex });
    let (mut losses, mut steps) = (vec![Vec::new(); 2], 0);
    loop {
        match engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes") {
            Event::Steps(records) => steps += records.len(),
            Event::Evaluated(one) => losses[one.arm].push(one.loss),
            Event::Finished(_) => break,
            _ => {}
        }
    }
    assert_eq!(steps, 40);
    for (arm, losses) in losses.iter().enumerate() {
        assert!(losses.len() == 4 && losses.iter().all(|loss| *loss < 2.6), "arm {arm}: {losses:?}");
    }
    assert!(losses[1][3] < 1.6 && losses[1][3] < losses[0][3], "the residual net learns faster: {losses:?}");
}
