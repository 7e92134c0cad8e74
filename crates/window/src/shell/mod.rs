//! The window as a whole: takes in events, lays out bar, form and panels, and carries out actions. The only folder that
//! knows all others; none of them may know it.

mod about;
mod bar;
mod carry;
mod closing;
mod commands;
mod frames;
mod incoming;
mod keys;
mod last;
pub mod memory;
mod open_weights;
mod palette;
mod prompt;
mod sight;
pub mod start;
mod toasts;
mod tuning;
mod unasked;
mod verdict;

use crate::action::{Action, RunAction};
use crate::collection::Collection;
use crate::dialogs::{Dialogs, FileDialog};
use crate::export::{Done, Saving};
use crate::finder::Finder;
use crate::form::Form;
use crate::kit::theme::{self, Tokens};
use crate::laboratory::Laboratory;
use crate::own_program::OwnProgram;
use crate::panel::{CLASSIFY, LEARN};
use crate::panels::{Panels, Stores};
use crate::scene::Scene;
use crate::shelf::Shelf;
use crate::state::inquiries::Inquiries;
use crate::state::selected::SelectedBlock;
use crate::state::{Level, Monitor};
use bar::Bar;
use closing::{Closing, UnderWay};
use eframe::egui::{Align2, CentralPanel, Context, FontId, Frame, Id, LayerId, Margin, Order, Panel as SidePanel, Ui};
use frames::Frames;
use incoming::Incoming;
use keys::Stray;
use lab_core::experiment::{Augmentation, DeviceChoice, DeviceInfo, PRESETS, Plan, Source};
use lab_core::protocol::link::Link;
use lab_core::protocol::{Command, DatasetInfo, Event, Tune};
use lab_core::runs::Guess;
use lab_core::study::place_beside;
use last::{Last, Restored};
use memory::Memory;
use open_weights::{DialogStep, OpenWeights};
use palette::Palette;
use prompt::Prompt;
use sight::Sight;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use toasts::Toasts;
use unasked::Unasked;
use verdict::Verdicts;

/// Where the devices' speeds are kept.
const SPEEDS: &str = "speeds";
/// Where it is kept how large everything was before presenting: egui remembers what it is now.
const ZOOM: &str = "zoom before presenting";
/// Time a frame may spend taking in events.
const BUDGET: Duration = Duration::from_millis(4);
/// Time between two times of keeping what is shown, in case of a crash.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// Width of the form at first, in points.
const FORM: f32 = 352.0;

/// What a window is made of.
pub struct AppParts {
    pub link: Box<dyn Link>,
    pub dialogs: Box<dyn Dialogs>,
    /// What the form begins with; what it held last, or the default preset, if absent.
    pub plan: Option<Plan>,
    /// Where it shall run.
    pub device: DeviceChoice,
    /// Finds the devices of this machine; called on a thread of its own.
    pub devices: fn() -> Vec<DeviceInfo>,
    /// How many bytes of memory the program takes, if that can be known.
    pub resident: fn() -> Option<u64>,
    /// Where the runs are kept, if they are.
    pub place: Option<PathBuf>,
    /// This program, to be started again to work on studies.
    pub program: Option<PathBuf>,
    /// Draws without pause and writes each frame's time here.
    pub frame_log: Option<PathBuf>,
}

/// The window.
pub struct App {
    pub(super) link: Box<dyn Link>,
    pub(super) dialogs: Box<dyn Dialogs>,
    pub(super) form: Form,
    pub(super) monitor: Monitor,
    pub(super) inquiries: Inquiries,
    /// The block that every panel looks at.
    pub(super) selected: Option<SelectedBlock>,
    bar: Bar,
    pub(super) panels: Panels,
    pub(super) shelf: Shelf,
    pub(super) laboratory: Laboratory,
    pub(super) finder: Finder,
    /// The images that the form names.
    collection: Collection,
    verdicts: Verdicts,
    last: Last,
    /// A run that was asked for; the form takes its experiment once it is there.
    pub(super) awaited: Option<PathBuf>,
    pub(super) incoming: Incoming,
    unasked: Unasked,
    pub(super) toasts: Toasts,
    pub(super) saving: Saving,
    frames: Frames,
    memory: Memory,
    /// What the images of the last experiment, or those that the form names, turned out to be, and where they came from.
    known: Option<(Source, DatasetInfo)>,
    /// The device of the experiment under way, as it was chosen.
    pub(super) device: DeviceChoice,
    /// Augmentation and steps between probes as the form had them last; only a change is sent to the engine. What the
    /// engine uses is in the monitor.
    pub(super) applied: (Augmentation, u32),
    /// What a person expects of the experiment that was started last; its run keeps it, too.
    pub(super) guess: Option<Guess>,
    /// What immediate mode trained last.
    pub(super) played: Option<Plan>,
    pub(super) shortcuts: bool,
    /// Whether the form is shown.
    pub(super) form_shown: bool,
    /// What was shown before presenting: the form, and how large everything was.
    pub(super) presenting: Option<(bool, f32)>,
    pub(super) about: bool,
    pub(super) palette: Option<Palette>,
    pub(super) prompt: Option<Prompt>,
    pub(super) weights: Option<OpenWeights>,
    pub(super) closing: Closing,
}

