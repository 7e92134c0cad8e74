//! The settings that can be changed while training: the bar shows what the engine says it trains with, and nothing else.

use crate::asked::shows;
use crate::scripted::*;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lab_core::experiment::{Curve, Experiment, Extension, PRESETS, Plan};
use lab_core::protocol::{ArmPast, Command, Event, Live, Outcome, Past, PastEvent, Phase, Prepared, Tune};
use lab_window::App;
use lab_window::dialogs::{Chosen, FileDialog};
use std::path::PathBuf;
use std::sync::Arc;

/// What a field shows, by its name.
fn shown(harness: &Harness<'static, App>, role: Role, name: &str) -> String {
    harness.get_by_role_and_label(role, name).accesskit_node().value().unwrap_or_default()
}

/// The learning rate at the slider.
fn rate(harness: &Harness<'static, App>) -> f64 {
    harness.get_by_role_and_label(Role::Slider, "Learning rate").accesskit_node().numeric_value().unwrap()
}

fn momentum(harness: &Harness<'static, App>) -> String {
    shown(harness, Role::SpinButton, "Momentum")
}

/// An experiment's settings after somebody has changed them, at these rates in use.
fn tuned(experiment: &Experiment, in_use: f64) -> Live {
    let mut live = live(experiment);
    for arm in &mut live.arms {
        (arm.learning_rate, arm.momentum, arm.weight_decay, arm.rate_in_use) = (0.02, Some(0.5), 0.003, Some(in_use));
    }
    live.probe_every = 7;
    live.augmentation.pad_crop = 3;
    live
}

fn assert_tuned(harness: &Harness<'static, App>) {
    assert_eq!(rate(harness), 0.02);
    assert_eq!(momentum(harness), "0.5");
    assert_eq!(shown(harness, Role::SpinButton, "Weight decay"), "0.003");
    assert!(shown(harness, Role::SpinButton, "Measure gradients every").starts_with('7'));
}

fn outcome(steps: u64, run: Option<PathBuf>) -> Event {
    Event::Finished(Box::new(Outcome {
        reason: "stopped".into(),
        steps,
        seconds: 4.0,
        run,
        arms: vec![],
        planned: None,
        discordant: vec![],
    }))
}

/// A window in which an experiment with these changes trains.
fn training_of(change: impl FnOnce(&mut Plan)) -> (Harness<'static, App>, Script) {
    let mut plan = PRESETS[0].plan();
    change(&mut plan);
    let experiment = Experiment::check(plan).unwrap();
    let (mut harness, script) = window();
    script.train(&experiment, 5);
    harness.run();
    (harness, script)
}

/// An engine that has ended a run of which somebody had changed the settings.
fn ended(steps: u64, run: Option<PathBuf>) -> (Harness<'static, App>, Script, Prepared) {
    let (mut harness, script) = training(5);
    let mut prepared = prepared(&script.started());
    prepared.run.clone_from(&run);
    script.say(Event::Tuned(Box::new(tuned(&prepared.experiment, 0.02))));
    script.say(Event::Prepared(Box::new(prepared.clone())));
    script.say(outcome(steps, run));
    script.say(Event::Phase(Phase::Done));
    harness.run();
    (prepared.live, prepared.first_step) = (tuned(&prepared.experiment, 8e-8), steps);
    (harness, script, prepared)
}

/// The learning rate that was sent last.
fn sent_rate(script: &Script) -> Option<f64> {
    let rate =
        |command: &Command| if let Command::Tune(Tune::LearningRate(rate)) = command { Some(*rate) } else { None };
    script.sent.borrow().iter().rev().find_map(rate)
}

#[test]
fn a_learning_rate_is_typed_to_the_last_digit_or_changed_in_fine_steps_by_arrow_keys() {
    let (mut harness, script) = training(5);
    let exact = |harness: &Harness<'static, App>| shown(harness, Role::SpinButton, "Exact learning rate");
    assert_eq!(exact(&harness), "0.1");
    harness.get_by_role_and_label(Role::SpinButton, "Exact learning rate").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(eframe::egui::Event::Text("0.033217".into()));
    harness.run();
    assert_eq!(sent_rate(&script), None, "half a number is no rate");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(sent_rate(&script), Some(0.033_217));
    assert_eq!(exact(&harness), "0.033217");

    let (mut harness, script) = training(5);
    harness.get_by_role_and_label(Role::Slider, "Learning rate").focus();
    harness.run();
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert_eq!(sent_rate(&script), Some(0.102), "a hundredth of a decade, in three digits");
    assert_eq!((rate(&harness), exact(&harness)), (0.102, "0.102".to_owned()));
    for _ in 0..50 {
        harness.key_press(Key::ArrowLeft);
        harness.run();
    }
    let rate = sent_rate(&script).unwrap();
    assert!((0.0315..0.0335).contains(&rate), "half a decade lower: {rate}");
}

