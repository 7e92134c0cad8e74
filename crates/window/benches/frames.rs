//! Building a frame of the window, with tessellation but without a renderer: `cargo bench --bench frames`.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench"
)]
#![allow(dead_code, reason = "the tests of the window use the rest")]

#[path = "../tests/window/made.rs"]
mod made;
#[path = "../tests/window/scripted.rs"]
mod scripted;

use divan::{Bencher, black_box};
use eframe::egui::{Key, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::experiment::{Experiment, PRESETS};
use lab_core::protocol::keep::Keeper;
use lab_core::protocol::{Event, Outcome};
use lab_core::runs::Folder;
use lab_window::App;
use scripted::{Places, Script, evaluation, names, prepared, probe, record, wait_until, window, window_with};
use std::path::Path;

fn main() {
    divan::main();
}

/// A window that has taken in so many steps of three arms, and shows twenty plots if `all`.
fn trained(steps: u64, all: bool) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window();
    harness.get_by_label("Duplicate residual").click();
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 10);
    harness.run();
    for step in 11..=steps {
        script.say(Event::Steps(vec![record(step, 3)]));
        if step % 1000 == 0 {
            script.say(Event::Probed(Box::new(probe(step, 3))));
            (0..3).for_each(|arm| script.say(Event::Evaluated(Box::new(evaluation(arm, step)))));
            harness.step();
        }
    }
    if all {
        show_all(&mut harness);
    }
    harness.run_steps(100);
    (harness, script)
}

fn show_all(harness: &mut Harness<'static, App>) {
    harness.get_by_label("Plots").click();
    harness.run_steps(3);
    harness.get_by_label("All").click();
    harness.run_steps(3);
    harness.key_press(Key::Escape);
}

fn frame(harness: &mut Harness<'static, App>) {
    harness.step();
    let output = harness.output();
    black_box(harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point));
}

#[divan::bench(args = [(1_000, false), (1_000, true), (1_000_000, false), (1_000_000, true)], sample_count = 200)]
fn build(bencher: Bencher, (steps, all): (u64, bool)) {
    let (mut harness, _script) = trained(steps, all);
    bencher.bench_local(|| frame(&mut harness));
}

/// Twenty-four runs of 10,000 steps drawn over each other, two plots or all twenty; each setting in groups if `grouped`.
#[divan::bench(args = [(false, false), (true, false), (true, true)], sample_count = 200)]
fn build_overlaid(bencher: Bencher, (all, grouped): (bool, bool)) {
    let place = tempfile::tempdir().expect("a folder");
    for run in 0..24u32 {
        overlaid(&place.path().join(format!("run-{run:02}")), 1 + run % 3);
    }
    let places = Places { runs: Some(place.path().to_owned()), program: None };
    let (mut harness, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    wait_until(&mut harness, "all are listed", |harness| !names(harness, "24 runs").is_empty());
    harness.get_by_label("Draw all").click();
    harness.run_steps(4);
    harness.get_by_label("Curves").click();
    harness.run_steps(4);
    wait_until(&mut harness, "all are read", |harness| names(harness, "Line ").len() == 24);
    if grouped {
        harness.get_by_label("Group").click();
        harness.run_steps(3);
        harness.get_by_label("Group by lr").click();
        harness.run_steps(3);
        harness.key_press(Key::Escape);
    }
    if all {
        show_all(&mut harness);
    }
    harness.run_steps(100);
    bencher.bench_local(|| frame(&mut harness));
}

/// A run of one arm with 10,000 steps at this many tenths as its learning rate.
fn overlaid(folder: &Path, rate: u32) {
    let mut plan = PRESETS[0].plan();
    plan.arms.truncate(1);
    plan.recipe.optimizer.learning_rate = 0.1 * f64::from(rate);
    let mut keeper = Folder::exactly(folder.to_owned());
    let mut kept = keeper.open(&prepared(&Experiment::check(plan).expect("a sound plan"))).expect("a run");
    for step in 1..=10_000 {
        kept.step(&record(step, 1)).expect("room");
        if step % 100 == 0 {
            kept.probed(&probe(step, 1)).expect("room");
            kept.evaluated(&evaluation(0, step)).expect("room");
        }
    }
    let outcome = Outcome {
        reason: "all steps are done".into(),
        steps: 10_000,
        seconds: 12.0,
        run: None,
        arms: vec![],
        planned: None,
        discordant: vec![],
    };
    kept.finished(&outcome).expect("room");
}

/// A study of 200 trainings in each way of looking at it.
#[divan::bench(
    args = ["Results", "Trials", "Ladder", "Slice", "Heat map", "Parallel", "Importance", "History", "Timeline", "Curves"],
    sample_count = 200
)]
fn build_study(bencher: Bencher, tab: &str) {
    let place = tempfile::tempdir().expect("a folder");
    let axes = ["recipe.optimizer.learning_rate=0.001..1.0:10:log", "arms[*].network.body.cifar.depth=8,14,20,56"];
    made::study(&place.path().join("studies"), "large", &axes, 5, 200, 200);
    let places = Places { runs: Some(place.path().join("runs")), program: None };
    let (mut harness, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    made::look_at(&mut harness, "large");
    wait_until(&mut harness, "there is a verdict", |harness| !names(harness, "Verdict: ").is_empty());
    made::see(&mut harness, tab);
    harness.run_steps(20);
    bencher.bench_local(|| frame(&mut harness));
}

/// The same while a step comes with each frame.
#[divan::bench(args = [(1_000, true), (1_000_000, true)], sample_count = 200)]
fn build_while_training(bencher: Bencher, (steps, all): (u64, bool)) {
    let (mut harness, script) = trained(steps, all);
    let mut step = steps;
    bencher.bench_local(|| {
        step += 1;
        script.say(Event::Steps(vec![record(step, 3)]));
        frame(&mut harness);
    });
}