impl App {
    /// A window around these parts.
    #[must_use]
    pub fn new(context: &eframe::CreationContext<'_>, parts: AppParts) -> Self {
        theme::install(&context.egui_ctx);
        context.egui_ctx.add_plugin(Sight::default());
        let Restored { last, plan, ticked, study } = Last::restored(context.storage);
        let plan = parts.plan.or(plan).unwrap_or_else(|| PRESETS[0].plan());
        let mut form = Form::new(plan, parts.device, parts.devices);
        form.speeds = context.storage.and_then(|storage| eframe::get_value(storage, SPEEDS)).unwrap_or_default();
        let zoom: Option<Option<f32>> = context.storage.and_then(|storage| eframe::get_value(storage, ZOOM));
        zoom.flatten().into_iter().for_each(|zoom| context.egui_ctx.set_zoom_factor(zoom));
        let program = OwnProgram::new(parts.program);
        let studies = parts.place.as_ref().map(|runs| place_beside(runs));
        let mut laboratory = Laboratory::new(studies, program.clone());
        study.into_iter().for_each(|study| laboratory.watch(study, None));
        form.fetching.place = parts.place.as_ref().and_then(|runs| runs.parent().map(Path::to_owned));
        Self {
            link: parts.link,
            dialogs: parts.dialogs,
            form,
            monitor: Monitor::default(),
            inquiries: Inquiries::default(),
            selected: None,
            bar: Bar::default(),
            panels: Panels::new(context.storage),
            finder: Finder::new(program.clone()),
            laboratory,
            collection: Collection::default(),
            verdicts: Verdicts::default(),
            last,
            awaited: None,
            incoming: Incoming::default(),
            unasked: Unasked::default(),
            shelf: Shelf::new(parts.place, ticked),
            toasts: Toasts::default(),
            saving: Saving::new(program),
            frames: Frames::new(parts.frame_log.as_deref()),
            memory: Memory::new(parts.resident),
            known: None,
            device: parts.device,
            applied: Default::default(),
            guess: None,
            played: None,
            shortcuts: false,
            form_shown: true,
            presenting: None,
            about: false,
            palette: None,
            prompt: None,
            weights: None,
            closing: Closing::default(),
        }
    }

    /// What the window knows of the experiment under way.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The block that every panel looks at.
    #[must_use]
    pub fn selected(&self) -> Option<&SelectedBlock> {
        self.selected.as_ref()
    }

