//! What a person does in the window, by the names that a screen reader reads out, against a scripted engine.

#![allow(
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests"
)]

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Key, Modifiers, Theme, ThemePreference, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions};
use residual_lab::app::dialogs::{Chosen, Dialogs, Wanted};
use residual_lab::app::form::ArmSummary;
use residual_lab::app::link::Link;
use residual_lab::app::{App, Parts};
use residual_lab::experiment::{DeviceChoice, Experiment, PRESETS};
use residual_lab::train::protocol::{
    Answer, ArmInfo, ArmProbe, ArmStep, BlockProbe, Classified, Command, DatasetInfo, Evaluation, Event, Intervention,
    Outcome, Phase, Picture, Prepared, ProbeRecord, Question, Seen, StepRecord, Tune,
};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// An engine that does nothing but note what it is told and say what it was given to say.
#[derive(Clone, Default)]
struct Script {
    sent: Rc<RefCell<Vec<Command>>>,
    events: Rc<RefCell<VecDeque<Event>>>,
    chosen: Rc<RefCell<Option<Chosen>>>,
    asked: Rc<RefCell<Vec<Wanted>>>,
}

impl Link for Script {
    fn send(&self, command: Command) {
        self.sent.borrow_mut().push(command);
    }
    fn drain(&self, _: Duration) -> Vec<Event> {
        self.events.borrow_mut().drain(..).collect()
    }
}

impl Dialogs for Script {
    fn ask(&mut self, wanted: Wanted, _: &egui::Context) {
        self.asked.borrow_mut().push(wanted);
    }
    fn poll(&mut self) -> Option<Chosen> {
        self.chosen.borrow_mut().take()
    }
}

