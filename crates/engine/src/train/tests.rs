//! What goes wrong inside one network costs neither the others nor the run.

use super::faults::{Fault, PLANNED};
use crate::train::engine::Engine;
use lab_core::experiment::{DeviceChoice, Experiment, preset, with_overrides};
use lab_core::protocol::{Command, End, Event, Outcome};
use lab_core::runs::Folder;
use std::fs;
use std::path::Path;

fn experiment(first: &str) -> Experiment {
    let settings = [
        "arms[*].network.body.cifar={depth=8,width=2}".to_owned(),
        format!("arms[0].name={first}"),
        "data.train_limit=64".to_owned(),
        "data.validation_limit=20".to_owned(),
        "recipe.batch_size=16".to_owned(),
        "recipe.length={steps=8}".to_owned(),
        "recipe.evaluate_every={steps=2}".to_owned(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    Experiment::check(with_overrides(&preset("plain-vs-residual").unwrap().plan(), &settings).unwrap()).unwrap()
}

fn ended(command: Command, folder: Folder) -> (Outcome, Vec<String>) {
    let engine = Engine::start(Box::new(folder), || {}).unwrap();
    engine.send(command);
    let mut said = Vec::new();
    loop {
        match engine.events().recv().unwrap() {
            Event::Finished(outcome) => return (*outcome, said),
            Event::Failed(why) => panic!("{why}"),
            Event::Intervened(it) => said.push(it.what),
            _ => {}
        }
    }
}

fn start(experiment: &Experiment, run: &Path) -> (Outcome, Vec<String>) {
    let command =
        Command::Start { experiment: Box::new(experiment.clone()), device: DeviceChoice::Flex, paused: false };
    ended(command, Folder::exactly(run.to_owned()))
}

#[test]
fn a_fault_in_one_network_ends_it_alone_and_resuming_makes_up_for_it() {
    for (name, fault, says) in
        [("panics", Fault::Panic, "made on purpose"), ("starves", Fault::Device, "out of memory")]
    {
        let place = tempfile::tempdir().unwrap();
        let (whole, torn) = (place.path().join("whole"), place.path().join("torn"));
        let experiment = experiment(name);
        start(&experiment, &whole);
        // After its fifth step, of which no checkpoint is left.
        PLANNED.lock().unwrap().push((name, 5, fault));
        let (outcome, said) = start(&experiment, &torn);
        assert_eq!(outcome.steps, 8, "the other one goes on to the end");
        let why = outcome.arms[0].fault.clone().unwrap();
        assert!(why.contains(says), "{why}");
        assert!(said.iter().any(|what| what.contains(name) && what.contains(says)), "{said:?}");
        assert_eq!((outcome.arms[1].fault.clone(), outcome.arms[1].validation_loss.is_some()), (None, true));
        assert!(torn.join("arms").join(name).join("checkpoints/last").is_dir(), "its last good checkpoint stays");

        PLANNED.lock().unwrap().retain(|(planned, ..)| *planned != name);
        let command = Command::Resume { run: torn.clone(), device: DeviceChoice::Flex };
        let (outcome, _) = ended(command, Folder::under(place.path().to_owned()));
        assert_eq!((outcome.steps, outcome.arms[0].fault.clone()), (8, None));
        for arm in [name, "residual"] {
            let weights =
                |run: &Path| fs::read(run.join("arms").join(arm).join("checkpoints/last/weights.safetensors")).unwrap();
            assert!(weights(&torn) == weights(&whole), "{arm} of a run with a fault ends elsewhere");
        }
    }
}

#[test]
fn a_run_of_which_no_network_is_left_says_why_and_can_be_resumed() {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    let mut plan = experiment("lone").into_plan();
    plan.arms.truncate(1);
    PLANNED.lock().unwrap().push(("lone", 3, Fault::Panic));
    let (outcome, _) = start(&Experiment::check(plan).unwrap(), &run);
    let why = outcome.reason.in_words();
    assert!(why.contains("no network is left") && why.contains("resuming"), "{why}");
    PLANNED.lock().unwrap().retain(|(planned, ..)| *planned != "lone");
    let command = Command::Resume { run, device: DeviceChoice::Flex };
    assert_eq!(ended(command, Folder::under(place.path().to_owned())).0.reason, End::Complete);
}
