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
use lab_core::protocol::Event;
use lab_window::App;
use scripted::{Places, Script, evaluation, names, probe, record, wait_until, window, window_with};

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
        harness.get_by_label("Plots").click();
        harness.run_steps(3);
        harness.get_by_label("All").click();
        harness.run_steps(3);
        harness.key_press(Key::Escape);
    }
    harness.run_steps(100);
    (harness, script)
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
