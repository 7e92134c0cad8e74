//! A learning rate and a batch size that the window finds in a process of its own, and puts into the form.

use crate::asked::shows;
use crate::room::texts;
use crate::scripted::*;
use eframe::egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_window::App;
use std::path::Path;

/// A window whose program says these lines, and then this of its failure.
fn saying(place: &Path, lines: &[String], error: &str) -> Harness<'static, App> {
    use std::os::unix::fs::PermissionsExt;
    let (program, said) = (place.join("program"), place.join("said"));
    std::fs::write(&said, lines.join("\n") + "\n").unwrap();
    let text = format!(
        "#!/bin/sh\necho \"$@\" > {0}/started\ncp \"$3\" {0}/plan.toml\ncat {0}/said\n{1}",
        place.display(),
        if error.is_empty() { String::new() } else { format!("echo 'error: {error}' >&2\nexit 2\n") }
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let places = Places { runs: Some(place.join("runs")), program: Some(program) };
    let (mut harness, _script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, None, places);
    harness.run();
    harness
}

/// A test in which the plain network learns best at 0.03, and the residual one at 0.3.
fn rising() -> Vec<String> {
    let loss = |rate: f64, best: f64| {
        if rate < best { 2.3 - rate / best } else { 1.3 + (rate / best).ln().powi(2) }
    };
    let rate = |step: i32| 1e-5 * 1e6_f64.powf(f64::from(step) / 119.0);
    let line = |step| {
        let rate = rate(step);
        let residual = loss(rate, 0.3);
        let residual = if residual < 9.0 { residual.to_string() } else { "null".to_owned() };
        format!("[[{rate},{}],[{rate},{residual}]]", loss(rate, 0.03))
    };
    (0..120).map(line).collect()
}

#[test]
fn a_learning_rate_is_found_for_every_network_and_put_into_the_form() {
    let place = tempfile::tempdir().unwrap();
    let mut harness = saying(place.path(), &rising(), "");
    click(&mut harness, "Optimiser");
    click(&mut harness, "Find a learning rate");
    click(&mut harness, "Test learning rates");
    wait_until(&mut harness, "rates are suggested", |harness| shows(harness, "Use for plain"));
    let started = std::fs::read_to_string(place.path().join("started")).unwrap();
    assert!(started.starts_with("find rate ") && started.contains("--follow --device auto"), "{started}");
    let plan = std::fs::read_to_string(place.path().join("plan.toml")).unwrap();
    assert!(plan.contains("plain-vs-residual"), "{plan}");
    assert!(shows(&harness, "plain: 0.0") && shows(&harness, "too high from"), "{:?}", names(&harness, "suggested"));
    click(&mut harness, "Use for residual");
    let own = harness.state().plan().arms[1].optimizer.clone().expect("an optimiser of its own");
    assert!((0.03..0.3).contains(&own.learning_rate), "{}", own.learning_rate);
    assert_eq!(harness.state().plan().recipe.optimizer.learning_rate, 0.1, "the shared rate was changed");
    let least = names(&harness, " for all")[0].clone();
    click(&mut harness, &least);
    let plan = harness.state().plan();
    let (shared, own) = (plan.recipe.optimizer.learning_rate, plan.arms[1].optimizer.clone().unwrap().learning_rate);
    assert!((0.003..0.03).contains(&shared) && own == shared, "{shared} {own}");
}

#[test]
fn the_button_that_takes_what_was_found_is_in_sight_without_scrolling() {
    let place = tempfile::tempdir().unwrap();
    let mut harness = saying(place.path(), &rising(), "");
    for size in [vec2(1440.0, 900.0), vec2(1920.0, 1080.0), vec2(1024.0, 700.0)] {
        harness.set_size(size);
        command(&mut harness, "Show Find");
        if !shows(&harness, " for all") {
            harness.get_by_label("Test learning rates").click();
            wait_until(&mut harness, "rates are suggested", |harness| shows(harness, "Use for plain"));
        }
        harness.run();
        let button = harness.get_by_label_contains(" for all").rect();
        let seen = texts(&harness)
            .into_iter()
            .any(|(_, text, clip)| button.contains(text.center()) && clip.contains_rect(button.shrink(1.0)));
        assert!(seen, "out of sight at {size}: {button}");
    }
}

#[test]
fn what_cannot_be_tested_says_why() {
    let place = tempfile::tempdir().unwrap();
    let mut harness = saying(place.path(), &[], "there are no images in /nowhere");
    command(&mut harness, "Show Find");
    click(&mut harness, "Test learning rates");
    wait_until(&mut harness, "the reason", |harness| shows(harness, "there are no images in /nowhere"));
}

#[test]
fn the_smallest_fast_batch_is_recommended_and_used() {
    let place = tempfile::tempdir().unwrap();
    let size = |(batch, speed): (u32, f64)| {
        format!("{{\"batch\":{batch},\"bytes\":{},\"images_per_second\":{speed}}}", batch << 20)
    };
    let lines: Vec<String> = [(8, 50.0), (16, 80.0), (32, 97.0), (64, 100.0), (128, 90.0)].map(size).into();
    let mut harness = saying(place.path(), &lines, "");
    click(&mut harness, "Training");
    click(&mut harness, "Find a batch size");
    click(&mut harness, "Measure batch sizes");
    wait_until(&mut harness, "a size is recommended", |harness| shows(harness, ", recommended"));
    assert!(shows(&harness, "Batch of 32: 32.0 MiB, 97.0 images/s, recommended"), "{:?}", names(&harness, "Batch of"));
    click(&mut harness, "Use 32");
    assert_eq!(harness.state().plan().recipe.batch_size, 32);
}
