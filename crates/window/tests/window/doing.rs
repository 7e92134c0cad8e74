//! Starting, watching, changing and ending an experiment.

use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, ThemePreference};
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::PRESETS;
use lab_core::protocol::{Command, Event, Intervention, Outcome, Phase, Picture, Question, Tune};
use lab_window::dialogs::{Chosen, FileDialog};
use std::path::Path;

#[test]
fn start_is_the_only_thing_to_press() {
    let (mut harness, script) = window();
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(script.started().clone().into_plan(), PRESETS[0].plan());
    assert!(harness.query_by_label("Pause").is_some());
    script.train(&script.started(), 5);
    harness.run();
    assert!(!script.sent(|command| matches!(command, Command::Tune(_))), "nothing was changed, so nothing is sent");
}

#[test]
fn events_become_curves_with_a_summary_in_words() {
    let (harness, script) = training(60);
    assert_eq!(harness.state().monitor().steps.len(), 60);
    let summary = harness.get_by_label_contains("Loss after step 60: plain");
    assert!(summary.accesskit_node().label().unwrap().contains("; residual"), "both arms are named");
    assert!(harness.query_by_label_contains("Accuracy after step 60").is_some());
    assert!(harness.query_by_label_contains("step 60 of 234").is_some());
    assert!(harness.query_by_label_contains("by block and step. plain: first ").is_some());
    drop(script);
}

#[test]
fn space_pauses_and_goes_on_and_a_dot_steps() {
    let (mut harness, script) = training(5);
    harness.key_press(Key::Space);
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Pause)));
    script.say(Event::Phase(Phase::Paused));
    harness.run();
    harness.key_press(Key::Period);
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Step)));
    harness.get_by_label("Continue").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Continue)));
    harness.get_by_label("Stop").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Stop)));
    assert_eq!(script.starts(), 1);
}

#[test]
fn space_typed_into_a_field_is_a_letter() {
    let (mut harness, script) = window();
    type_into(&mut harness, "Name, plain", "plain net");
    assert_eq!(script.starts(), 0);
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(script.started().arms[0].name, "plain net");
}

#[test]
fn a_depth_that_is_no_net_is_shown_at_the_field_and_at_start() {
    let (mut harness, script) = window();
    type_into(&mut harness, "Depth, plain", "21");
    assert!(harness.query_by_label_contains("Must be 6n + 2 for this block").is_some());
    assert!(harness.query_by_label_contains("1 field to correct").is_some());
    assert!(harness.get_by_label("Start").accesskit_node().is_disabled());
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(script.starts(), 0, "neither button nor key starts it");

    harness.get_by_label("Reset Depth, plain").click();
    harness.run();
    assert!(harness.query_by_label_contains("Must be").is_none());
    type_into(&mut harness, "Depth, plain", "20");
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(script.started().arms[0].network.depth(), 20);
}

#[test]
fn letters_in_a_field_for_a_number_are_shown_until_a_number_is_typed() {
    let (mut harness, _script) = window();
    type_into(&mut harness, "Width, plain", "abc");
    assert!(harness.query_by_label_contains("is no number").is_some());
    type_into(&mut harness, "Width, plain", "6");
    assert!(harness.query_by_label_contains("is no number").is_none());
}

#[test]
fn width_changes_the_parameters_and_is_undone() {
    let (mut harness, _script) = window();
    assert_eq!(harness.query_all_by_label_contains("56 layers · 214,402 parameters").count(), 2);
    type_into(&mut harness, "Width, residual", "16");
    assert!(harness.query_by_label_contains("852,730 parameters").is_some());
    assert!(
        harness
            .query_by_label_contains("width: 8 → 16; shortcut: none → zero-padded (A) · differs from plain")
            .is_some()
    );
    // The form settles before it counts as one change.
    step_until(&mut harness, "the change is undone", |harness| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.query_by_label_contains("852,730 parameters").is_none()
    });
}

