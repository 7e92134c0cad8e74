//! What the plots do with values far off, with arms that died, with many runs, and with the attempt before.

use crate::exports::save_of;
use crate::runs::{experiment, run, run_of};
use crate::scripted::*;
use eframe::egui::epaint::Shape;
use eframe::egui::{Color32, Modifiers, Pos2, Rect, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::experiment::Experiment;
use lab_core::protocol::{Command, Event, StepRecord};
use lab_window::App;
use std::path::Path;

fn walk(shape: &Shape, found: &mut dyn FnMut(&Shape)) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| walk(shape, found)),
        other => found(other),
    }
}

pub fn shapes(harness: &Harness<'static, App>, found: &mut dyn FnMut(&Shape, Rect)) {
    for clipped in &harness.output().shapes {
        walk(&clipped.shape, &mut |shape| found(shape, clipped.clip_rect));
    }
}

/// Every text that is painted, the axes' marks, too.
fn painted(harness: &Harness<'static, App>) -> Vec<String> {
    let mut texts = Vec::new();
    shapes(harness, &mut |shape, _| {
        if let Shape::Text(text) = shape {
            texts.push(text.galley.text().to_owned());
        }
    });
    texts
}

/// The marks at the edges: triangles in any colour but those of the window's own.
fn triangles(harness: &Harness<'static, App>) -> Vec<(Rect, Color32)> {
    let mut found = Vec::new();
    shapes(harness, &mut |shape, _| {
        if let Shape::Path(path) = shape
            && path.closed
            && path.points.len() == 3
        {
            let place = Rect::from_points(&path.points);
            // The window's own arrows are smaller.
            if (place.width() - 8.0).abs() < 0.1 && (place.height() - 9.0).abs() < 0.1 {
                found.push((place, path.fill));
            }
        }
    });
    found
}

/// A step with the losses of some arms in the place of the usual ones.
fn with(step: u64, arms: usize, losses: &[(usize, f64)]) -> StepRecord {
    let mut made = record(step, arms);
    for (arm, loss) in losses {
        made.arms[*arm].as_mut().unwrap().loss = *loss;
    }
    made
}

fn says(harness: &Harness<'static, App>, part: &str) -> bool {
    !names(harness, part).is_empty()
}

fn reaches_billions(harness: &Harness<'static, App>) -> bool {
    painted(harness).iter().any(|text| text.ends_with("e9"))
}

#[test]
fn a_spike_is_marked_at_the_edge_and_shown_by_a_click() {
    let (mut harness, script) = training(60);
    script.say(Event::Steps(vec![with(61, 2, &[(0, 4e9)]), record(62, 2)]));
    script.say(Event::Steps((63..90).map(|step| record(step, 2)).collect()));
    harness.run();
    assert!(!reaches_billions(&harness), "the axis stays with the rest");
    assert_eq!(triangles(&harness).len(), 1, "and a mark says where");
    harness.get_by_label("Loss: 1 value above").click();
    harness.run();
    assert!(reaches_billions(&harness), "{:?}", painted(&harness));
    assert!(triangles(&harness).is_empty());
    harness.get_by_label("Loss: whole range").click();
    harness.run();
    assert!(!reaches_billions(&harness) && says(&harness, "Loss: 1 value above"));
    assert!(!says(&harness, "Accuracy: "), "of each plot by itself");
}

#[test]
fn an_arm_that_died_does_not_flatten_the_others_and_is_named_in_the_plot() {
    let (mut harness, script) = training(60);
    let dying = (61..100).map(|step| with(step, 2, &[(0, 10f64.powf((step - 60) as f64 / 4.0))]));
    script.say(Event::Steps(dying.collect()));
    script.say(Event::Steps(vec![with(100, 2, &[(0, f64::NAN)])]));
    let alone = |step| {
        let mut made = record(step, 2);
        made.arms[0] = None;
        made
    };
    script.say(Event::Steps((101..=200).map(alone).collect()));
    harness.run();
    assert!(!reaches_billions(&harness), "{:?}", painted(&harness));
    let said = painted(&harness);
    assert!(said.iter().filter(|text| *text == "plain: diverged").count() >= 2, "in plot and legend: {said:?}");
    assert!(says(&harness, "Line plain: diverged"));
    assert!(names(&harness, "Loss after step 200")[0].contains("diverged"));
}

