//! What outlasts the window: the form, the last run, a run of the list that is opened. And what no key can do by accident.

use crate::runs::{experiment, run};
use crate::scripted::*;
use eframe::egui::Event as Pressed;
use eframe::egui::{Key, Modifiers, PointerButton, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::protocol::keep::Keeper;
use lab_core::protocol::{Command, Event, Intervention, Outcome, Phase};
use lab_core::runs::{Folder, Guess, Notes};
use lab_window::App;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A window that finds what another one kept, as after a restart or a crash.
pub fn restarted(before: &mut Harness<'static, App>, place: &Path) -> (Harness<'static, App>, Script) {
    let places = Places { runs: Some(place.to_owned()), program: None };
    let (mut harness, script) = window_with(vec2(1440.0, 900.0), Theme::Dark, false, Some(kept_of(before)), places);
    harness.run();
    (harness, script)
}

/// What the engine says of a run that it opens or goes on with.
pub fn shown(script: &Script, folder: &Path, name: &str, steps: u64) {
    let mut prepared = prepared(&experiment(name));
    let kept = Folder::under(PathBuf::new()).reopen(folder).unwrap();
    (prepared.run, prepared.first_step, prepared.past) = (Some(folder.to_owned()), steps, Some(Arc::new(kept.past)));
    script.say(Event::Prepared(Box::new(prepared)));
}

/// The engine says that the run has come to its end.
pub fn ended(script: &Script, folder: &Path, steps: u64) {
    script.say(Event::Phase(Phase::Done));
    let (reason, run) = ("interrupted".into(), Some(folder.to_owned()));
    let outcome = Outcome { reason, steps, seconds: 1.0, run, arms: vec![], planned: None, discordant: vec![] };
    script.say(Event::Finished(Box::new(outcome)));
}

#[test]
fn the_form_is_as_it_was_after_a_restart_and_begins_at_its_top() {
    let place = tempfile::tempdir().unwrap();
    let (mut harness, _script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    type_into(&mut harness, "Width, plain", "5");
    harness.get_by_label("Augmentation").scroll_to_me();
    harness.run();
    let (again, _script) = restarted(&mut harness, place.path());
    let width = again.get_by_label("Width, plain").accesskit_node().value();
    assert_eq!(width.as_deref(), Some("5 channels"));
    assert!(again.get_by_label("Preset").rect().top() > 0.0, "not scrolled away");
    assert!(again.query_by_label("Go on where you were?").is_none(), "there was no run");
}

#[test]
fn the_last_run_is_offered_and_opens_with_its_settings_or_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 20);
    harness.run();
    let (mut again, script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "the run is offered", |harness| harness.query_by_label("Go on where you were?").is_some());
    assert!(!names(&again, "short: stopped after 20 of").is_empty());
    assert!(again.query_by_label("Continue the last run").is_some());
    again.get_by_label("Open the last run").click();
    again.run();
    assert!(script.sent(|command| matches!(command, Command::Open { run, .. } if *run == folder)));
    shown(&script, &folder, "short", 20);
    ended(&script, &folder, 20);
    again.run();
    assert_eq!(again.state().plan().recipe.batch_size, 80, "the form has its settings");
    assert_eq!(again.state().monitor().steps.len(), 20, "and the plots its curves");
    assert!(again.query_by_label("Go on where you were?").is_none());
    assert!(!names(&again, "Interrupted (after 20 steps)").is_empty());
    click(&mut again, "Continue the run");
    assert!(script.sent(|command| matches!(command, Command::Resume { run, .. } if *run == folder)));
}

#[test]
fn a_run_is_offered_again_after_something_was_tried_that_is_not_kept() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 20);
    harness.run();
    // As immediate mode trains: without a folder.
    script.say(Event::Prepared(Box::new(prepared(&experiment("tried")))));
    harness.run();
    let (mut again, _script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "the run is offered", |harness| !names(harness, "short: stopped after 20 of").is_empty());
}

