//! The form: every field, its rules, its way back; the experiment as text and as a file.

use crate::asked::shows;
use crate::pictures::pictured;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{self, Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::{Body, Experiment, Length, PRESETS, Plan, preset};
use lab_core::protocol::{Command, Tune};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Opens a section or a fold by its name, not by its place: what another thread finds (images, devices) may move it meanwhile.
/// The panel Data is called like a section, and comes after it.
pub fn unfold(harness: &mut Harness<'static, App>, title: &str) {
    harness.query_all_by_label(title).next().unwrap().scroll_to_me();
    harness.run();
    harness.query_all_by_label(title).next().unwrap().click_accesskit();
    harness.run();
}

/// Waits for something that another thread does.
pub fn wait_for(harness: &mut Harness<'static, App>, what: &str, so: impl Fn(&Harness<'static, App>) -> bool) {
    let begun = Instant::now();
    while !so(harness) {
        assert!(begun.elapsed() < Duration::from_mins(1), "after a minute still not so: {what}");
        std::thread::sleep(Duration::from_millis(10));
        harness.step();
    }
}

#[test]
fn each_invalid_value_is_shown_at_its_field() {
    let (mut harness, script) = window();
    for section in ["Data", "Training", "Optimiser", "Schedule", "Augmentation"] {
        unfold(&mut harness, section);
    }
    unfold(&mut harness, "More of residual");
    for (field, wrong, rule) in [
        ("Depth, residual", "57", "Must be 6n + 2 for this block"),
        ("Width, residual", "0", "Must be from 1 to 1024"),
        ("Gain α, residual", "1000", "Must be from -100 to 100"),
        ("Stochastic depth, residual", "1", "Must be at least 0 and below 1"),
        ("Dropout, residual", "1", "Must be at least 0 and below 1"),
        ("Logit factor, residual", "0", "Must be above 0 and at most 1000"),
        ("Run name", ".hidden", "Must be 1 to 80 characters"),
        ("Train for", "0", "Must be from 1 to 100000"),
        ("Batch size", "0", "Must be from 1 to 65536"),
        ("Label smoothing", "1", "Must be at least 0 and below 1"),
        ("Validate every", "0", "Must be from 1 to 100000"),
        ("Gradients every", "2000000", "Must be from 0 to 1000000"),
        ("Momentum", "1", "Must be at least 0 and below 1"),
        ("Learning rate", "0", "Must be above 0 and at most 1000"),
        ("Weight decay", "101", "Must be from 0 to 100"),
        ("Dampening", "0.5", "Must be false unless momentum is above 0 and dampening is 0"),
        ("Rise", "1", "Must be above 0 and below 1"),
        ("Start divisor", "0", "Must be from 1 to"),
        ("Warm-up", "-1", "Must be from 0 to"),
        ("Brightness ±", "2", "Must be from 0 to 1"),
        ("Contrast ±", "2", "Must be from 0 to 1"),
        ("Rotation ± °", "181", "Must be from 0 to 180"),
        ("Mixup alpha", "11", "Must be from 0 to 10"),
        ("Pad and crop", "65", "Must be from 0 to 64"),
        ("Cutout", "513", "Must be from 0 to 512"),
    ] {
        type_into(&mut harness, field, wrong);
        assert!(shows(&harness, rule), "{field} = {wrong}: {rule}");
        assert!(harness.get_by_label("Start").accesskit_node().is_disabled(), "{field}");
        click(&mut harness, &format!("Reset {field}"));
        assert!(!shows(&harness, "Must be"), "{field} is reset");
    }
    assert_eq!(script.starts(), 0);
    assert_eq!(*harness.state().plan(), PRESETS[0].plan());
}

#[test]
fn start_says_in_the_form_s_words_what_keeps_it_from_starting() {
    let (mut harness, _script) = window();
    for section in ["Training", "Optimiser"] {
        unfold(&mut harness, section);
    }
    type_into(&mut harness, "Batch size", "0");
    type_into(&mut harness, "Learning rate", "0");
    type_into(&mut harness, "Width, residual", "0");
    harness.get_by_label("Start").hover();
    for sentence in [
        "Batch size is 0, but must be from 1 to 65536",
        "Learning rate is 0, but must be above 0 and at most 1000",
        "Width of residual is 0, but must be from 1 to 1024",
    ] {
        wait_for(&mut harness, sentence, |harness| shows(harness, sentence));
    }
    assert!(!shows(&harness, "recipe.") && !shows(&harness, "arms["), "{:?}", names(&harness, "must be"));
}