#[test]
fn marks_of_several_arms_at_one_place_do_not_overlap() {
    let (mut harness, script) = window();
    for _ in 0..3 {
        harness.get_by_label("Duplicate residual").click();
        harness.run();
    }
    harness.get_by_label("Start").click();
    harness.run();
    let arms = script.started().arms.len();
    script.train(&script.started(), 60);
    let spike: Vec<(usize, f64)> = (0..arms).map(|arm| (arm, 4e9)).collect();
    script.say(Event::Steps((61..90).map(|step| with(step, arms, if step == 61 { &spike } else { &[] })).collect()));
    harness.run();
    let marks = triangles(&harness);
    assert_eq!(marks.len(), arms, "one for each arm");
    for (index, (one, _)) in marks.iter().enumerate() {
        for (other, _) in &marks[index + 1..] {
            assert!(!one.intersects(*other), "{one:?} lies over {other:?}");
        }
    }
}

#[test]
fn a_young_training_has_each_step_once_on_its_axis() {
    for steps in [2, 3, 5] {
        let (harness, _script) = training(steps);
        let plot = harness.get_by_label_contains("Loss after step").rect();
        let mut marks = Vec::new();
        shapes(&harness, &mut |shape, _| {
            if let Shape::Text(text) = shape {
                let below = plot.bottom() - 2.0..plot.bottom() + 24.0;
                if below.contains(&text.pos.y) && plot.x_range().contains(text.pos.x) {
                    marks.push(text.galley.text().to_owned());
                }
            }
        });
        let mut once = marks.clone();
        once.dedup();
        assert!(marks.len() >= 2 && marks == once, "{marks:?} after {steps} steps");
    }
}

/// A window in which runs of these lengths are drawn over each other.
fn drawn(place: &Path, runs: &[(&str, u64)]) -> (Harness<'static, App>, Script) {
    for (name, steps) in runs {
        run(place, name, *steps);
    }
    let (mut harness, script) = window_over(place, vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    for (name, _) in runs {
        wait_until(&mut harness, "it is listed", |harness| says(harness, &format!("Draw {name}")));
        harness.get_by_label(&format!("Draw {name}")).click();
        harness.run();
    }
    harness.get_by_label("Curves").click();
    harness.run();
    wait_until(&mut harness, "all are read", |harness| names(harness, "Line ").len() == 2 * runs.len());
    (harness, script)
}

#[test]
fn beyond_its_end_a_run_has_no_value_under_the_crosshair() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script) = drawn(place.path(), &[("short", 20), ("longer", 60)]);
    let rect = harness.get_by_label_contains("Loss after step").rect();
    harness.hover_at(Pos2::new(rect.left() + 0.6 * rect.width(), rect.center().y));
    harness.run_steps(30);
    let heading = names(&harness, "Step ").into_iter().find(|text| text.contains("· epoch")).expect("a heading");
    let step: u64 = heading.trim_start_matches("Step ").split(' ').next().unwrap().parse().unwrap();
    assert!(step > 22, "{heading}");
    let exact = lab_core::number::short(record(step, 2).arms[0].unwrap().loss);
    assert!(
        says(&harness, &format!("longer · plain: {exact}, smoothed ")),
        "{:?}",
        names(&harness, "longer · plain: ")
    );
    assert!(says(&harness, "short · plain: –"), "{:?}", names(&harness, "short · plain: "));
}

#[test]
fn the_crosshair_gives_validations_too_and_cuts_no_value() {
    let (mut harness, _script) = training(60);
    let rect = harness.get_by_label_contains("Accuracy after step").rect();
    harness.hover_at(Pos2::new(rect.left() + 0.5 * rect.width(), rect.center().y));
    harness.run_steps(30);
    let validation = lab_core::number::percent(evaluation(0, 20).accuracy);
    let said = names(&harness, "plain: ").into_iter().find(|text| text.contains("smoothed")).expect("the arm's row");
    assert!(said.ends_with(&format!("validation {validation}")), "{said}");
    let texts = painted(&harness);
    let at = format!("{validation} at 20");
    for part in ["training", "smoothed", "validation", at.as_str()] {
        assert!(texts.iter().any(|text| text == part), "{part} is cut or missing: {texts:?}");
    }
}