impl Script {
    fn say(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    /// The experiment of the last start.
    fn started(&self) -> Experiment {
        let started = |command: &Command| {
            if let Command::Start { experiment, .. } = command { Some((**experiment).clone()) } else { None }
        };
        self.sent.borrow().iter().rev().find_map(started).expect("a start was sent")
    }

    fn starts(&self) -> usize {
        self.sent.borrow().iter().filter(|command| matches!(command, Command::Start { .. })).count()
    }

    fn sent(&self, wanted: impl Fn(&Command) -> bool) -> bool {
        self.sent.borrow().iter().any(wanted)
    }

    /// What a real engine says after a start: loading, ready, then steps with a probe and a validation.
    fn train(&self, experiment: &Experiment, steps: u64) {
        self.say(Event::Phase(Phase::Loading));
        self.say(Event::Prepared(Box::new(prepared(experiment))));
        self.say(Event::Phase(Phase::Training));
        let arms = experiment.arms.len();
        self.say(Event::Steps((1..=steps).map(|step| record(step, arms)).collect()));
        for step in (10..=steps).step_by(10) {
            self.say(Event::Probed(Box::new(probe(step, arms))));
        }
        for step in (20..=steps).step_by(20) {
            (0..arms).for_each(|arm| self.say(Event::Evaluated(Box::new(evaluation(arm, step)))));
        }
    }
}

fn prepared(experiment: &Experiment) -> Prepared {
    let blocks: Vec<String> = (0..27).map(|block| format!("layer{}.{}", block / 9 + 1, block % 9)).collect();
    let info = |arm: &residual_lab::experiment::Arm| ArmInfo {
        name: arm.name.clone(),
        parameters: 214_042,
        macs: 31_200_000,
        blocks: blocks.clone(),
    };
    let classes =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
    Prepared {
        experiment: experiment.clone(),
        dataset: DatasetInfo {
            name: "Fashion-MNIST".into(),
            shape: [1, 28, 28],
            classes: classes.map(String::from).into(),
            train: 5000,
            validation: 1000,
            mean: vec![0.28],
            std: vec![0.35],
        },
        device: "CPU (Flex)".into(),
        steps_per_epoch: 39,
        total_steps: 234,
        first_step: 0,
        run: None,
        arms: experiment.arms.iter().map(info).collect(),
    }
}

/// A wobble that is the same in every run.
fn wobble(step: u64) -> f64 {
    ((step * 7919) % 101) as f64 / 101.0 - 0.5
}

fn level(arm: usize, step: u64) -> f64 {
    let pace = if arm == 0 { 150.0 } else { 40.0 };
    0.3 + 2.0 * (-(step as f64) / pace).exp()
}

fn record(step: u64, arms: usize) -> StepRecord {
    let arm = |arm| {
        let loss = level(arm, step) + 0.2 * wobble(step + 31 * arm as u64);
        Some(ArmStep { loss, accuracy: (1.0 - loss / 2.6).clamp(0.0, 1.0), learning_rate: 0.1 })
    };
    let seconds = step as f64 * 0.4;
    StepRecord {
        step,
        epoch: step as f64 / 39.0,
        seconds,
        images_per_second: 320.0,
        arms: (0..arms).map(arm).collect(),
    }
}

fn probe(step: u64, arms: usize) -> ProbeRecord {
    let block = |arm: usize, block: u64| {
        let norm = if arm == 0 { 10f64.powf(-0.1 * (27 - block) as f64) } else { 0.4 } * (1.0 + wobble(step + block));
        BlockProbe {
            weight_gradient_norm: norm,
            weight_norm: 5.0,
            output_gradient_norm: norm / 9.0,
            activation_std: 1.0,
            activation_mean: 0.0,
        }
    };
    let arm = |arm| ArmProbe { gradient_norm: 1.0, blocks: (0..27).map(|index| block(arm, index)).collect() };
    ProbeRecord { step, arms: (0..arms).map(arm).collect() }
}

fn evaluation(arm: usize, step: u64) -> Evaluation {
    let (loss, accuracy) = (level(arm, step) + 0.1, 1.0 - level(arm, step) / 2.8);
    let cell = |index: u64| {
        if index / 10 == index % 10 { (100.0 * accuracy) as u32 } else { (10.0 * (1.0 + wobble(index))) as u32 }
    };
    let confusion = (0..100).map(cell).collect();
    let (epoch, seconds) = (step as f64 / 39.0, step as f64 * 0.4);
    Evaluation { arm, step, epoch, seconds, loss, accuracy, top5: 0.99, confusion, best: true }
}

fn window_of(size: egui::Vec2, theme: Theme, pixels: bool) -> (Harness<'static, App>, Script) {
    let script = Script::default();
    let parts = Parts {
        link: Box::new(script.clone()),
        dialogs: Box::new(script.clone()),
        summarize: Box::new(|arm, _, _| {
            let width = arm.network.stem_width() as u64;
            Ok(ArmSummary {
                depth: arm.network.depth(),
                parameters: width * width * 3_000,
                macs: width * width * 500_000,
            })
        }),
        plan: PRESETS[0].plan(),
        device: DeviceChoice::Auto,
        frame_log: None,
    };
    let builder = Harness::builder().with_size(size).with_theme(theme).with_max_steps(64);
    let builder = if pixels { builder.wgpu() } else { builder };
    let harness = builder.build_eframe(|context| {
        let app = App::new(context, parts);
        context.egui_ctx.set_theme(theme);
        app
    });
    (harness, script)
}

fn window() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window_of(vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    (harness, script)
}

/// A window in which the default experiment has come this far.
fn training(steps: u64) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), steps);
    harness.run();
    (harness, script)
}

/// Steps until something is so; background threads do not wake a harness.
fn step_until(harness: &mut Harness<'static, App>, what: &str, so: impl Fn(&Harness<'static, App>) -> bool) {
    for _ in 0..200 {
        if so(harness) {
            return;
        }
        harness.step();
    }
    panic!("after 200 frames still not so: {what}");
}

/// Types into a field as a person does: click, select all, type, Enter.
fn type_into(harness: &mut Harness<'static, App>, name: &str, text: &str) {
    harness.get_by_label(name).scroll_to_me();
    harness.run();
    harness.get_by_label(name).click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_label(name).type_text(text);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}

/// Scrolls to a widget and clicks it.
fn click(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_label(name).scroll_to_me();
    harness.run();
    harness.get_by_label(name).click();
    harness.run();
}