#[test]
fn a_click_on_how_much_is_wrong_shows_where() {
    let (mut harness, _script) = window();
    click(&mut harness, "Training");
    type_into(&mut harness, "Run name", "a/b");
    click(&mut harness, "Training");
    assert!(!shows(&harness, "Must be 1 to 80 characters"));
    click(&mut harness, "1 field to correct before the start");
    wait_for(&mut harness, "the section unfolds", |harness| shows(harness, "Must be 1 to 80 characters"));
    type_into(&mut harness, "Depth, all arms", "21");
    assert!(shows(&harness, "Must be 6n + 2"), "shown at the field that was typed in");
}

#[test]
fn optional_fields_open_when_they_are_ticked() {
    let (mut harness, _script) = window();
    unfold(&mut harness, "Data");
    unfold(&mut harness, "Training");
    click(&mut harness, "Resize");
    type_into(&mut harness, "Image height", "4");
    assert!(shows(&harness, "Must be from 8 to 1024"));
    type_into(&mut harness, "Image height", "64");
    click(&mut harness, "Stop early");
    type_into(&mut harness, "Patience", "0");
    assert!(shows(&harness, "Must be from 1 to 100000"));
    type_into(&mut harness, "Patience", "3");
    type_into(&mut harness, "Least fall", "0.01");
    choose(&mut harness, "Normalise", "Given numbers");
    assert!(!shows(&harness, "Must be"));
    let plan = harness.state().plan();
    assert_eq!(plan.data.resize.map(|resize| (resize.height, resize.width)), Some((64, 32)));
    assert_eq!(plan.recipe.early_stopping.map(|it| (it.patience, it.min_delta)), Some((3, 0.01)));
}

#[test]
fn memory_is_estimated_and_time_only_once_it_was_measured() {
    let (mut harness, script) = window();
    assert_eq!(harness.query_all_by_label_contains("time not yet measured on").count(), 2);
    assert_eq!(harness.query_all_by_label_contains("MiB to train").count(), 2);
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 20);
    harness.run();
    assert_eq!(harness.query_all_by_label_contains("time not yet measured on").count(), 0);
    // 234 steps of 0.4 s for both arms, which cost the same.
    assert_eq!(harness.query_all_by_label_contains("to train · about 47 s on").count(), 2);
}

#[test]
fn the_experiment_goes_through_the_clipboard() {
    let (mut harness, _script) = window();
    type_into(&mut harness, "Width, residual", "12");
    let copied = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&copied);
    // A click takes several frames, and the output of the harness is that of the last one.
    let look = move |ui: &mut egui::Ui| {
        ui.output(|output| {
            for command in &output.commands {
                if let egui::OutputCommand::CopyText(text) = command {
                    *keep.lock().unwrap() = Some(text.clone());
                }
            }
        });
    };
    harness.ctx.on_end_pass("copied", Arc::new(look));
    click(&mut harness, "Copy experiment");
    assert!(shows(&harness, "Dismiss: The experiment is in the clipboard."));
    let text = copied.lock().unwrap().clone().expect("the experiment is copied");
    assert_eq!(Plan::from_toml(&text).unwrap(), *harness.state().plan());
    harness.run_steps(4);

    let other = preset("resnet32").unwrap().plan().to_toml().unwrap();
    harness.event(egui::Event::Paste(other));
    harness.run_steps(4);
    assert_eq!(harness.state().plan().name, "resnet32");
    harness.event(egui::Event::Paste("not an experiment".into()));
    harness.run_steps(4);
    assert!(shows(&harness, "Dismiss: The clipboard holds neither"));
    assert_eq!(harness.state().plan().name, "resnet32");
}

