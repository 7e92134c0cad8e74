//! A window with a scripted engine behind it, and what a person does in it.

use eframe::egui::{self, Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::blueprint::outline::Outline;
use lab_core::experiment::{DeviceChoice, DeviceInfo, Experiment};
use lab_core::instrument::Confusion;
use lab_core::protocol::link::Link;
use lab_core::protocol::{
    Answer, ArmInfo, ArmLive, ArmProbe, ArmStep, BlockProbe, Classification, Classified, Command, DatasetInfo,
    Evaluation, Event, Live, Phase, Picture, Prepared, ProbeRecord, Question, StepRecord, Thumbnail,
};
use lab_window::dialogs::{Chosen, Dialogs, FileDialog};
use lab_window::{App, AppParts};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// An engine that does nothing but note what it is sent and say what it was given to say.
#[derive(Clone, Default)]
pub struct Script {
    pub sent: Rc<RefCell<Vec<Command>>>,
    pub events: Rc<RefCell<VecDeque<Event>>>,
    pub chosen: Rc<RefCell<Option<Chosen>>>,
    pub asked: Rc<RefCell<Vec<FileDialog>>>,
    /// Folders that were to be shown in a file manager.
    pub revealed: Rc<RefCell<Vec<PathBuf>>>,
    /// Names of files for which a place was asked.
    pub places: Rc<RefCell<Vec<String>>>,
    /// Whether a dialog is open that nobody answers.
    pub is_open: Rc<Cell<bool>>,
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
    fn ask(&mut self, wanted: FileDialog, _: &egui::Context) {
        self.asked.borrow_mut().push(wanted);
    }
    fn ask_place(&mut self, name: &str, _: Option<&Path>, _: &egui::Context) -> bool {
        if !self.is_open.get() {
            self.places.borrow_mut().push(name.to_owned());
        }
        !self.is_open.get()
    }
    fn reveal(&mut self, folder: &Path) -> Result<(), String> {
        self.revealed.borrow_mut().push(folder.to_owned());
        Ok(())
    }
    fn poll(&mut self, _: &egui::Context) -> Option<Chosen> {
        self.chosen.borrow_mut().take()
    }
}

impl Script {
    pub fn say(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    /// The experiment of the last start.
    pub fn started(&self) -> Experiment {
        let started = |command: &Command| {
            if let Command::Start { experiment, .. } = command { Some((**experiment).clone()) } else { None }
        };
        self.sent.borrow().iter().rev().find_map(started).expect("a start was sent")
    }

    pub fn starts(&self) -> usize {
        self.sent.borrow().iter().filter(|command| matches!(command, Command::Start { .. })).count()
    }

    pub fn sent(&self, wanted: impl Fn(&Command) -> bool) -> bool {
        self.sent.borrow().iter().any(wanted)
    }

    /// What a real engine says after a start: loading, ready, then steps with a probe and a validation.
    pub fn train(&self, experiment: &Experiment, steps: u64) {
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

pub fn classes() -> Vec<String> {
    ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
        .map(String::from)
        .into()
}

pub fn prepared(experiment: &Experiment) -> Prepared {
    let info = |arm: &lab_core::experiment::Arm| {
        let outline = Outline::new(arm, [1, 28, 28], 10).unwrap();
        let blocks = outline.blocks().map(|block| block.part.name.clone()).collect();
        ArmInfo { name: arm.name.clone(), parameters: outline.parameters, macs: outline.macs, blocks }
    };
    Prepared {
        experiment: experiment.clone(),
        dataset: DatasetInfo {
            name: "Fashion-MNIST".into(),
            shape: [1, 28, 28],
            classes: classes(),
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
        live: live(experiment),
        past: None,
    }
}

/// The settings that an experiment begins with, each arm at its base learning rate.
pub fn live(experiment: &Experiment) -> Live {
    let arm = |arm: &lab_core::experiment::Arm| {
        let rule = arm.optimizer(&experiment.recipe);
        ArmLive {
            learning_rate: rule.learning_rate,
            rate_in_use: Some(rule.learning_rate),
            momentum: rule.method.momentum(),
            weight_decay: rule.weight_decay,
        }
    };
    let recipe = &experiment.recipe;
    Live {
        arms: experiment.arms.iter().map(arm).collect(),
        augmentation: recipe.augmentation.clone(),
        probe_every: recipe.probe_every,
    }
}

/// A wobble that is the same in every run.
pub fn wobble(step: u64) -> f64 {
    ((step * 7919) % 101) as f64 / 101.0 - 0.5
}

pub fn level(arm: usize, step: u64) -> f64 {
    let pace = if arm == 0 { 150.0 } else { 40.0 };
    0.3 + 2.0 * (-(step as f64) / pace).exp()
}

pub fn record(step: u64, arms: usize) -> StepRecord {
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

pub fn probe(step: u64, arms: usize) -> ProbeRecord {
    let block = |arm: usize, block: u64| {
        let norm = if arm == 0 { 10f64.powf(-0.1 * (27 - block) as f64) } else { 0.4 } * (1.0 + wobble(step + block));
        BlockProbe {
            weight_gradient_norm: norm,
            weight_norm: 5.0,
            update_norm: 0.01 * norm,
            output_gradient_norm: norm / 9.0,
            activation_std: 1.0,
            activation_mean: 0.0,
            branch_ratio: (arm > 0).then_some(0.2),
        }
    };
    let arm = |arm| ArmProbe {
        gradient_norm: 1.0,
        weight_norm: 26.0,
        update_norm: 0.02,
        blocks: (0..27).map(|index| block(arm, index)).collect(),
    };
    ProbeRecord { step, arms: (0..arms).map(arm).collect() }
}

pub fn evaluation(arm: usize, step: u64) -> Evaluation {
    let (loss, accuracy) = (level(arm, step) + 0.1, 1.0 - level(arm, step) / 2.8);
    let cell = |index: u64| {
        if index / 10 == index % 10 { (100.0 * accuracy) as u32 } else { (10.0 * (1.0 + wobble(index))) as u32 }
    };
    let cells: Vec<u32> = (0..100).map(cell).collect();
    let confusion = Confusion::of_matrix(&cells, 10);
    let (epoch, seconds) = (step as f64 / 39.0, step as f64 * 0.4);
    Evaluation { arm, step, epoch, seconds, loss, accuracy, top5: 0.99, confusion, predicted: Vec::new(), best: true }
}

pub fn window_of(size: egui::Vec2, theme: Theme, pixels: bool) -> (Harness<'static, App>, Script) {
    window_with(size, theme, pixels, None, Places::default())
}

/// A window whose runs are in this folder.
pub fn window_over(place: &Path, size: egui::Vec2, theme: Theme, pixels: bool) -> (Harness<'static, App>, Script) {
    window_with(size, theme, pixels, None, Places { runs: Some(place.to_owned()), program: None })
}

/// What a machine without a GPU has.
fn devices() -> Vec<DeviceInfo> {
    let cpu = |choice, name: &str| DeviceInfo { choice, name: name.to_owned(), software: false };
    vec![
        cpu(DeviceChoice::Flex, "CPU (Flex, fused kernels)"),
        cpu(DeviceChoice::FlexStock, "CPU (Flex, burn's own operations)"),
        cpu(DeviceChoice::NdArray, "CPU (NdArray, the slow reference)"),
    ]
}

/// What of the disk a window knows.
#[derive(Default)]
pub struct Places {
    /// Where its runs are.
    pub runs: Option<PathBuf>,
    /// What it starts to work on studies.
    pub program: Option<PathBuf>,
}

/// A window that finds what was kept when it was closed last, and runs in a place.
pub fn window_with(
    size: egui::Vec2,
    theme: Theme,
    pixels: bool,
    kept: Option<&'static dyn eframe::Storage>,
    places: Places,
) -> (Harness<'static, App>, Script) {
    let script = Script::default();
    let parts = AppParts {
        link: Box::new(script.clone()),
        dialogs: Box::new(script.clone()),
        plan: None,
        device: DeviceChoice::Auto,
        devices,
        resident: || Some(256 << 20),
        place: places.runs,
        program: places.program,
        frame_log: None,
    };
    let builder = Harness::builder().with_size(size).with_theme(theme).with_max_steps(64);
    let builder = if pixels { builder.wgpu() } else { builder };
    let harness = builder.build_eframe(|context| {
        context.storage = kept;
        let app = App::new(context, parts);
        context.egui_ctx.set_theme(theme);
        context.egui_ctx.on_begin_pass("clear", Arc::new(clear));
        app
    });
    (harness, script)
}

/// The window is cleared in its background's colour; a harness leaves that out.
fn clear(ui: &mut egui::Ui) {
    let ctx = ui.ctx();
    let color = ctx.global_style().visuals.extreme_bg_color;
    ctx.layer_painter(egui::LayerId::background()).rect_filled(ctx.content_rect(), 0.0, color);
}

/// A window of the usual size, in the dark.
pub fn window() -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window_of(vec2(1440.0, 900.0), Theme::Dark, false);
    harness.run();
    (harness, script)
}

/// A window in which the default experiment has come this far.
pub fn training(steps: u64) -> (Harness<'static, App>, Script) {
    let (mut harness, script) = window();
    harness.get_by_label("Start").click();
    harness.run();
    script.train(&script.started(), steps);
    harness.run();
    (harness, script)
}

/// Steps until something is so; background threads do not wake a harness.
pub fn step_until(harness: &mut Harness<'static, App>, what: &str, so: impl Fn(&Harness<'static, App>) -> bool) {
    for _ in 0..200 {
        if so(harness) {
            return;
        }
        harness.step();
    }
    panic!("after 200 frames still not so: {what}");
}

/// Waits for something that a thread brings about.
pub fn wait_until(harness: &mut Harness<'static, App>, what: &str, so: impl Fn(&Harness<'static, App>) -> bool) {
    for _ in 0..1000 {
        if so(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
        harness.step();
    }
    panic!("after ten seconds still not so: {what}");
}

/// The names of all widgets that contain a text, for messages and for reading values.
pub fn names(harness: &Harness<'static, App>, part: &str) -> Vec<String> {
    use egui_kittest::kittest::NodeT;
    let nodes = harness.query_all_by_label_contains("").map(|node| node.accesskit_node());
    let said = nodes.filter_map(|node| node.label().or_else(|| node.value()));
    // A label's name may differ from what is written in it.
    said.filter(|said| said.contains(part)).collect()
}

/// Types into a field as a person does: click, select all, type, Enter.
pub fn type_into(harness: &mut Harness<'static, App>, name: &str, text: &str) {
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
pub fn click(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_label(name).scroll_to_me();
    harness.run();
    harness.get_by_label(name).click();
    harness.run();
}

/// Does what the window's close button does.
pub fn ask_to_close(harness: &mut Harness<'static, App>) {
    let id = egui::ViewportId::ROOT;
    harness.input_mut().viewports.get_mut(&id).unwrap().events.push(egui::ViewportEvent::Close);
    harness.run_steps(3);
}

#[derive(Debug)]
pub struct File(pub PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

/// Answers the last question: files with "bad" in their names cannot be read.
pub fn answer(script: &Script) {
    let asked = script.sent.borrow().iter().rev().find_map(|command| {
        if let Command::Ask { id, question: Question::Classify(pictures), .. } = command {
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
        Classified { name, seen: Thumbnail { width: 2, height: 2, rgb: vec![200; 12] }, probabilities }
    };
    let (arms, classes) = (vec!["plain".into(), "residual".into()], classes());
    let pictures = pictures.iter().map(classified).collect();
    script.say(Event::Answer { id, answer: Ok(Answer::Classified(Classification { arms, classes, pictures })) });
}

/// Does a command by its name, through the palette.
pub fn command(harness: &mut Harness<'static, App>, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_label("Command").type_text(text);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}

/// Opens a list and chooses one of its entries.
pub fn choose(harness: &mut Harness<'static, App>, name: &str, entry: &str) {
    click(harness, name);
    harness.get_by_label(entry).scroll_to_me();
    harness.run();
    harness.get_by_label(entry).click();
    harness.run();
}

/// What eframe keeps between two starts.
#[derive(Default)]
pub struct Storage(pub HashMap<String, String>);

impl eframe::Storage for Storage {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }
    fn flush(&mut self) {}
}

/// What a window keeps for the next one.
pub fn kept_of(harness: &mut Harness<'static, App>) -> &'static dyn eframe::Storage {
    let mut storage = Storage::default();
    eframe::App::save(harness.state_mut(), &mut storage);
    Box::leak(Box::new(storage))
}