#[test]
fn a_rate_that_makes_no_sense_is_not_taken_and_why_is_shown() {
    let (mut harness, script) = training(5);
    for (typed, why) in [("-1", "Must be from 1e-9 to 1000"), ("fast", "What was typed is no number")] {
        harness.get_by_role_and_label(Role::SpinButton, "Exact learning rate").click();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.event(eframe::egui::Event::Text(typed.into()));
        harness.key_press(Key::Enter);
        harness.run_steps(3);
        assert_eq!(sent_rate(&script), None, "{typed}");
        assert_eq!(shown(&harness, Role::SpinButton, "Exact learning rate"), "0.1", "{typed}");
        assert!(!names(&harness, why).is_empty(), "{typed}: {:?}", names(&harness, "Must be"));
    }
}

#[test]
fn an_extended_run_shows_what_it_goes_on_with() {
    let (mut harness, script, mut prepared) = ended(234, None);
    assert!(shows(&harness, "last learning rate 0.100"));
    harness.get_by_label("Extend").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Extend { epochs: 1, schedule: Extension::Stretch })));
    prepared.total_steps += 39;
    script.say(Event::Prepared(Box::new(prepared)));
    script.say(Event::Phase(Phase::Training));
    harness.run();
    assert_tuned(&harness);
    assert!(shows(&harness, "now 8.00e-8, peak 0.0200"), "the schedule has ended, and the bar says so");
}

#[test]
fn a_run_that_was_stopped_and_goes_on_shows_what_it_goes_on_with() {
    let (mut harness, script, prepared) = ended(5, Some("runs/mine".into()));
    assert!(harness.query_by_label("Stopped").is_some() && harness.query_by_label("Done").is_none());
    assert!(harness.query_by_label("Extend").is_none(), "what it has not done yet comes first");
    harness.get_by_label("Continue the run").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Resume { .. })));
    script.say(Event::Prepared(Box::new(prepared)));
    script.say(Event::Phase(Phase::Training));
    harness.run();
    assert_tuned(&harness);
}

#[test]
fn a_run_from_the_disk_shows_its_own_settings_and_not_the_form_s() {
    let (mut harness, script) = window();
    command(&mut harness, "continue a run from its folder");
    *script.chosen.borrow_mut() = Some(Chosen::Paths(FileDialog::Run, vec!["runs/mine".into()]));
    harness.run_steps(3);
    let mut plan = PRESETS[0].plan();
    (plan.recipe.optimizer.learning_rate, plan.recipe.probe_every) = (0.5, 99);
    let mut prepared = prepared(&Experiment::check(plan).unwrap());
    prepared.live = tuned(&prepared.experiment, 0.01);
    script.say(Event::Prepared(Box::new(prepared)));
    script.say(Event::Phase(Phase::Training));
    harness.run();
    assert_tuned(&harness);
    click(&mut harness, "Augmentation while training");
    assert!(shown(&harness, Role::SpinButton, "Pad and crop").starts_with('3'));
    // The form has another one, and keeps it.
    type_into(&mut harness, "Pad and crop", "2");
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::Augmentation(it)) if it.pad_crop == 2)));
    assert_eq!(harness.state().plan().recipe.augmentation.pad_crop, 0);
    assert!(!script.sent(|command| matches!(command, Command::Tune(Tune::ProbeEvery(_)))));
}

#[test]
fn arms_with_their_own_optimisers_are_shown_apart_before_a_change_sets_them_all() {
    let (mut harness, script) = training_of(|plan| {
        let mut own = plan.recipe.optimizer.clone();
        (own.learning_rate, own.weight_decay) = (0.004, 0.0);
        plan.arms[1].optimizer = Some(own);
        plan.recipe.schedule = Curve::Constant.into();
    });
    assert!(shows(&harness, "Learning rate, all arms: now plain 0.100, residual 0.00400"));
    let decay = "Weight decay, all arms: now plain 1e-4, residual 0";
    assert_eq!(shown(&harness, Role::SpinButton, decay), "by arm");
    assert_eq!(momentum(&harness), "0.9", "in which they agree");
    // To visit a field is not to change it.
    for field in [decay, "Momentum"] {
        harness.get_by_role_and_label(Role::SpinButton, field).click();
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
    }
    assert!(!script.sent(|command| matches!(command, Command::Tune(_))));
    harness.get_by_role_and_label(Role::SpinButton, decay).click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(eframe::egui::Event::Text("0.01".into()));
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Tune(Tune::WeightDecay(it)) if *it == 0.01)));
    let experiment = harness.state().monitor().prepared.as_ref().unwrap().experiment.clone();
    let mut now = live(&experiment);
    now.arms.iter_mut().for_each(|arm| arm.weight_decay = 0.01);
    script.say(Event::Tuned(Box::new(now)));
    harness.run();
    assert_eq!(shown(&harness, Role::SpinButton, "Weight decay"), "0.01");
    assert!(shows(&harness, "Learning rate, all arms"), "in which they still differ");
}

