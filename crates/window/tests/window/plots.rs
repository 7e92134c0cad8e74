//! Choosing, reading and moving plots.

use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Event as Input, Pos2, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::PRESETS;
use lab_core::protocol::{Event, Intervention};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};

/// Ticks or unticks something under Plots, and closes the menu.
fn toggle(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_label("Plots").click();
    harness.run();
    let name = format!("Show {name}");
    harness.get_by_label(&name).scroll_to_me();
    harness.run();
    harness.get_by_label(&name).click();
    harness.run();
    harness.get_by_label("Plots").click();
    harness.run();
}

/// Where a plot is.
fn place(harness: &Harness<'static, App>, title: &str) -> Rect {
    harness.get_by_label_contains(&format!("{title} after step")).rect()
}

/// Puts the pointer on a plot, at this share of its width.
fn point(harness: &mut Harness<'static, App>, title: &str, share: f32) {
    let rect = place(harness, title);
    harness.hover_at(Pos2::new(rect.left() + share * rect.width(), rect.center().y));
    harness.run_steps(4);
    // Tooltips come after a moment.
    for _ in 0..20 {
        harness.step();
    }
}

#[test]
fn plots_are_chosen_and_hidden() {
    let (mut harness, _script) = training(60);
    assert!(harness.query_by_label_contains("Learning rate after step").is_none());
    toggle(&mut harness, "Learning rate");
    let said = names(&harness, "Learning rate after step 60");
    assert_eq!(said, ["Learning rate after step 60: plain 0.100; residual 0.100"]);
    toggle(&mut harness, "Learning rate");
    assert!(harness.query_by_label_contains("Learning rate after step").is_none());
}

#[test]
fn all_twenty_plots_are_drawn_and_put_into_words() {
    let (mut harness, _script) = training(60);
    harness.get_by_label("Plots").click();
    harness.run();
    harness.get_by_label("All").click();
    harness.run();
    let mut said = names(&harness, " after step 60:");
    // Those below come into view.
    harness.get_by_label_contains("Gradient norm, last block after").scroll_to_me();
    harness.run();
    said.extend(names(&harness, " after step 60:"));
    said.sort();
    said.dedup();
    let ratio = "Update ratio after step 60: plain 7.69e-4; residual 7.69e-4";
    assert!(said.iter().any(|text| text == ratio), "{said:#?}");
    assert!(said.len() >= 12, "as many as there is room for: {said:#?}");
}

#[test]
fn the_crosshair_gives_exact_values_of_all_arms_in_all_plots() {
    let (mut harness, _script) = training(60);
    point(&mut harness, "Loss", 0.5);
    let heading = names(&harness, "Step ").into_iter().find(|text| text.contains("· epoch")).expect("a heading");
    let step: u64 = heading.trim_start_matches("Step ").split(' ').next().unwrap().parse().unwrap();
    assert!((15..45).contains(&step), "{heading}");
    for (arm, name) in ["plain", "residual"].into_iter().enumerate() {
        let exact = lab_core::number::short(record(step, 2).arms[arm].unwrap().loss);
        let said = names(&harness, &format!("{name}: {exact}, smoothed "));
        assert_eq!(said.len(), 1, "{name} at step {step} is {exact}");
    }
    // The line beside the other plot speaks of the same step.
    let accuracy = |values: Vec<String>| values.into_iter().filter(|text| text.contains('%')).collect::<Vec<_>>();
    let at = accuracy(names(&harness, "plain "));
    harness.remove_cursor();
    harness.run();
    assert_ne!(at, accuracy(names(&harness, "plain ")), "without the crosshair the newest values are shown");
}

#[test]
fn smoothing_can_be_switched_off() {
    let (mut harness, _script) = training(60);
    let slider = harness.get_by_role_and_label(Role::Slider, "Smoothing");
    slider.focus();
    harness.run();
    harness.get_by_role_and_label(Role::Slider, "Smoothing").set_value_accesskit(0.0);
    harness.run();
    point(&mut harness, "Loss", 0.5);
    assert!(names(&harness, "smoothed").is_empty());
    assert!(!names(&harness, "plain: ").is_empty());
}