#[test]
fn a_run_that_was_opened_unfinished_goes_on_from_every_panel_that_has_nothing_to_show() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 5);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 5);
    ended(&script, &folder, 5);
    harness.run();
    for (panel, why) in [("Confusion", "before its first validation"), ("Gradients", "before the run was interrupted")]
    {
        command(&mut harness, &format!("show {panel}"));
        assert!(!names(&harness, why).is_empty(), "{panel}");
        assert!(harness.query_by_label(&format!("Start training: {panel}")).is_none(), "that would be another run");
        let go_on = format!("Continue the run: {panel}");
        assert!(!harness.get_by_label(&go_on).accesskit_node().is_disabled());
    }
    click(&mut harness, "Continue the run: Gradients");
    assert!(script.sent(|command| matches!(command, Command::Resume { run, .. } if *run == folder)));
    script.say(Event::Phase(Phase::Paused));
    harness.run();
    click(&mut harness, "Continue training: Gradients");
    assert!(script.sent(|command| matches!(command, Command::Continue)));
}

#[test]
fn what_is_to_be_corrected_is_shown_where_a_panel_would_start() {
    let (mut harness, script) = window();
    type_into(&mut harness, "Depth, plain", "21");
    command(&mut harness, "show confusion");
    assert!(harness.get_by_label("Start training: Confusion").accesskit_node().is_disabled());
    assert!(!names(&harness, "To be corrected in the form first: ").is_empty());
    assert!(harness.get_by_label("Guess: plain").accesskit_node().is_disabled());
    assert_eq!(script.starts(), 0);
}

#[test]
fn a_run_that_was_killed_is_offered_and_no_longer_once_it_was_declined() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    // As a crash leaves it.
    std::fs::remove_file(folder.join("outcome.json")).unwrap();
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 20);
    harness.run();
    let (mut again, _script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "the run is offered", |harness| {
        !names(harness, "short: interrupted after 20 of").is_empty()
    });
    let (mut third, _script) = restarted(&mut again, place.path());
    wait_until(&mut third, "it is offered until something is done", |harness| {
        harness.query_by_label("No, thanks").is_some()
    });
    third.get_by_label("No, thanks").click();
    third.run();
    let (mut fourth, _script) = restarted(&mut third, place.path());
    fourth.run_steps(20);
    assert!(fourth.query_by_label("Go on where you were?").is_none());
}

#[test]
fn a_finished_run_opens_from_the_list_by_a_button_a_double_click_or_enter() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    click(&mut harness, "Runs");
    wait_until(&mut harness, "it is listed", |harness| !names(harness, "Run short,").is_empty());
    let opened = |script: &Script| {
        let found = script.sent(|command| matches!(command, Command::Open { run, .. } if *run == folder));
        script.sent.borrow_mut().clear();
        found
    };
    let reset = |harness: &mut Harness<'static, App>| {
        click(harness, "Reset");
        click(harness, "Runs");
        wait_until(harness, "it is listed", |harness| !names(harness, "Run short,").is_empty());
    };
    harness.get_by_label_contains("Run short,").click();
    harness.run();
    click(&mut harness, "Open short");
    assert!(opened(&script), "by the button");
    assert!(harness.get_by_label("Curves").rect().width() > 0.0, "and its curves are in front");
    shown(&script, &folder, "short", 20);
    ended(&script, &folder, 20);
    harness.run();
    assert_eq!(harness.state().plan().recipe.batch_size, 80);

    reset(&mut harness);
    let at = harness.get_by_label_contains("Run short,").rect().left_center() + vec2(120.0, 0.0);
    harness.hover_at(at);
    harness.run();
    // Both clicks in one frame: a harness's frames are far apart.
    for pressed in [true, false, true, false] {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        harness.input_mut().events.push(Pressed::PointerButton { pos: at, button, pressed, modifiers });
    }
    harness.run();
    assert!(opened(&script), "by a double click");
    ended(&script, &folder, 20);
    harness.run();

    reset(&mut harness);
    harness.get_by_label_contains("Run short,").click();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(opened(&script), "by Enter");
}

#[test]
fn a_run_that_trains_is_not_ended_by_opening_another() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    click(&mut harness, "Start");
    script.train(&script.started(), 5);
    harness.run();
    click(&mut harness, "Runs");
    wait_until(&mut harness, "it is listed", |harness| !names(harness, "Run short,").is_empty());
    harness.get_by_label_contains("Run short,").click();
    harness.run();
    for button in ["Open short", "Continue short"] {
        assert!(harness.get_by_label(button).accesskit_node().is_disabled(), "{button}");
    }
}

