//! The window's pictures, compared with those kept beside the tests.

use crate::scripted::*;
use eframe::egui::{Theme, Vec2, vec2};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions};
use lab_window::App;

/// Whether pictures can be drawn; says loudly when they cannot.
fn can_draw() -> bool {
    let instance = eframe::wgpu::Instance::default();
    let found = !pollster::block_on(instance.enumerate_adapters(eframe::wgpu::Backends::VULKAN)).is_empty();
    if !found {
        assert!(
            std::env::var_os("RESIDUAL_LAB_REQUIRE_PIXELS").is_none_or(|value| value != "1"),
            "no Vulkan adapter to draw with"
        );
        eprintln!("SKIPPED: there is no Vulkan adapter to draw with; install mesa-vulkan-drivers");
    }
    found
}

/// Waits for the images of the first question, which a thread reads.
fn settle(harness: &mut Harness<'static, App>) {
    let shows =
        |harness: &Harness<'static, App>, part: &str| harness.query_all_by_label_contains(part).next().is_some();
    if shows(harness, "Your guess starts the training.") {
        wait_until(harness, "the images are shown", |harness| shows(harness, "A training image"));
        harness.run();
    }
}

/// Draws a window of the usual size and compares what a test does in it with pictures kept beside the tests.
pub fn pictured(
    theme: Theme,
    test: impl FnOnce(&mut Harness<'static, App>, &Script, &dyn Fn(&mut Harness<'static, App>, &str)),
) {
    pictured_in(vec2(1024.0, 700.0), theme, test);
}

/// The same in a window of another size.
pub fn pictured_in(
    size: Vec2,
    theme: Theme,
    test: impl FnOnce(&mut Harness<'static, App>, &Script, &dyn Fn(&mut Harness<'static, App>, &str)),
) {
    if !can_draw() {
        return;
    }
    let (mut harness, script) = window_of(size, theme, true);
    harness.run();
    test(&mut harness, &script, &|harness, name| {
        harness.remove_cursor();
        harness.run();
        settle(harness);
        let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
        harness.snapshot_options(name, &options);
    });
}

/// Draws the window empty and while training, and compares both with the pictures kept beside the tests.
fn compare(theme: Theme, name: &str) {
    if !can_draw() {
        return;
    }
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
    let (mut harness, script) = window_of(vec2(1024.0, 700.0), theme, true);
    harness.run();
    settle(&mut harness);
    harness.snapshot_options(format!("empty_{name}"), &options);
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 120);
    harness.run();
    harness.remove_cursor();
    harness.run();
    harness.snapshot_options(format!("training_{name}"), &options);
}

/// Draws one panel with what `ask` makes appear there, and compares it with the picture kept beside the tests.
pub fn compare_panel(tab: &str, theme: Theme, name: &str, ask: impl Fn(&mut Harness<'static, App>, &Script)) {
    if !can_draw() {
        return;
    }
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
    let (mut harness, script) = crate::asked::drawn_at_tab(tab, theme);
    ask(&mut harness, &script);
    harness.run();
    harness.remove_cursor();
    harness.run();
    harness.snapshot_options(name, &options);
}

/// Draws a study of two axes in every way, and compares each with the picture kept beside the tests.
pub fn compare_study(theme: Theme, size: Vec2, name: &str) {
    if !can_draw() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    crate::made::study(&place.path().join("studies"), "rates and depths", &crate::made::AXES, 3, 16, 40);
    let places = Places { runs: Some(place.path().join("runs")), program: None };
    let (mut harness, _script) = window_with(size, theme, true, None, places);
    harness.run();
    crate::made::look_at(&mut harness, "rates and depths");
    wait_until(&mut harness, "there is a verdict", |harness| !names(harness, "Verdict: ").is_empty());
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
    for tab in
        ["Results", "Trials", "Ladder", "Slice", "Heat map", "Parallel", "Importance", "History", "Timeline", "Curves"]
    {
        crate::made::see(&mut harness, tab);
        harness.remove_cursor();
        harness.run();
        harness.snapshot_options(format!("study_{}_{name}", tab.to_lowercase().replace(' ', "_")), &options);
    }
}

/// Makes a run as old in each picture.
fn dated(run: &std::path::Path) {
    let path = run.join("run.json");
    let mut info: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    info["started"] = "2026-03-01T14:25:30+01:00".into();
    std::fs::write(&path, info.to_string()).unwrap();
}

/// Draws the table of runs with one selected, two of them drawn over each other, and all plots.
fn compare_runs(theme: Theme, name: &str) {
    if !can_draw() {
        return;
    }
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script) = window_over(place.path(), vec2(1440.0, 900.0), theme, true);
    harness.run();
    harness.get_by_label("Runs").click();
    wait_until(&mut harness, "the runs are read", |harness| !names(harness, "Every run is kept").is_empty());
    harness.snapshot_options(format!("runs_empty_{name}"), &options);
    for (run, steps) in [("short", 20), ("longer", 60)] {
        dated(&crate::runs::run(place.path(), run, steps));
    }
    wait_until(&mut harness, "the runs are read", |harness| names(harness, ", stopped; plain ").len() == 2);
    for run in ["Draw short", "Draw longer"] {
        harness.get_by_label(run).click();
        harness.run();
    }
    harness.get_by_label_contains("Run longer,").click();
    harness.run();
    harness.remove_cursor();
    harness.run();
    // The folder is another one each time.
    let folder = harness.get_by_label_contains("/longer").rect();
    harness.mask(folder);
    harness.snapshot_options(format!("runs_{name}"), &options);
    harness.get_by_label("Curves").click();
    wait_until(&mut harness, "the curves are read", |harness| !names(harness, "longer · residual").is_empty());
    harness.get_by_label("Plots").click();
    harness.run();
    harness.get_by_label("All").click();
    harness.run();
    harness.get_by_label("Plots").click();
    harness.run();
    harness.remove_cursor();
    harness.run();
    harness.snapshot_options(format!("plots_{name}"), &options);
}

#[test]
fn dark_runs_look_as_they_did() {
    compare_runs(Theme::Dark, "dark");
}

#[test]
fn light_runs_look_as_they_did() {
    compare_runs(Theme::Light, "light");
}

#[test]
fn the_dark_window_looks_as_it_did() {
    compare(Theme::Dark, "dark");
}

#[test]
fn the_light_window_looks_as_it_did() {
    compare(Theme::Light, "light");
}

/// The panels that lie behind others at first.
fn behind(theme: Theme, name: &str) {
    pictured(theme, |harness, script, snapshot| {
        for panel in ["show confusion", "show log"] {
            command(harness, panel);
        }
        snapshot(harness, &format!("behind_empty_{name}"));
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 60);
        harness.run();
        snapshot(harness, &format!("behind_{name}"));
    });
}

#[test]
fn the_panels_behind_look_as_before_in_the_dark() {
    behind(Theme::Dark, "dark");
}

#[test]
fn the_panels_behind_look_as_before_in_the_light() {
    behind(Theme::Light, "light");
}