#[test]
fn an_arm_that_has_stopped_has_no_settings_any_more() {
    let (mut harness, script) = training_of(|plan| {
        let mut own = plan.recipe.optimizer.clone();
        own.learning_rate = 0.004;
        plan.arms[1].optimizer = Some(own);
    });
    let mut step = record(6, 2);
    step.arms[1] = None;
    script.say(Event::Steps(vec![step]));
    harness.run();
    assert_eq!(rate(&harness), 0.1);
}

#[test]
fn under_a_schedule_the_rate_in_use_is_beside_the_peak() {
    let (mut harness, script) = training(5);
    assert!(shows(&harness, "now 0.100, peak 0.100"));
    let mut step = record(6, 2);
    step.arms.iter_mut().flatten().for_each(|arm| arm.learning_rate = 0.031);
    script.say(Event::Steps(vec![step.clone()]));
    harness.run();
    assert!(shows(&harness, "now 0.0310, peak 0.100"));
    assert_eq!(rate(&harness), 0.1, "the slider sets the peak");
    step.arms[1].as_mut().unwrap().learning_rate = 0.002;
    script.say(Event::Steps(vec![step]));
    harness.run();
    assert!(shows(
        &harness,
        "Learning rate now: plain 0.0310, residual 0.00200. At its peak: plain 0.100, residual 0.100"
    ));
}

#[test]
fn without_a_schedule_there_is_one_rate_to_show() {
    let (harness, _script) = training_of(|plan| plan.recipe.schedule = Curve::Constant.into());
    assert_eq!(rate(&harness), 0.1);
    assert!(!shows(&harness, "peak"));
}

#[test]
fn a_choice_is_shown_until_the_engine_has_answered_and_then_the_answer() {
    let (mut harness, script) = training(5);
    type_into(&mut harness, "Momentum", "0.5");
    harness.run_steps(5);
    assert_eq!(momentum(&harness), "0.5");
    script.say(Event::Steps(vec![record(6, 2)]));
    harness.run();
    assert_eq!(momentum(&harness), "0.5", "a step is no answer");
    let mut answer = live(&script.started());
    answer.arms.iter_mut().for_each(|arm| arm.momentum = Some(0.45));
    script.say(Event::Tuned(Box::new(answer)));
    harness.run();
    assert_eq!(momentum(&harness), "0.45", "what trains, whatever was asked for");
}

#[test]
fn a_setting_is_not_changed_by_being_shown() {
    // The slider ends at 10, and three digits are shown of a rate.
    for rate in [12.0, 0.012_345_6] {
        let (mut harness, script) = training_of(|plan| plan.recipe.optimizer.learning_rate = rate);
        assert_eq!(self::rate(&harness), rate);
        for _ in 0..14 {
            harness.key_press_modifiers(Modifiers::NONE, Key::Tab);
            harness.run();
        }
        harness.key_press(Key::Escape);
        harness.run();
        assert_eq!(self::rate(&harness), rate);
        assert!(!script.sent(|command| matches!(command, Command::Tune(_))), "{rate}");
    }
}

#[test]
fn an_arm_whose_loss_is_no_number_any_more_has_diverged_and_was_not_stopped() {
    let (mut harness, script) = training(10);
    let (mut last, mut after) = (record(11, 2), record(12, 2));
    if let Some(plain) = &mut last.arms[0] {
        plain.loss = f64::NAN;
    }
    after.arms[0] = None;
    script.say(Event::Steps(vec![last, after]));
    harness.run();
    assert!(harness.query_by_label("plain diverged at step 11").is_some(), "nobody has stopped it");
}

#[test]
fn a_run_that_is_opened_again_has_its_whole_log() {
    // High enough for all lines to be seen at once.
    let (mut harness, script) = window_of(vec2(1440.0, 2000.0), Theme::Dark, false);
    let experiment = Experiment::check(PRESETS[0].plan()).unwrap();
    let event = |step, what: &str| PastEvent { step, what: what.into(), intervened: false, stopped: None };
    let arm = |arm| ArmPast { evaluations: vec![evaluation(arm, 20), evaluation(arm, 40)], ..ArmPast::default() };
    let past = Past {
        arms: vec![arm(0), arm(1)],
        events: vec![event(0, "started on CPU (Flex)"), event(40, "all steps are done")],
        ..Past::default()
    };
    let reopened = Prepared { past: Some(Arc::new(past)), first_step: 40, ..prepared(&experiment) };
    script.say(Event::Prepared(Box::new(reopened)));
    script.say(outcome(40, None));
    harness.run();
    command(&mut harness, "Show Log");
    let heights =
        |text: &str| -> Vec<f32> { harness.query_all_by_label_contains(text).map(|line| line.rect().top()).collect() };
    let [started, done] = ["Started on CPU", "All steps are done"].map(|text| heights(text)[0]);
    let validated = heights("residual: validation loss");
    assert_eq!((validated.len(), heights("plain: validation loss").len()), (2, 2));
    assert!(validated.iter().all(|line| (started..done).contains(line)), "{started} {validated:?} {done}");
}