#[test]
fn lines_are_hidden_shown_alone_and_renamed_in_the_legend() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script) = drawn(place.path(), &[("short", 20), ("longer", 60)]);
    let sentence = |harness: &Harness<'static, App>| names(harness, "Loss after step")[0].clone();
    harness.get_by_label("Line short · plain").click();
    harness.run();
    assert!(!sentence(&harness).contains("short · plain") && sentence(&harness).contains("short · residual"));
    harness.get_by_label("Line short · plain").click();
    harness.run();
    assert!(sentence(&harness).contains("short · plain"));
    harness.get_by_label("Line longer · plain").click_modifiers(Modifiers::ALT);
    harness.run();
    assert!(
        sentence(&harness).contains("longer · plain") && !sentence(&harness).contains("residual"),
        "{}",
        sentence(&harness)
    );
    harness.get_by_label("Line longer · plain").click_modifiers(Modifiers::ALT);
    harness.run();
    assert_eq!(sentence(&harness).matches("residual").count(), 2, "all again");
    harness.get_by_label("Line longer · plain").click_secondary();
    harness.run();
    harness.get_by_label("Vermillion").click();
    harness.run();
    harness.get_by_label("Dotted").click();
    harness.run();
    type_into(&mut harness, "Name of the line", "the baseline");
    assert!(says(&harness, "Line the baseline") && sentence(&harness).contains("the baseline"));
}

#[test]
fn lines_are_grouped_by_what_differs_with_a_mean_and_a_band() {
    let place = tempfile::tempdir().unwrap();
    let runs = [("short", 60), ("longer", 60)];
    let (mut harness, _script) = drawn(place.path(), &runs);
    harness.get_by_label("Group").click();
    harness.run();
    harness.get_by_label("Group by arm").click();
    harness.run();
    let said = names(&harness, "Loss after step")[0].clone();
    assert!(said.contains("plain (2) ") && said.contains("residual (2) ") && !said.contains("short"), "{said}");
    harness.get_by_label("Group by batch size").click();
    harness.run();
    let lines = names(&harness, "Line ");
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines.contains(&"Line batch size 80, plain (1)".to_owned()), "{lines:?}");
    harness.get_by_label("Group by batch size").click();
    harness.run();
    harness.get_by_label("Group by arm").click();
    harness.run();
    assert!(names(&harness, "Loss after step")[0].contains("short"), "every line again");
}

#[test]
fn a_rate_that_was_computed_is_called_as_it_was_meant() {
    let place = tempfile::tempdir().unwrap();
    for (folder, rate) in [("one", 0.1 + 0.2), ("other", f64::from(0.1f32))] {
        let mut plan = experiment("same").into_plan();
        plan.recipe.optimizer.learning_rate = rate;
        run_of(&place.path().join(folder), &Experiment::check(plan).unwrap(), 20);
    }
    let (mut harness, _script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    harness.get_by_label("Runs").click();
    harness.run();
    wait_until(&mut harness, "they are listed", |harness| says(harness, "2 runs"));
    click(&mut harness, "Draw all");
    harness.get_by_label("Curves").click();
    harness.run();
    wait_until(&mut harness, "all are read", |harness| names(harness, "Line ").len() == 4);
    let lines = names(&harness, "Line ");
    for name in ["Line lr 0.3 · plain", "Line lr 0.1 · plain"] {
        assert!(lines.contains(&name.to_owned()), "{lines:?}");
    }
}

#[test]
fn the_text_of_a_bar_is_read_on_what_is_done_and_on_what_is_not() {
    let (harness, _script) = training(20);
    let bar = harness.get_by_label("Progress: step 20 of 234").rect();
    let tokens = [Color32::from_rgb(0x12, 0x10, 0x24), Color32::from_rgb(0xE3, 0xE6, 0xEC)];
    let mut inks = Vec::new();
    shapes(&harness, &mut |shape, clip| {
        if let Shape::Text(text) = shape
            && text.galley.text() == "step 20 of 234"
        {
            inks.push((text.fallback_color, clip));
        }
    });
    inks.sort_by(|a, b| a.1.left().total_cmp(&b.1.left()));
    assert_eq!(inks.iter().map(|(ink, _)| *ink).collect::<Vec<_>>(), tokens, "dark on the accent, light beside it");
    let end = bar.left() + bar.width() * 20.0 / 234.0;
    assert!((inks[0].1.right() - end).abs() < 1.5 && (inks[1].1.left() - end).abs() < 1.5, "{inks:?} about {end}");
}

#[test]
fn a_plots_picture_goes_into_the_clipboard() {
    let (mut harness, _script) = training(60);
    harness.get_by_label("Export Loss").click();
    harness.run();
    harness.get_by_label("Copy picture").click();
    harness.step();
    let mut copied = None;
    for _ in 0..1000 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        harness.step();
        for command in &harness.output().platform_output.commands {
            if let eframe::egui::OutputCommand::CopyImage(picture) = command {
                copied = Some(picture.size);
            }
        }
        if copied.is_some() {
            break;
        }
    }
    assert_eq!(copied, Some([1600, 1000]), "twice as fine as the screen");
    wait_until(&mut harness, "it is shown", |harness| says(harness, "The picture is in the clipboard."));
}