#[test]
fn no_key_acts_behind_a_dialog_and_its_first_field_has_the_keyboard() {
    let (mut harness, script) = window();
    command(&mut harness, "about");
    harness.key_press(Key::Space);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::R);
    harness.run();
    assert_eq!(script.sent.borrow().len(), 0, "Space starts nothing behind About");
    harness.key_press(Key::Escape);
    harness.run();
    command(&mut harness, "open weights");
    harness.event(eframe::egui::Event::Text("/tmp/net.pth".into()));
    harness.key_press(Key::Period);
    harness.run();
    assert_eq!(script.starts(), 0, "a point in a path is a point");
    assert_eq!(harness.get_by_label("File").accesskit_node().value().as_deref(), Some("/tmp/net.pth"));
    harness.key_press(Key::Escape);
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(script.starts(), 1, "afterwards the keys are what they were");
}

#[test]
fn opening_weights_says_that_it_ends_the_run_under_way() {
    let (mut harness, script) = training(5);
    script.say(Event::Phase(Phase::Paused));
    harness.run();
    command(&mut harness, "open weights");
    assert!(!names(&harness, "The run under way ends with a checkpoint").is_empty());
    assert!(harness.query_by_label("Open these weights").is_some());
}

#[test]
fn an_arm_that_died_is_named_in_the_bar_and_at_the_end() {
    let (mut harness, script) = training(10);
    let mut record = record(11, 2);
    record.arms[0] = None;
    let (stopped, why) = (Some("plain".to_owned()), "plain: the loss is no longer a finite number");
    script.say(Event::Intervened(Intervention { stopped, ..Intervention::new(10, why) }));
    script.say(Event::Intervened(Intervention::new(10, "learning rate 0.05")));
    script.say(Event::Steps(vec![record]));
    harness.run();
    let stopped = harness.get_by_label("plain stopped at step 10").rect().center();
    harness.hover_at(stopped);
    harness.run_steps(8);
    assert!(harness.query_by_label("plain: the loss is no longer a finite number").is_some(), "its own reason");
}

#[test]
fn depth_and_width_of_all_networks_are_set_at_once() {
    let (mut harness, script) = window();
    type_into(&mut harness, "Depth, all arms", "20");
    type_into(&mut harness, "Width, all arms", "4");
    let sizes: Vec<_> = harness.state().plan().arms.iter().map(|arm| arm.network.clone()).collect();
    assert!(sizes.iter().all(|network| network.depth() == 20), "{sizes:?}");
    type_into(&mut harness, "Depth, plain", "8");
    assert_eq!(harness.get_by_label("Depth, all arms").accesskit_node().value().as_deref(), Some("by arm"));
    click(&mut harness, "Start");
    assert_eq!(script.started().arms[0].network.depth(), 8);
}

#[test]
fn a_finished_run_on_show_does_not_go_by_a_stray_key() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 20);
    ended(&script, &folder, 20);
    harness.run();
    for (key, name) in [(Key::Space, "Space"), (Key::Period, ".")] {
        harness.key_press(key);
        harness.run();
        assert!(!names(&harness, &format!("{name} does nothing here")).is_empty(), "it is said why");
    }
    assert_eq!((script.starts(), harness.state().monitor().steps.len()), (0, 20));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(script.starts(), 1, "that is no key for nothing");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(script.starts(), 1, "what trains is left alone");
}

#[test]
fn a_guess_is_there_again_when_its_run_is_opened() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    click(&mut harness, "Guess: residual");
    shown(&script, &folder, "short", 20);
    harness.run();
    let noted = |_: &Harness<'static, App>| Notes::read(&folder).unwrap().guess == Some(Guess::Arm("residual".into()));
    wait_until(&mut harness, "the run keeps it", noted);
    let (mut again, script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "offered", |again| again.query_by_label("Open the last run").is_some());
    click(&mut again, "Open the last run");
    shown(&script, &folder, "short", 20);
    ended(&script, &folder, 20);
    wait_until(&mut again, "the guess", |again| !names(again, "Your guess, residual, is open").is_empty());
}