#[test]
fn the_experiment_is_saved_and_opened() {
    let (mut harness, script) = window();
    let place = tempfile::tempdir().unwrap();
    type_into(&mut harness, "Width, plain", "12");
    let mut plan = harness.state().plan().clone();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    harness.run();
    assert_eq!(*script.places.borrow(), ["experiment.toml"]);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Export, vec![place.path().join("mine")]));
    let path = place.path().join("mine.toml");
    wait_for(&mut harness, "it is saved", |harness| shows(harness, "Saved ") && path.exists());
    assert_eq!(Plan::from_toml(&std::fs::read_to_string(&path).unwrap()).unwrap(), plan);

    plan.name = "my own".into();
    std::fs::write(&path, plan.to_toml().unwrap()).unwrap();
    click(&mut harness, "Open experiment");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Experiment, vec![path.clone()]));
    harness.run_steps(4);
    assert_eq!(*harness.state().plan(), plan);
    assert!(shows(&harness, "An experiment of your own."));

    std::fs::write(&path, "name = 3").unwrap();
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Experiment, vec![path]));
    harness.run_steps(4);
    assert!(shows(&harness, "mine.toml cannot be opened: this is not an experiment: line 1"));
    assert_eq!(*harness.state().plan(), plan);
}

#[test]
fn a_preset_is_undone_with_its_marks() {
    let (mut harness, _script) = window();
    choose(&mut harness, "Preset", "resnet20");
    assert!(shows(&harness, "269,722 parameters; 91.3 %"));
    step_until(&mut harness, "the preset is undone", |harness| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.state().plan().name == "plain-vs-residual"
    });
    harness.run();
    assert!(harness.get_by_label("Reset all").accesskit_node().is_disabled());
    harness.key_press_modifiers(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::Z);
    harness.run();
    assert_eq!(harness.state().plan().name, "resnet20");
}

#[test]
fn immediate_mode_starts_anew_at_every_change() {
    let (mut harness, script) = window();
    let played = |script: &Script| -> Vec<Experiment> {
        let sent = script.sent.borrow();
        let plays = sent.iter().filter_map(|command| {
            if let Command::Play { experiment, .. } = command { Some((**experiment).clone()) } else { None }
        });
        plays.collect()
    };
    click(&mut harness, "Immediate");
    assert_eq!(played(&script).len(), 1, "at once");
    type_into(&mut harness, "Width, residual", "12");
    let all = played(&script);
    assert_eq!(all.len(), 2, "once for each change, not for each key");
    assert_eq!(all[1].data.train_limit, Some(640), "a few images, in small batches");
    assert_eq!(all[1].arms[1].network.stem_width(), 12);
    type_into(&mut harness, "Width, residual", "0");
    assert_eq!(played(&script).len(), 2, "nothing that cannot run is run");
    assert_eq!(script.starts(), 0, "and nothing is kept");
    assert_eq!(harness.state().plan().data.train_limit, None, "the form stays as it is");
}

#[test]
fn a_number_is_typed_letter_by_letter() {
    // What the first letter changes above and around a field must not take the keyboard away from it: the form now
    // differs from its preset, and two layers are too few.
    let (mut harness, _script) = window();
    unfold(&mut harness, "Training");
    for (field, letters) in [("Train for", ["9", "0"]), ("Depth, plain", ["2", "0"]), ("Width, residual", ["1", "6"])] {
        harness.get_by_label(field).scroll_to_me();
        harness.run();
        harness.get_by_label(field).click();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        for letter in letters {
            harness.event(egui::Event::Text(letter.into()));
            harness.run();
        }
        harness.key_press(Key::Enter);
        harness.run();
    }
    let plan = harness.state().plan();
    assert_eq!(plan.recipe.length, Length::Epochs(90));
    assert!(matches!(plan.arms[0].network.body, Body::Cifar { depth: 20, .. }), "{:?}", plan.arms[0].network.body);
    assert!(matches!(plan.arms[1].network.body, Body::Cifar { width: 16, .. }), "{:?}", plan.arms[1].network.body);
}

#[test]
fn augmentation_takes_effect_while_training() {
    let (mut harness, script) = training(5);
    unfold(&mut harness, "Augmentation");
    type_into(&mut harness, "Pad and crop", "4");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::Augmentation(it)) if it.pad_crop == 4)));
    type_into(&mut harness, "Measure gradients every", "25");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::ProbeEvery(25)))));
    type_into(&mut harness, "Momentum", "0.5");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::Momentum(it)) if *it == 0.5)));
    type_into(&mut harness, "Weight decay", "0.01");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::WeightDecay(it)) if *it == 0.01)));
}

