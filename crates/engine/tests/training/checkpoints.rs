//! What is left of an arm whose numbers leave the finite ones, and of a run that was killed between two checkpoints.

use crate::{await_event, small, train, watch};
use lab_core::experiment::{Curve, DeviceChoice, Experiment, Length};
use lab_core::protocol::{Command, Event, Tune};
use lab_core::quantity::Measure;
use lab_core::runs::{Folder, open};
use lab_engine::train::engine::Engine;
use safetensors::SafeTensors;
use std::path::Path;
use std::time::Duration;

#[test]
fn a_loss_that_leaves_the_finite_numbers_stops_its_arm_and_leaves_the_other_alone() {
    let mut plan = small(&[]).into_plan();
    let mut wild = plan.recipe.optimizer.clone();
    wild.learning_rate = 1e3;
    plan.arms[0].optimizer = Some(wild);
    plan.arms[0].network.norm = lab_core::experiment::Norm::None;
    plan.arms[0].network.activation = lab_core::experiment::Activation::LeakyRelu;
    plan.recipe.schedule = Curve::Constant.into();
    plan.recipe.length = Length::Steps(12);
    let watched = train(Experiment::check(plan).expect("valid"), DeviceChoice::Flex);
    let [wild, tame] = watched.outcome.arms.as_slice() else { panic!("two arms") };
    assert!(wild.diverged_at.is_some(), "{wild:?}");
    assert!(tame.diverged_at.is_none() && tame.train_loss.is_some(), "{tame:?}");
    assert_eq!(watched.steps.last().expect("steps").step, 12);
}

/// The step of a checkpoint and whether every weight in it is a finite number.
fn checkpoint(folder: &Path) -> (u64, bool) {
    let state = std::fs::read_to_string(folder.join("state.toml")).expect("a state");
    let state: toml::Table = toml::from_str(&state).expect("TOML");
    let weights = std::fs::read(folder.join("weights.safetensors")).expect("weights");
    let weights = SafeTensors::deserialize(&weights).expect("safetensors");
    let floats = |bytes: &[u8]| bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let mut all: Vec<f32> = Vec::new();
    weights.iter().for_each(|(_, view)| all.extend::<Vec<f32>>(floats(view.data())));
    assert!(all.len() > 1000, "the whole network is there");
    (state["progress"]["step"].as_integer().expect("a step").unsigned_abs(), all.iter().all(|value| value.is_finite()))
}

#[test]
fn a_network_that_blows_up_leaves_its_last_good_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let engine = Engine::start(Box::new(Folder::exactly(run.clone())), || {}).expect("a thread");
    let settings = [
        "recipe.evaluate_every={steps=1}",
        "recipe.length={steps=5000}",
        "recipe.schedule={curve={name=\"constant\"}}",
    ];
    let experiment = Box::new(small(&settings));
    engine.send(Command::Start { experiment, device: DeviceChoice::Flex, paused: false });
    let validated = |event: &Event| matches!(event, Event::Evaluated(evaluation) if evaluation.arm == 1);
    while !validated(&engine.events().recv_timeout(Duration::from_mins(2)).expect("an event within two minutes")) {}
    // Each step makes every weight a hundred thousand times as large.
    [Tune::LearningRate(1e3), Tune::WeightDecay(1e2)].into_iter().for_each(|tune| engine.send(Command::Tune(tune)));
    let watched = watch(&engine);
    let at = |arm: &str| checkpoint(&run.join("arms").join(arm).join("checkpoints/last"));
    for arm in &watched.outcome.arms {
        let diverged = arm.diverged_at.expect("such a rate ends every network");
        let (step, finite) = at(&arm.name);
        assert!(finite, "{}: weights that are no numbers were saved", arm.name);
        assert!(step >= 1 && step < diverged, "{}: saved at step {step}, lost at {diverged}", arm.name);
    }
}

/// What does not depend on the clock in an arm's table: step, training loss and validation loss.
fn table(run: &Path, arm: usize) -> Vec<(u64, Option<f64>, Option<f64>)> {
    let rows = open(run).expect("a run").metrics(arm).expect("a table");
    rows.into_iter().map(|row| (row.step, row.get(Measure::TrainLoss), row.get(Measure::ValidationLoss))).collect()
}

#[test]
fn a_crash_between_two_arms_checkpoints_leaves_no_trace_after_going_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let experiment = small(&["recipe.evaluate_every={steps=4}", "recipe.length={steps=12}"]);
    let (whole, torn) = (folder.path().join("whole"), folder.path().join("torn"));
    let start = |run: &Path, steps: u64| {
        let engine = Engine::start(Box::new(Folder::exactly(run.to_owned())), || {}).expect("a thread");
        let (experiment, device) = (Box::new(experiment.clone()), DeviceChoice::Flex);
        engine.send(Command::Start { experiment, device, paused: steps < 12 });
        if steps < 12 {
            (0..steps).for_each(|_| engine.send(Command::Step));
            // A stop is obeyed before steps that have not begun, and ends a validation.
            await_event(&engine, |event| match event {
                Event::Evaluated(evaluation) => (evaluation.step == steps && evaluation.arm == 1).then_some(()),
                _ => None,
            });
            engine.send(Command::Stop);
        }
        watch(&engine);
    };
    start(&whole, 12);
    start(&torn, 8);
    // The first arm's checkpoint is of step 4, as if the machine had failed before it was written once more.
    let early = folder.path().join("early");
    start(&early, 4);
    let last = "arms/plain/checkpoints/last";
    std::fs::remove_dir_all(torn.join(last)).expect("a checkpoint");
    std::fs::rename(early.join(last), torn.join(last)).expect("a checkpoint");
    let engine = Engine::start(Box::new(Folder::exactly(torn.clone())), || {}).expect("a thread");
    engine.send(Command::Resume { run: torn.clone(), device: DeviceChoice::Flex });
    let past = |event: &Event| if let Event::Prepared(prepared) = event { prepared.past.clone() } else { None };
    let past = watch(&engine).events.iter().find_map(past).expect("what was recorded");
    for (arm, past) in past.arms.iter().enumerate() {
        let steps: Vec<_> = past.steps.iter().map(|step| (step.step, Some(step.seen.loss))).collect();
        let whole: Vec<_> = table(&whole, arm).into_iter().map(|(step, loss, _)| (step, loss)).collect();
        assert_eq!(steps, whole[..8], "arm {arm}");
        assert_eq!(past.evaluations.len(), 2);
    }
    assert_eq!(past.probes.iter().map(|probe| (probe.step, probe.arms.len())).collect::<Vec<_>>(), [(1, 2)]);
    for arm in [0, 1] {
        assert_eq!(table(&torn, arm), table(&whole, arm), "arm {arm}");
    }
}
