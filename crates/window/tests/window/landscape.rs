//! The loss around the weights, and what theory says of gradients.

use crate::asked::*;
use crate::pictures::compare_panel;
use eframe::egui::Theme;
use egui_kittest::kittest::Queryable;
use lab_core::checkpoint::Checkpoint;
use lab_core::instrument::{Finding, PathLength, Question, Shattered, Slice, Surface};

/// A bowl, steeper and rougher for the plain arm.
pub fn bowl(plain: bool) -> Finding {
    let at: Vec<f64> = (0..17).map(|index| f64::from(index) / 8.0 - 1.0).collect();
    let height = |a: f64, b: f64| {
        let rough = if plain { 1.5 * (7.0 * a).sin().abs() * (5.0 * b).cos().abs() } else { 0.0 };
        0.3 + (if plain { 9.0 } else { 2.0 }) * (a * a + 0.6 * b * b) + rough
    };
    let loss = at.iter().flat_map(|&b| at.iter().map(move |&a| height(a, b))).collect();
    Finding::Surface(Surface { at: at.clone(), loss, done: 289 })
}

#[test]
fn a_plane_is_computed_for_both_arms_and_put_into_words() {
    let (mut harness, script) = at_tab("Landscape");
    harness.get_by_label("Compute: Loss landscape").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Surface { .. })).expect("asked");
    script.came(id, 9, 578, None);
    harness.run();
    assert!(harness.query_by_label("Loss landscape: 9 of 578").is_some());
    script.found(id, [Ok(bowl(true)), Ok(bowl(false))]);
    harness.run();
    assert!(shows(&harness, "Loss landscape. residual: 0.300 in the middle; "));
    assert!(shows(&harness, "% of the places better than guessing (2.30); at most 3.50"));
    harness.get_by_label("As a surface").click();
    harness.run();
    assert!(shows(&harness, "Loss landscape. plain"));
}

#[test]
fn paths_lengths_and_shattered_gradients_are_put_into_words_and_failures_shown() {
    let (mut harness, script) = at_tab("Landscape");
    pick(&mut harness, "Theory that is looked at", "Straight path");
    pick(&mut harness, "Where the path starts", "From the best checkpoint");
    harness.get_by_label("Compute: Straight path").click();
    harness.run();
    let (id, question) = script.asked_for(|question| matches!(question, Question::Path { .. })).expect("asked");
    assert!(matches!(question, Question::Path { from: Some(Checkpoint::Best), .. }));
    let slice = || Slice { at: vec![0.0, 0.5, 1.0], loss: vec![2.3, 1.0, 0.4], accuracy: vec![0.1, 0.5, 0.8] };
    script.found(id, [Err("there is no best checkpoint of plain yet".into()), Ok(Finding::Slice(slice()))]);
    harness.run();
    assert!(harness.query_by_label("plain: there is no best checkpoint of plain yet.").is_some());
    assert!(shows(&harness, "residual: 2.30 at the left, 0.400 at the right"));

    pick(&mut harness, "Theory that is looked at", "Gradient by path length");
    harness.get_by_label("Compute: Gradient by path length").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::PathLengths { .. })).expect("asked");
    let length = |branches, share, norm: f64| PathLength { branches, share, norms: vec![norm] };
    let lengths = vec![length(0, 0.25, 4.0), length(1, 0.5, 2.0), length(2, 0.25, 0.0)];
    script.found(id, [Err("a plain net has one path only".into()), Ok(Finding::PathLengths(lengths))]);
    harness.run();
    assert!(shows(&harness, "residual: paths of 0.5 of 2 branches carry the gradient"));

    pick(&mut harness, "Theory that is looked at", "Shattered gradients");
    harness.get_by_label("Compute: Shattered gradients").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Shattered { .. })).expect("asked");
    let acf = |slow: f64| Ok(Finding::Shattered(Shattered { lines: vec![(0..9).map(|k| slow.powi(k)).collect()] }));
    script.found(id, [acf(0.2), acf(0.95)]);
    harness.run();
    assert!(shows(&harness, "plain: falls below 50.0 % after 1 of 16 points"));
}

fn compare(theme: Theme, name: &str) {
    compare_panel("Landscape", theme, name, |harness, script| {
        harness.get_by_label("Compute: Loss landscape").click();
        harness.run();
        let asked = script.asked_for(|question| matches!(question, Question::Surface { .. }));
        script.found(asked.expect("asked").0, [Ok(bowl(true)), Ok(bowl(false))]);
    });
}

#[test]
fn landscapes_look_as_they_did_in_the_dark() {
    compare(Theme::Dark, "landscape_dark");
}

#[test]
fn landscapes_look_as_they_did_in_the_light() {
    compare(Theme::Light, "landscape_light");
}