#[test]
fn an_opened_run_says_at_what_rate_it_ended() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    let mut prepared = prepared(&experiment("short"));
    let kept = Folder::under(PathBuf::new()).reopen(&folder).unwrap();
    (prepared.run, prepared.first_step, prepared.past) = (Some(folder.clone()), 20, Some(Arc::new(kept.past)));
    prepared.total_steps = 20;
    // The schedule's next step would be one at rate nothing.
    prepared.live.arms.iter_mut().for_each(|arm| arm.rate_in_use = Some(0.0));
    script.say(Event::Prepared(Box::new(prepared)));
    ended(&script, &folder, 20);
    harness.run();
    assert!(harness.query_by_label("last learning rate 0.100").is_some(), "{:?}", names(&harness, "last learning"));
}

#[test]
fn any_field_of_one_network_can_be_given_to_all() {
    let (mut harness, _script) = window();
    choose(&mut harness, "Activation, plain", "GELU");
    harness.get_by_label("Activation, plain").click_secondary();
    harness.run();
    harness.get_by_label("Set in every network").click();
    harness.run();
    let activations: Vec<_> = harness.state().plan().arms.iter().map(|arm| arm.network.activation).collect();
    assert_eq!(activations[0], activations[1]);
    assert_eq!(activations[0], lab_core::experiment::Activation::Gelu);
}

#[test]
fn presets_stand_under_what_they_are_for() {
    let (mut harness, _script) = window();
    click(&mut harness, "Preset");
    for family in ["Side by side", "CIFAR ResNets", "ImageNet nets", "From the article"] {
        assert!(harness.query_by_label(family).is_some(), "{family}");
    }
}

#[test]
fn a_depth_that_is_no_net_is_shown_with_its_neighbours_and_dragging_snaps() {
    let (mut harness, _script) = window();
    type_into(&mut harness, "Depth, plain", "57");
    assert!(!names(&harness, "Must be 6n + 2 for this block, such as 56 or 62.").is_empty());
    assert!(!names(&harness, "Counted once its fields are corrected").is_empty(), "no layers are made up");
    type_into(&mut harness, "Depth, plain", "56");
    let at = harness.get_by_label("Depth, plain").rect().center();
    harness.drag_at(at);
    for step in 1..=12 {
        harness.hover_at(at + vec2(4.0 * step as f32, 0.0));
        harness.step();
        let depth = harness.state().plan().arms[0].network.depth();
        assert_eq!((depth - 2) % 6, 0, "{depth} after {step} moves");
    }
    harness.drop_at(at + vec2(48.0, 0.0));
    harness.run();
    assert!(harness.state().plan().arms[0].network.depth() > 56);
}

#[test]
fn a_run_from_another_machine_opens_when_its_zip_file_is_dropped() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = run(there.path(), "short", 20);
    let archive = there.path().join("theirs.zip");
    lab_core::export::bundle::write(&folder, std::fs::File::create(&archive).unwrap()).unwrap();
    let (mut harness, script) = window_over(here.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    harness.input_mut().dropped_files.push(Arc::new(File(archive)));
    harness.step();
    let ours = here.path().join("theirs");
    wait_until(&mut harness, "it is opened", |_| {
        script.sent(|command| matches!(command, Command::Open { run, .. } if *run == ours))
    });
    assert!(lab_core::runs::open(&ours).is_ok());
}

#[test]
fn a_run_that_could_not_be_opened_leaves_the_form_alone_and_trying_out_keeps_the_offer() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path(), "short", 20);
    let (mut harness, script) = window_over(place.path(), vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    shown(&script, &folder, "short", 20);
    harness.run();
    let (mut again, script) = restarted(&mut harness, place.path());
    wait_until(&mut again, "the run is offered", |harness| harness.query_by_label("Open the last run").is_some());
    again.get_by_label("Open the last run").click();
    again.run();
    script.say(Event::Failed("its images have changed".into()));
    again.run();
    let before = again.state().plan().clone();
    // Immediate mode's experiment is a small one, and has no folder.
    click(&mut again, "Immediate");
    script.say(Event::Prepared(Box::new(prepared(&experiment("a brief one").brief().unwrap()))));
    again.run();
    assert_eq!(*again.state().plan(), before, "the form stays as it is");
    click(&mut again, "Immediate");
    click(&mut again, "Reset");
    assert!(again.query_by_label("Open the last run").is_some(), "it is still offered");
}