#[test]
fn the_attempt_before_stays_behind_the_new_one() {
    let (mut harness, script) = training(60);
    assert!(harness.query_by_label("Previous attempt").is_none());
    harness.get_by_label("Reset").click();
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 10);
    harness.run();
    let table = |harness: &mut Harness<'static, App>| {
        let place = tempfile::tempdir().unwrap();
        std::fs::read_to_string(save_of(harness, &script, "Loss", "Save CSV…", place.path())).unwrap()
    };
    let rows = table(&mut harness);
    let of = |rows: &str, arm: &str| rows.lines().filter(|row| row.contains(arm) && row.contains("training")).count();
    assert_eq!((of(&rows, "plain, before"), of(&rows, "plain,training")), (60, 10));
    assert!(!names(&harness, "Loss after step 10")[0].contains("before"), "no text is about it");
    harness.get_by_label("Previous attempt").click();
    harness.run();
    assert_eq!(of(&table(&mut harness), "before"), 0);
}

#[test]
fn plots_say_on_how_many_images_immediate_mode_trains() {
    let (mut harness, script) = window();
    harness.get_by_label("Immediate").click();
    harness.run();
    let played = |script: &Script| {
        let sent = script.sent.borrow();
        sent.iter().rev().find_map(|command| match command {
            Command::Play { experiment, .. } => Some((**experiment).clone()),
            _ => None,
        })
    };
    wait_until(&mut harness, "it plays", |_| played(&script).is_some());
    let experiment = played(&script).unwrap();
    script.train(&experiment, 10);
    let mut ready = prepared(&experiment);
    ready.dataset.train = 640;
    script.say(Event::Prepared(Box::new(ready)));
    script.say(Event::Steps((1..=10).map(|step| record(step, 2)).collect()));
    harness.run_steps(10);
    assert!(says(&harness, "on 640 images"), "{:?}", names(&harness, "images"));
    assert!(names(&harness, "Loss after step 10")[0].contains("on 640 images"));
}

#[test]
fn the_help_of_the_plots_stays_when_it_is_clicked() {
    let (mut harness, _script) = training(60);
    harness.get_by_label("About the plots").click();
    harness.run();
    harness.remove_cursor();
    harness.run_steps(30);
    assert!(says(&harness, "Solid: training"));
    harness.get_by_label("About the plots").click();
    harness.run_steps(10);
    harness.remove_cursor();
    harness.run_steps(30);
    assert!(!says(&harness, "Solid: training"));
}

#[test]
fn the_picture_of_a_long_noisy_training_that_leaves_its_plot_is_small() {
    let (mut harness, script) = training(60);
    let noisy = |step: u64| {
        let far = if step.is_multiple_of(7) { 1e6 } else { 1.0 };
        with(step, 2, &[(0, far * (1.0 + wobble(step))), (1, 1.0 + wobble(step + 3))])
    };
    script.say(Event::Steps((61..=5_000).map(noisy).collect()));
    for step in (80..=5_000).step_by(20) {
        for arm in 0..2 {
            let mut made = evaluation(arm, step);
            made.loss *= if step % 40 == 0 { 1e5 } else { 1.0 };
            script.say(Event::Evaluated(Box::new(made)));
        }
    }
    harness.run();
    let place = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(save_of(&mut harness, &script, "Loss", "Save SVG…", place.path())).unwrap();
    assert!(text.len() < 300_000, "{} bytes", text.len());
    let lines = text.matches("<polyline").count() + text.matches("<path").count();
    assert!(lines < 300, "{lines} lines");
}