#[test]
fn a_third_arm_takes_part() {
    let (mut harness, script) = window();
    harness.get_by_label("Duplicate residual").click();
    harness.run();
    assert!(harness.query_by_label("Arm residual 2").is_some());
    harness.get_by_label("Start").click();
    harness.run();
    let experiment = script.started();
    assert_eq!(
        experiment.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(),
        ["plain", "residual", "residual 2"]
    );
    script.train(&experiment, 20);
    harness.run();
    assert!(
        harness.get_by_label_contains("Loss after step 20").accesskit_node().label().unwrap().contains("residual 2")
    );
    click(&mut harness, "Remove residual 2");
    assert!(harness.query_by_label("Arm residual 2").is_none());
}

#[test]
fn the_learning_rate_changes_while_training() {
    let (mut harness, script) = training(5);
    harness.get_by_role_and_label(Role::Slider, "Learning rate").focus();
    harness.run();
    harness.get_by_role_and_label(Role::Slider, "Learning rate").set_value_accesskit(0.01);
    harness.run();
    let close = |rate: f64| (rate - 0.01).abs() < 1e-3;
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::LearningRate(rate)) if close(*rate))));
    script.say(Event::Intervened(Intervention::new(5, "learning rate 0.1 → 0.01")));
    harness.run();
    assert_eq!(harness.state().monitor().interventions.len(), 1);
}

#[test]
fn a_map_of_frozen_blocks_has_no_scale() {
    let (mut harness, script) = training(20);
    assert!(harness.query_by_label_contains("log scale, all arms").is_some());
    click(&mut harness, "Reset");
    click(&mut harness, "Start");
    script.train(&script.started(), 0);
    let mut frozen = probe(10, 2);
    let blocks = frozen.arms.iter_mut().flat_map(|arm| &mut arm.blocks);
    blocks.for_each(|block| block.weight_gradient_norm = 0.0);
    script.say(Event::Probed(Box::new(frozen)));
    harness.run();
    assert!(harness.query_by_label_contains("what is frozen gets none").is_some());
    assert!(harness.query_by_label_contains("log scale, all arms").is_none(), "there is nothing to be read from it");
}

#[test]
fn the_theme_follows_its_switch() {
    let (mut harness, _script) = window();
    // The first click always changes what is seen; the system's choice is in the menu.
    for expected in [ThemePreference::Light, ThemePreference::Dark, ThemePreference::Light] {
        harness.get_by_label("Theme").click();
        harness.run();
        assert_eq!(harness.ctx.options(|options| options.theme_preference), expected);
    }
}

#[test]
fn dropped_files_are_named_or_refused() {
    let (mut harness, script) = training(20);
    for name in ["coat.png", "bad.txt"] {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(File(name.into())));
    }
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("waiting for the networks").is_some());
    answer(&script);
    harness.run();
    assert!(harness.query_by_label_contains("plain: Pullover 91.0 %").is_some());
    assert!(harness.query_by_label_contains("residual: Bag 91.0 %").is_some());
    assert!(harness.query_by_label_contains("is no picture").is_some());
}

#[test]
fn a_picture_is_opened_by_dialog_or_by_path() {
    let (mut harness, script) = training(20);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run();
    assert_eq!(*script.asked.borrow(), [FileDialog::Pictures]);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Pictures, vec!["bag.png".into()]));
    harness.run_steps(2);
    answer(&script);
    harness.run();
    assert!(harness.query_by_label("bag.png").is_some());
    type_into(&mut harness, "Path of a picture", "/tmp/boot.png");
    assert!(script.sent(|command| matches!(command, Command::Ask { question: Question::Classify(pictures), .. }
        if matches!(&pictures[..], [Picture::File(path)] if path == Path::new("/tmp/boot.png")))));
}