#[test]
fn start_is_the_only_thing_to_press() {
    let (mut harness, script) = window();
    harness.get_by_label("Start").click();
    harness.run();
    assert_eq!(script.started().clone().into_plan(), PRESETS[0].plan());
    assert!(harness.query_by_label("Pause").is_some());
}

#[test]
fn events_become_curves_with_a_summary_in_words() {
    let (harness, script) = training(60);
    assert_eq!(harness.state().session().steps.len(), 60);
    let summary = harness.get_by_label_contains("Loss after step 60: plain");
    assert!(summary.accesskit_node().label().unwrap().contains("; residual"), "both arms are told");
    assert!(harness.query_by_label_contains("Accuracy after step 60").is_some());
    assert!(harness.query_by_label_contains("step 60 of 234").is_some());
    assert!(harness.query_by_label_contains("by block and step. plain: first block").is_some());
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
fn a_depth_that_is_no_net_is_told_at_the_field_and_at_start() {
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
fn width_changes_the_parameters_and_is_undone() {
    let (mut harness, _script) = window();
    assert_eq!(harness.query_all_by_label_contains("56 layers · 192,000 parameters").count(), 2);
    type_into(&mut harness, "Width, residual", "16");
    assert!(harness.query_by_label_contains("768,000 parameters").is_some());
    assert!(harness.query_by_label_contains("Differs from plain in 2 fields").is_some());
    // The form settles before it counts as one change.
    step_until(&mut harness, "the change is undone", |harness| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.query_by_label_contains("768,000 parameters").is_none()
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
    script.say(Event::Intervened(Intervention { step: 5, what: "learning rate 0.1 → 0.01".into() }));
    harness.run();
    assert_eq!(harness.state().session().interventions.len(), 1);
}

#[test]
fn the_theme_follows_its_switch() {
    let (mut harness, _script) = window();
    for expected in [ThemePreference::Light, ThemePreference::System, ThemePreference::Dark] {
        harness.get_by_label("Theme").click();
        harness.run();
        assert_eq!(harness.ctx.options(|options| options.theme_preference), expected);
    }
}

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

/// Answers the last question: files with "bad" in their names cannot be read.
fn answer(script: &Script) {
    let asked = script.sent.borrow().iter().rev().find_map(|command| {
        if let Command::Ask { id, question: Question::Classify(pictures) } = command {
            Some((*id, pictures.clone()))
        } else {
            None
        }
    });
    let (id, pictures) = asked.expect("a question was sent");
    let classified = |picture: &Picture| {
        let name = if let Picture::File(path) = picture { path.display().to_string() } else { "clipboard".into() };
        let sure = |class: usize| (0..10).map(|index| if index == class { 0.91 } else { 0.01 }).collect();
        let probabilities = if name.contains("bad") {
            Err("bad.txt is no picture: it is empty".into())
        } else {
            Ok(vec![sure(2), sure(8)])
        };
        Classified { name, seen: Seen { width: 2, height: 2, rgb: vec![200; 12] }, probabilities }
    };
    script.say(Event::Answer { id, answer: Ok(Answer::Classified(pictures.iter().map(classified).collect())) });
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
    assert_eq!(*script.asked.borrow(), [Wanted::Pictures]);
    *script.chosen.borrow_mut() = Some(Chosen::Paths(Wanted::Pictures, vec!["bag.png".into()]));
    harness.run_steps(2);
    answer(&script);
    harness.run();
    assert!(harness.query_by_label("bag.png").is_some());
    type_into(&mut harness, "Path of a picture", "/tmp/boot.png");
    assert!(script.sent(|command| matches!(command, Command::Ask { question: Question::Classify(pictures), .. }
        if matches!(&pictures[..], [Picture::File(path)] if path == Path::new("/tmp/boot.png")))));
    *script.chosen.borrow_mut() = Some(Chosen::Unavailable);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Dismiss: No file dialog can be opened").is_some());
}

#[test]
fn closing_while_training_asks_once_and_then_stops_with_a_checkpoint() {
    let (mut harness, script) = training(5);
    let close = |harness: &mut Harness<'static, App>| {
        let id = egui::ViewportId::ROOT;
        harness.input_mut().viewports.get_mut(&id).unwrap().events.push(egui::ViewportEvent::Close);
        harness.run_steps(3);
    };
    close(&mut harness);
    harness.get_by_label("Keep training").click();
    harness.run();
    assert!(harness.query_by_label("Keep training").is_none());
    assert!(!script.sent(|command| matches!(command, Command::Quit)));
    close(&mut harness);
    assert!(harness.get_by_label("Stop and close").is_focused(), "Enter is enough");
    harness.key_press(Key::Enter);
    harness.run();
    let sent = script.sent.borrow();
    let tail: Vec<&Command> = sent.iter().rev().take(2).collect();
    assert!(matches!(tail[..], [Command::Quit, Command::Stop]), "{tail:?}");
}

#[test]
fn what_failed_stays_until_it_is_read() {
    let (mut harness, script) = training(5);
    script.say(Event::Failed("the images could not be read: no such folder; choose another in Data".into()));
    harness.run_steps(3);
    step_until(&mut harness, "the message is on the screen", |harness| {
        harness.query_by_label_contains("Dismiss: the images").is_some()
    });
    harness.run_steps(100);
    harness.get_by_label_contains("Dismiss: the images").click();
    harness.run();
    assert!(harness.query_by_label_contains("Dismiss: the images").is_none());
    assert!(harness.query_by_label("Start").is_some(), "another start is possible");
}

#[test]
fn reset_clears_the_plots_and_passes_over_what_still_comes() {
    let (mut harness, script) = training(30);
    harness.get_by_label("Reset").click();
    harness.run();
    assert!(script.sent(|command| matches!(command, Command::Stop)));
    script.say(Event::Steps(vec![record(31, 2)]));
    let outcome = Outcome { reason: "stopped by hand".into(), steps: 31, seconds: 12.0, run: None, arms: vec![] };
    script.say(Event::Finished(Box::new(outcome)));
    harness.run();
    assert!(harness.state().session().steps.is_empty());
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 3);
    harness.run();
    assert_eq!(harness.state().session().steps.len(), 3);
}

#[test]
fn a_preset_replaces_the_form() {
    let (mut harness, script) = window();
    harness.get_by_label("Preset").click();
    harness.run();
    harness.get_by_label("resnet32").click();
    harness.run();
    assert!(harness.query_by_label_contains("464,154 parameters; 92.5 %").is_some(), "what to expect is told");
    click(&mut harness, "Optimiser");
    type_into(&mut harness, "Momentum", "0.95");
    assert!(harness.query_by_label("Changed from the preset.").is_some());
    harness.get_by_label("Start").click();
    harness.run();
    let experiment = script.started();
    assert_eq!(experiment.name, "resnet32");
    assert_eq!(experiment.arms.len(), 1);
    assert_eq!(experiment.recipe.optimizer.method, residual_lab::experiment::Method::sgd(0.95));
}

#[test]
fn every_question_mark_explains() {
    let (mut harness, _script) = window();
    harness.get_by_label("About Shortcut, plain").click();
    harness.run();
    assert!(harness.query_by_label_contains("carries a block's input past").is_some());
}

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

/// Draws the window empty and while training, and compares both with the pictures kept beside the tests.
fn compare(theme: Theme, name: &str) {
    if !can_draw() {
        return;
    }
    let options = SnapshotOptions::new().threshold(1.2).max_failed_pixels(400);
    let (mut harness, script) = window_of(vec2(1024.0, 700.0), theme, true);
    harness.run();
    harness.snapshot_options(format!("empty_{name}"), &options);
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), 120);
    harness.run();
    harness.remove_cursor();
    harness.run();
    harness.snapshot_options(format!("training_{name}"), &options);
}

#[test]
fn the_dark_window_looks_as_it_did() {
    compare(Theme::Dark, "dark");
}

#[test]
fn the_light_window_looks_as_it_did() {
    compare(Theme::Light, "light");
}
