//! Studies on disk as if they had been trained: the numbers are made up, the same each time.

use crate::scripted::{command, evaluation, level, names, prepared, record, wait_until, wobble};
use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::{Experiment, PRESETS, Plan};
use lab_core::protocol::{ArmOutcome, ArmStep, Evaluation, Outcome, StepRecord};
use lab_core::study::{Axis, Base, Ending, Next, Seeds, Study, StudyFolder, StudyPlan, Worker};
use lab_window::App;
use std::path::{Path, PathBuf};

/// Two learning rates and two depths.
pub const AXES: [&str; 2] = ["recipe.optimizer.learning_rate=0.01,0.1", "arms[*].network.body.cifar.depth=8,20,56"];

/// A study's folder in which so many trainings are done, each of so many steps.
pub fn study(place: &Path, name: &str, axes: &[&str], seeds: u32, done: usize, steps: u64) -> PathBuf {
    let axes = axes.iter().map(|axis| Axis::typed(axis).unwrap()).collect();
    let experiment = Base::Whole(Box::new(plan()));
    let plan = StudyPlan {
        name: name.to_owned(),
        question: String::new(),
        seeds: Some(Seeds::Count(seeds)),
        search: Default::default(),
        early_stopping: None,
        axes,
        experiment,
    };
    let folder = place.join(name);
    let study = StudyFolder::create(&folder, Study::check(plan).unwrap()).unwrap();
    let mut worker = Worker::new(study);
    for number in 0..done {
        let Next::Trial(assignment) = worker.next(None).unwrap() else { panic!("nothing is left to do") };
        let experiment = assignment.experiment().unwrap().clone();
        let run = assignment.folder().to_owned();
        let mut record = assignment.keeper().open(&prepared(&experiment)).unwrap();
        for step in 1..=steps {
            record.step(&trained(&experiment, step)).unwrap();
            if step % 10 == 0 {
                (0..2).for_each(|arm| record.evaluated(&validated(&experiment, arm, step)).unwrap());
                record.enough(step).unwrap();
            }
        }
        let outcome = ended(&experiment, steps, &run);
        record.finished(&outcome).unwrap();
        drop(record);
        assignment.end(&Ending::Finished(&outcome)).unwrap();
        dated(&run, number);
    }
    folder
}

fn plan() -> Plan {
    let mut plan = PRESETS[0].plan();
    plan.recipe.probe_every = 0;
    plan
}

/// By how much an arm is better than at the default rate and depth: residual nets like depth, plain ones do not.
fn bonus(experiment: &Experiment, arm: usize) -> f64 {
    let rate: f64 = experiment.recipe.optimizer.learning_rate;
    let depth = experiment.arms[arm].network.depth() as f64;
    let of_depth = if arm == 0 { -0.002 * depth } else { 0.0015 * depth };
    let luck = 0.02 * wobble(experiment.recipe.seed * (17 + 6 * arm as u64) + 5 * arm as u64 + depth as u64);
    of_depth + luck - 0.04 * (rate / 0.1).ln().abs()
}

fn trained(experiment: &Experiment, step: u64) -> StepRecord {
    let arm = |arm: usize| {
        let loss = level(arm, step) - bonus(experiment, arm) + 0.1 * wobble(step + experiment.recipe.seed);
        Some(ArmStep { loss: loss.max(0.01), accuracy: 0.5, learning_rate: 0.1 })
    };
    StepRecord { arms: (0..2).map(arm).collect(), ..record(step, 2) }
}

fn validated(experiment: &Experiment, arm: usize, step: u64) -> Evaluation {
    let made = evaluation(arm, step);
    let accuracy = (0.6 + 0.004 * step as f64 + bonus(experiment, arm)).clamp(0.1, 0.99);
    Evaluation { accuracy, loss: made.loss - bonus(experiment, arm), ..made }
}

fn ended(experiment: &Experiment, steps: u64, run: &Path) -> Outcome {
    let arm = |index: usize| {
        let (first, last) = (trained(experiment, steps), validated(experiment, index, steps));
        ArmOutcome {
            fault: None,
            name: experiment.arms[index].name.clone(),
            parameters: 214_402,
            train_loss: first.arms[index].map(|step| step.loss),
            train_accuracy: Some(0.8),
            validated_at: None,
            validation_loss: Some(last.loss),
            validation_accuracy: Some(last.accuracy),
            accuracy_at_least_loss: Some(last.accuracy),
            least_loss_step: Some(steps),
            diverged_at: None,
            unsaved: false,
        }
    };
    Outcome {
        reason: "all steps are done".into(),
        steps,
        seconds: 30.0,
        run: Some(run.to_owned()),
        arms: (0..2).map(arm).collect(),
        planned: Some(steps),
        discordant: Vec::new(),
    }
}

/// Makes a training as old in each picture: one after another, each half a minute long.
fn dated(run: &Path, number: usize) {
    let path = run.join("trial.json");
    let mut trial: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let time =
        |seconds: usize| format!("2026-03-01T{:02}:{:02}:{:02}+00:00", seconds / 3600, seconds / 60 % 60, seconds % 60);
    trial["began"] = time(35 * number).into();
    trial["ended"] = time(35 * number + 30 + number % 4).into();
    std::fs::write(path, trial.to_string()).unwrap();
}

/// Opens a list with a label in front and chooses one of its entries, which lies over everything else.
pub fn pick(harness: &mut Harness<'static, App>, name: &str, entry: &str) {
    let of = |harness: &Harness<'static, App>, name: &str, role: Role| {
        let mut all = harness.query_all_by_label(name).filter(move |node| node.accesskit_node().role() == role);
        all.next_back().map(|node| node.rect().center())
    };
    wait_until(harness, "there is a list", |harness| of(harness, name, Role::ComboBox).is_some());
    for (name, role) in [(name, Role::ComboBox), (entry, Role::Button)] {
        let at = of(harness, name, role).unwrap_or_else(|| panic!("no {name}"));
        harness.hover_at(at);
        harness.run();
        harness.drag_at(at);
        harness.drop_at(at);
        harness.run();
    }
}

/// Shows a study that is on disk.
pub fn look_at(harness: &mut Harness<'static, App>, name: &str) {
    command(harness, "Show Study");
    pick(harness, "Study", name);
    wait_until(harness, "the study is read", |harness| !names(harness, "Progress: ").is_empty());
    harness.run();
}

/// Clicks a way of looking: the one of two that lies further down, where a panel is called so, too.
pub fn see(harness: &mut Harness<'static, App>, tab: &str) {
    let lowest = harness.query_all_by_label(tab).max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
    lowest.expect("a way of looking").click();
    harness.run();
}