    /// What the form holds.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.form.plan
    }

    fn take_in(&mut self, ctx: &Context) {
        let begun = Instant::now();
        for event in self.link.drain(BUDGET) {
            match event {
                Event::Progress { id, done, total, so_far } => self.inquiries.came(id, done, total, so_far),
                Event::Answer { id, answer } => {
                    for line in self.inquiries.answered(id, answer, self.monitor.step()) {
                        self.monitor.say(Level::Info, line);
                    }
                }
                event => {
                    let is_shown = OpenWeights::hear(&mut self.weights, &event);
                    if let Event::Imported(_) = &event {
                        self.panels.bring(CLASSIFY);
                    }
                    if let Event::Prepared(prepared) = &event {
                        if prepared.is_of_weights() {
                            self.monitor.reset();
                        }
                        // A run that is extended keeps its networks, and what was found in them.
                        let before = self.monitor.prepared.as_ref().and_then(|before| before.run.as_ref());
                        if before.is_none() || before != prepared.run.as_ref() {
                            self.inquiries.forget();
                            self.form.colors.forget();
                        }
                        self.known = crate::form::after(self.known.take(), prepared);
                        if let (Some(run), Some(guess)) = (&prepared.run, self.guess.clone()) {
                            self.shelf.annotate(run, |notes| notes.guess = Some(guess), ctx);
                        }
                        prepared.run.iter().for_each(|run| self.last.shows(run));
                        // What was asked for may have failed, and this be something else.
                        if self.awaited.take().is_some_and(|run| prepared.run.as_ref() == Some(&run)) {
                            self.form.set_plan(prepared.experiment.clone().into_plan());
                            self.applied = self.form.live();
                        }
                    }
                    if let Some((level, text)) = self.monitor.apply(event).filter(|_| !is_shown) {
                        self.toasts.push(level, text);
                    }
                }
            }
        }
        if !self.form.immediate {
            // What is played is too short to be measured by.
            self.form.speeds.note(self.device, &self.monitor);
        }
        self.unasked.tend(&self.monitor, &mut self.inquiries, &*self.link);
        if begun.elapsed() >= BUDGET {
            // There may be more: go on in the next frame.
            ctx.request_repaint();
        }
        if let Some(chosen) = self.dialogs.poll(ctx) {
            self.chosen(ctx, chosen);
        }
        let ended = self.monitor.prepared.as_ref().filter(|_| !self.monitor.is_active());
        self.shelf.hold(ended.and_then(|prepared| prepared.run.as_deref()), ctx);
        for problem in self.shelf.take_in(ctx) {
            self.say(Level::Error, problem);
        }
        self.arrived();
        self.laboratory.tend(ctx);
        self.finder.tend();
        self.collection.tend(ctx, &self.form.plan, self.form.is_sound_on_images());
        self.form.fault = self.collection.fault();
        if let Some(known) = self.collection.news() {
            self.known = Some(known);
        }
        while let Some(done) = self.saving.poll() {
            match done {
                Done::Saved(path) => self.say(Level::Info, format!("Saved {}", path.display())),
                Done::Failed(why) => self.say(Level::Error, why),
                Done::Copy(text) => {
                    ctx.copy_text(text);
                    self.say(Level::Info, "The data are in the clipboard.");
                }
                Done::CopyPicture(picture) => {
                    ctx.copy_image(picture);
                    self.say(Level::Info, "The picture is in the clipboard.");
                }
            }
        }
    }

    /// The form; what it changes that can take effect at once does, once the field that changes it is left.
    fn form(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.form.ui(ui, self.known.as_ref(), &mut self.collection, actions);
        let busy = ui.ctx().egui_is_using_pointer() || ui.memory(|memory| memory.focused().is_some());
        if busy || self.form.experiment().is_err() {
            return;
        }
        let before = std::mem::replace(&mut self.applied, self.form.live());
        if self.form.immediate {
            self.play();
        } else if self.monitor.is_active() {
            let (augmentation, probe_every) = &self.applied;
            if *augmentation != before.0 {
                actions.push(Action::Run(RunAction::Tune(Tune::Augmentation(augmentation.clone()))));
            }
            if *probe_every != before.1 {
                actions.push(Action::Run(RunAction::Tune(Tune::ProbeEvery(*probe_every))));
            }
        }
    }

    /// Whatever lies over the window for a while.
    fn windows(&mut self, ctx: &Context, drawn_by: &str, actions: &mut Vec<Action>) {
        keys::list(ctx, &mut self.shortcuts);
        let computed_on = self.monitor.prepared.as_ref().map(|prepared| prepared.device.clone());
        let computed_on = computed_on.unwrap_or_else(|| self.form.device_name());
        about::ui(ctx, &mut self.about, drawn_by, &computed_on);
        if let Some(palette) = &mut self.palette
            && !palette.ui(ctx, &self.monitor, actions)
        {
            self.palette = None;
        }
        if let Some(weights) = &mut self.weights {
            match weights.ui(ctx, self.form.device, &self.form.plan.data, self.monitor.is_active()) {
                DialogStep::Stay => {}
                DialogStep::ChooseFile => self.dialogs.ask(FileDialog::Weights, ctx),
                DialogStep::Read(import) => self.link.send(Command::Import(import)),
                DialogStep::Close => self.weights = None,
            }
        }
        if let Some(prompt) = &mut self.prompt {
            let (open, chosen) = prompt.ui(ctx);
            if !open {
                self.prompt = None;
            }
            if let Some(chosen) = chosen {
                self.chosen(ctx, chosen);
            }
        }
    }

    /// Asks before the window closes over something under way.
    fn close(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        let under_way = UnderWay { run: self.monitor.is_active(), study: self.laboratory.is_running() };
        self.closing = self.closing.after(ctx, under_way, actions);
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _: &mut eframe::Frame) {
        self.frames.begin(ctx);
        self.take_in(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.frames.watch(&ctx, frame);
        let mut actions = Vec::new();
        let stray = match (self.presenting.is_some(), self.monitor.prepared.is_some() && !self.monitor.is_active()) {
            (true, _) => Stray::Nothing,
            (false, true) => Stray::Explains,
            (false, false) => Stray::Acts,
        };
        keys::read(&ctx, stray, &mut actions);
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            actions.push(Action::Open(dropped));
        }

        theme::color_arms(&ctx, self.form.colors.of(self.monitor.prepared.as_ref(), &self.form.plan));
        let tokens = Tokens::of(ui);
        let drawn_by = drawn_by(frame);
        let frame = |margin: Margin| Frame::new().fill(tokens.panel).inner_margin(margin);
        let bar = frame(Margin::symmetric(12, 8));
        SidePanel::top("bar").frame(bar).show(ui, |ui| {
            let resident = self.memory.resident();
            let idle = |ui: &mut Ui, actions: &mut Vec<Action>| self.last.ui(ui, actions);
            // What is set is of no interest to an audience.
            let idle = self.presenting.is_none().then_some(idle);
            self.bar.ui(ui, &self.monitor, resident, &self.form, idle, &mut actions);
        });
        // A verdict on the last run would give away what an audience is asked.
        if self.panels.enlarged() != Some(LEARN) {
            self.verdicts.ui(ui, &self.monitor, self.guess.as_ref(), &mut actions);
        }
        let side = frame(Margin { left: 16, right: 0, top: 8, bottom: 0 });
        if self.form_shown {
            SidePanel::left("form").frame(side).default_size(FORM).size_range(300.0..=560.0).show(ui, |ui| {
                self.form(ui, &mut actions);
            });
        }
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            let networks = self.form.sketches(self.known.as_ref(), self.monitor.prepared.as_ref());
            let obstacles = self.form.obstacles();
            let scene = Scene {
                monitor: &self.monitor,
                plan: &self.form.plan,
                obstacles: &obstacles,
                networks: &networks,
                inquiries: &self.inquiries,
                selected: self.selected.as_ref(),
            };
            self.laboratory.device = self.form.device;
            self.finder.device = self.form.device;
            let (shelf, laboratory) = (&mut self.shelf, &mut self.laboratory);
            let (finder, collection) = (&mut self.finder, &mut self.collection);
            let stores = Stores { shelf, laboratory, finder, collection };
            self.panels.ui(ui, scene, stores, &mut actions);
        });
        if ctx.input(|input| !input.raw.hovered_files.is_empty()) {
            drop_hint(&ctx, &tokens);
        }
        self.windows(&ctx, &drawn_by, &mut actions);
        self.close(&ctx, &mut actions);
        self.toasts.ui(&ctx);
        for action in actions {
            self.act(&ctx, action);
        }
    }

    fn clear_color(&self, visuals: &eframe::egui::Visuals) -> [f32; 4] {
        visuals.extreme_bg_color.to_normalized_gamma_f32()
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.panels.keep(storage);
        eframe::set_value(storage, SPEEDS, &self.form.speeds);
        eframe::set_value(storage, ZOOM, &self.presenting.map(|(_, zoom)| zoom));
        let run = self.monitor.prepared.as_ref().and_then(|prepared| prepared.run.as_deref());
        self.last.keep(storage, &self.form.plan, run, self.shelf.ticked(), self.laboratory.for_next_time());
    }

    fn auto_save_interval(&self) -> Duration {
        SAVE_EVERY
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.frames.report();
    }
}

/// The renderer in words.
fn drawn_by(frame: &eframe::Frame) -> String {
    match frame.wgpu_render_state() {
        Some(state) => format!("wgpu on {}", state.adapter.get_info().name),
        None => "OpenGL (glow)".to_owned(),
    }
}

/// Says what will happen to files that hang over the window.
fn drop_hint(ctx: &Context, tokens: &Tokens) {
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, tokens.background.gamma_multiply(0.8));
    let font = FontId::new(theme::size::TITLE, theme::semibold());
    painter.text(rect.center(), Align2::CENTER_CENTER, "Drop to classify", font, tokens.text);
}