#[test]
fn a_plot_is_moved_and_brought_back() {
    let (mut harness, _script) = training(60);
    let follow = |harness: &Harness<'static, App>| harness.get_by_label("Follow").accesskit_node().is_disabled();
    assert!(follow(&harness), "everything is in view");
    let center = place(&harness, "Loss").center();
    harness.drag_at(center);
    harness.run_steps(2);
    harness.event(Input::PointerMoved(center - eframe::egui::vec2(90.0, 0.0)));
    harness.run_steps(2);
    harness.drop_at(center - eframe::egui::vec2(90.0, 0.0));
    harness.run();
    assert!(!follow(&harness));
    harness.get_by_label("Follow").click();
    harness.run();
    assert!(follow(&harness));
}

#[test]
fn the_horizontal_axis_can_be_anything_that_grows() {
    let (mut harness, script) = training(60);
    for (axis, unit) in [("Images", "training images seen"), ("Time", "time of training"), ("Epoch", "epoch")] {
        harness.get_by_label("Against").click();
        harness.run();
        harness.get_by_label(axis).click();
        harness.run();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loss.svg");
        harness.get_by_label("Export Loss").click();
        harness.run();
        harness.get_by_label("Save SVG…").click();
        harness.run();
        *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![path.clone()]));
        wait_until(&mut harness, "the picture is saved", |_| path.exists());
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!(">{unit}</text>")), "the axis is named {unit}");
    }
    harness.get_by_label("Log horizontal axis").click();
    harness.run();
    point(&mut harness, "Accuracy", 0.6);
    assert!(names(&harness, "· epoch").len() == 1, "a logarithmic axis has a crosshair too");
}

#[test]
fn a_plots_own_menu_makes_its_axis_logarithmic_and_hides_it() {
    let (mut harness, _script) = training(60);
    harness.get_by_label_contains("Accuracy after step").click_secondary();
    harness.run();
    harness.get_by_label("Logarithmic axis").click();
    harness.run();
    if harness.query_by_label("Hide this plot").is_none() {
        harness.get_by_label_contains("Accuracy after step").click_secondary();
        harness.run();
    }
    harness.get_by_label("Hide this plot").click();
    harness.run();
    assert!(harness.query_by_label_contains("Accuracy after step").is_none());
    assert!(harness.query_by_label_contains("Loss after step").is_some());
}

#[test]
fn interventions_are_shown_where_they_happened() {
    let (mut harness, script) = training(100);
    script.say(Event::Intervened(Intervention::new(50, "learning rate 0.01")));
    harness.run();
    // The curves fill the plot up to the names at their ends, so step 50 is somewhere about the middle.
    let rect = place(&harness, "Loss");
    let found = (0..120).any(|share| {
        let x = rect.left() + rect.width() * (0.25 + share as f32 / 240.0);
        harness.hover_at(Pos2::new(x, rect.center().y));
        harness.run_steps(3);
        let names = names(&harness, "learning rate 0.01");
        names.iter().any(|text| text == "learning rate 0.01")
    });
    assert!(found, "the marker says what it stands for");
}

#[test]
fn a_million_steps_of_three_arms_in_twenty_plots() {
    let (mut harness, script) = window();
    harness.get_by_label("Duplicate residual").click();
    harness.run();
    harness.get_by_label("Start").click();
    harness.run();
    let experiment = script.started();
    assert_eq!((experiment.arms.len(), PRESETS[0].plan().arms.len()), (3, 2));
    script.train(&experiment, 20);
    harness.run();
    for thousand in 0..1000 {
        let first = 21 + thousand * 1000;
        script.say(Event::Steps((first..first + 1000).map(|step| record(step, 3)).collect()));
        if thousand % 50 == 0 {
            harness.step();
        }
    }
    script.say(Event::Probed(Box::new(probe(1_000_020, 3))));
    wait_until(&mut harness, "everything is taken in", |harness| harness.state().monitor().steps.len() == 1_000_020);
    harness.get_by_label("Plots").click();
    harness.run_steps(3);
    harness.get_by_label("All").click();
    harness.run_steps(4);
    let said = names(&harness, "Loss after step 1,000,020: plain ");
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("; residual 2 0."), "{}", said[0]);
    // The averages follow in shares, and then the window rests.
    wait_until(&mut harness, "the averages have caught up", |harness| {
        harness.output().viewport_output.values().all(|output| output.repaint_delay.as_millis() > 100)
    });
}