#[test]
fn closing_while_training_asks_once_and_then_stops_with_a_checkpoint() {
    let (mut harness, script) = training(5);
    ask_to_close(&mut harness);
    harness.get_by_label("Keep training").click();
    harness.run();
    assert!(harness.query_by_label("Keep training").is_none());
    assert!(!script.sent(|command| matches!(command, Command::Quit)));
    ask_to_close(&mut harness);
    assert!(harness.get_by_label("Stop and close").is_focused(), "Enter is enough");
    harness.key_press(Key::Enter);
    harness.run();
    let sent = script.sent.borrow();
    let tail: Vec<&Command> = sent.iter().rev().take(2).collect();
    assert!(matches!(tail[..], [Command::Quit, Command::Stop]), "{tail:?}");
}

#[test]
fn however_much_there_is_to_say_little_is_covered_and_all_of_it_is_in_the_log() {
    let (mut harness, script) = training(5);
    let notice =
        |number: usize| script.say(Event::Notice(format!("file {number} was left out. {}", "Why. ".repeat(80))));
    (1..=8).for_each(notice);
    harness.run_steps(3);
    let shown = harness.query_all_by_label_contains("Dismiss: file").collect::<Vec<_>>();
    assert_eq!(shown.len(), 2, "the newest");
    assert!(shown.iter().all(|shown| shown.rect().top() > 600.0), "the corner alone is covered");
    drop(shown);
    assert!(harness.query_by_label("6 more in the log").is_some());
    click(&mut harness, "Dismiss all");
    assert_eq!(harness.query_all_by_label_contains("Dismiss: file").count(), 0);
    let log = &harness.state().monitor().log;
    assert_eq!(log.iter().filter(|line| line.text.starts_with("file ")).count(), 8, "the log has all");
}

#[test]
fn what_failed_stays_until_it_is_read() {
    let (mut harness, script) = training(5);
    script.say(Event::Failed("the images could not be read: no such folder; choose another in Data".into()));
    harness.run_steps(3);
    step_until(&mut harness, "the message is on the screen", |harness| {
        harness.query_by_label_contains("Dismiss: The images").is_some()
    });
    harness.run_steps(100);
    harness.get_by_label_contains("Dismiss: The images").click();
    harness.run();
    assert!(harness.query_by_label_contains("Dismiss: The images").is_none());
    assert!(harness.query_by_label("Start").is_some(), "another start is possible");
}

#[test]
fn reset_clears_the_plots_and_passes_over_what_still_comes() {
    let (mut harness, script) = training(30);
    harness.get_by_label("Reset").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Stop)));
    script.say(Event::Steps(vec![record(31, 2)]));
    let outcome = Outcome {
        reason: "stopped".into(),
        steps: 31,
        seconds: 12.0,
        run: None,
        arms: vec![],
        planned: None,
        discordant: vec![],
    };
    script.say(Event::Finished(Box::new(outcome)));
    harness.run();
    assert!(harness.state().monitor().steps.is_empty());
    assert!(
        harness.query_by_label_contains("drop them or a folder on the window, open or paste them").is_some(),
        "its networks still answer"
    );
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 3);
    harness.run();
    assert_eq!(harness.state().monitor().steps.len(), 3);
}

#[test]
fn a_preset_replaces_the_form() {
    let (mut harness, script) = window();
    harness.get_by_label("Preset").click();
    harness.run();
    harness.get_by_label("resnet32").click();
    harness.run();
    assert!(
        harness.query_by_label_contains("464,154 parameters on images in colour; 92.5 %").is_some(),
        "what to expect is said"
    );
    click(&mut harness, "Optimiser");
    type_into(&mut harness, "Momentum", "0.95");
    assert!(!harness.get_by_label("Reset all").accesskit_node().is_disabled());
    harness.get_by_label("Start").click();
    harness.run();
    let experiment = script.started();
    assert_eq!(experiment.name, "resnet32");
    assert_eq!(experiment.arms.len(), 1);
    assert_eq!(experiment.recipe.optimizer.method, lab_core::experiment::Method::sgd(0.95));
}

#[test]
fn every_question_mark_explains() {
    let (mut harness, _script) = window();
    harness.get_by_label("About Shortcut, plain").click();
    harness.run();
    assert!(harness.query_by_label_contains("carries a block's input past").is_some());
}