#[test]
fn augmentation_is_changed_from_the_bar_while_training() {
    let (mut harness, script) = training(5);
    click(&mut harness, "Augmentation while training");
    type_into(&mut harness, "Pad and crop", "3");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::Augmentation(it)) if it.pad_crop == 3)));
    assert_eq!(harness.state().plan().recipe.augmentation.pad_crop, 3, "the form has it, too");
    assert!(!shows(&harness, "The form has changed since the start"));
    type_into(&mut harness, "Brightness ±", "7");
    assert!(
        harness.query_by_label_contains("Must be from 0 to 1").is_some(),
        "a wrong value is shown where it is typed"
    );
    assert!(!script.sent(|command| matches!(command, Command::Tune(Tune::Augmentation(it)) if it.brightness > 1.0)));
}

#[test]
fn a_change_that_needs_another_start_is_shown() {
    let (mut harness, _script) = training(5);
    assert!(!shows(&harness, "The form has changed since the start"));
    type_into(&mut harness, "Width, residual", "12");
    assert!(shows(&harness, "The form has changed since the start"));
    click(&mut harness, "Reset Width, residual");
    assert!(!shows(&harness, "The form has changed since the start"));
}

#[test]
fn the_sample_sheet_shows_augmented_images() {
    let (mut harness, _script) = window();
    unfold(&mut harness, "Augmentation");
    wait_for(&mut harness, "the images are read", |harness| shows(harness, "8 training images as they are"));
    click(&mut harness, "Augment the samples again");
    assert!(shows(&harness, "8 training images as they are"));
}

#[test]
fn devices_are_listed_by_name() {
    let (mut harness, _script) = window();
    unfold(&mut harness, "Device");
    harness.get_by_role_and_label(Role::ComboBox, "Device").scroll_to_me();
    harness.run();
    harness.get_by_role_and_label(Role::ComboBox, "Device").click();
    harness.run();
    wait_for(&mut harness, "the devices are found", |harness| shows(harness, "CPU (NdArray, the slow reference)"));
    assert!(shows(&harness, "CPU (Flex, burn's own operations)"));
}

#[test]
fn the_schedule_is_previewed_with_its_warm_up() {
    let (mut harness, _script) = window();
    unfold(&mut harness, "Schedule");
    assert!(shows(&harness, "Learning rate from 0.00400 over at most 0.100"));
    choose(&mut harness, "Curve", "Cosine");
    type_into(&mut harness, "Warm-up", "1");
    assert!(shows(&harness, "Learning rate from 0.0100 over at most 0.100"));
}

#[test]
fn every_field_has_its_question_mark() {
    let (mut harness, _script) = window();
    for section in ["Data", "Training", "Optimiser", "Schedule", "Augmentation", "Device"] {
        unfold(&mut harness, section);
    }
    unfold(&mut harness, "More of plain");
    let labels: Vec<String> =
        harness.query_all_by_label_contains("About ").filter_map(|node| node.accesskit_node().label()).collect();
    for field in [
        "Images",
        "Seed",
        "Nesterov",
        "Curve",
        "Mixup alpha",
        "Device",
        "Preset",
        "Shortcut, plain",
        "Stem width, plain",
    ] {
        assert!(labels.contains(&format!("About {field}")), "{field}");
    }
}

fn pictures_of_form(theme: Theme, name: &str) {
    pictured(theme, |harness, _, snapshot| {
        click(harness, "Networks");
        click(harness, "Training");
        click(harness, "Augmentation");
        type_into(harness, "Batch size", "0");
        type_into(harness, "Pad and crop", "4");
        harness.get_by_label("Training").scroll_to_me();
        harness.run();
        snapshot(harness, &format!("form_{name}"));
    });
}

#[test]
fn form_looks_as_before_in_the_dark() {
    pictures_of_form(Theme::Dark, "dark");
}

#[test]
fn form_looks_as_before_in_the_light() {
    pictures_of_form(Theme::Light, "light");
}
