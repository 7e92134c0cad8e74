//! The window as a whole: takes in events, lays out bar, form and panels, and carries out actions.

use super::action::Action;
use super::bar::{self, Live};
use super::dialogs::{Chosen, Dialogs, Wanted};
use super::form::{Form, Summarize};
use super::frames::Frames;
use super::keys;
use super::link::Link;
use super::panels::{Kept, Panel, Panels};
use super::state::answers::Answers;
use super::state::{Level, Session};
use super::theme::{self, Tokens, space};
use super::toasts::Toasts;
use crate::experiment::{DeviceChoice, Plan, Source};
use crate::train::protocol::{Command, DatasetInfo, Event, Phase, Picture, Question, Tune};
use eframe::egui::{
    self, Align2, CentralPanel, Context, FontId, Frame, Id, LayerId, Margin, Modal, Order, Panel as SidePanel,
    RichText, Ui, ViewportCommand,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where the layout is kept between two starts.
const STORED: &str = "panels";
/// Time a frame may spend taking in events.
const BUDGET: Duration = Duration::from_millis(4);
/// Width of the form at first, in points.
const FORM: f32 = 352.0;

/// What a window is made of.
pub struct Parts {
    /// The engine.
    pub link: Box<dyn Link>,
    /// The system's dialogs.
    pub dialogs: Box<dyn Dialogs>,
    /// Counts a network.
    pub summarize: Summarize,
    /// What the form begins with.
    pub plan: Plan,
    /// Where it shall run.
    pub device: DeviceChoice,
    /// Draws without pause and writes each frame's time here.
    pub frame_log: Option<PathBuf>,
}

/// The window.
pub struct App {
    link: Box<dyn Link>,
    dialogs: Box<dyn Dialogs>,
    form: Form,
    session: Session,
    answers: Answers,
    live: Live,
    panels: Panels,
    toasts: Toasts,
    frames: Frames,
    /// What the images of the last experiment turned out to be, and where they came from.
    known: Option<(Source, DatasetInfo)>,
    shortcuts: bool,
    /// Whether a person is being asked to confirm the end, or has done so.
    closing: Closing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Closing {
    #[default]
    No,
    Asking,
    Confirmed,
}

impl App {
    /// A window around these parts.
    #[must_use]
    pub fn new(context: &eframe::CreationContext<'_>, parts: Parts) -> Self {
        theme::install(&context.egui_ctx);
        let kept = context.storage.and_then(|storage| eframe::get_value::<Kept>(storage, STORED));
        Self {
            link: parts.link,
            dialogs: parts.dialogs,
            form: Form::new(parts.plan, parts.device, parts.summarize),
            session: Session::default(),
            answers: Answers::default(),
            live: Live::default(),
            panels: Panels::new(kept),
            toasts: Toasts::default(),
            frames: Frames::new(parts.frame_log.as_deref()),
            known: None,
            shortcuts: false,
            closing: Closing::default(),
        }
    }

    /// What the window knows of the experiment under way.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    fn take_in(&mut self, ctx: &Context) {
        let begun = Instant::now();
        for event in self.link.drain(BUDGET) {
            match event {
                Event::Answer { id, answer } => self.answers.answered(id, answer),
                event => {
                    if let Event::Prepared(prepared) = &event {
                        self.live = Live::of(&prepared.experiment);
                        self.known = Some((prepared.experiment.data.source.clone(), prepared.dataset.clone()));
                    }
                    if let Some((level, text)) = self.session.apply(event) {
                        self.toasts.show(ctx, level, text);
                    }
                }
            }
        }
        if begun.elapsed() >= BUDGET {
            // There may be more: go on in the next frame.
            ctx.request_repaint();
        }
        if let Some(chosen) = self.dialogs.poll() {
            self.chosen(ctx, chosen);
        }
    }

    fn chosen(&mut self, ctx: &Context, chosen: Chosen) {
        match chosen {
            Chosen::Paths(Wanted::Pictures, paths) => self.classify(paths.into_iter().map(Picture::File).collect()),
            Chosen::Paths(wanted, paths) => match (wanted, paths.into_iter().next()) {
                (Wanted::Run, Some(run)) => {
                    self.link.send(Command::Resume { run, device: self.form.device });
                    self.session.starting();
                }
                (_, Some(path)) => self.form.set_source(Source::Path(path)),
                (_, None) => {}
            },
            Chosen::Unavailable => {
                let text = "No file dialog can be opened on this system. Type the path into its field, or drop the \
                            files on the window.";
                self.toasts.show(ctx, Level::Notice, text);
            }
        }
    }

    fn act(&mut self, ctx: &Context, action: Action) {
        let active = self.session.is_active();
        match action {
            Action::Toggle => match self.session.phase {
                Phase::Paused => self.link.send(Command::Continue),
                _ if active => self.link.send(Command::Pause),
                _ => self.start(false),
            },
            Action::Step => {
                if !active {
                    self.start(true);
                }
                if self.session.is_active() {
                    self.link.send(Command::Step);
                }
            }
            Action::Stop if active => self.link.send(Command::Stop),
            Action::Stop => {}
            Action::Reset => {
                if active {
                    self.link.send(Command::Stop);
                }
                self.session.reset();
            }
            Action::ContinueRun => {
                if let Some(run) = self.session.unfinished().map(Path::to_owned) {
                    self.link.send(Command::Resume { run, device: self.form.device });
                    self.session.continuing();
                }
            }
            Action::ChooseRun => self.dialogs.ask(Wanted::Run, ctx),
            Action::Extend(epochs) => self.link.send(Command::Extend(epochs)),
            Action::Checkpoint => self.link.send(Command::Checkpoint),
            Action::Tune(tune) if active => self.link.send(Command::Tune(tune)),
            Action::Tune(_) => {}
            Action::Classify(pictures) => self.classify(pictures),
            Action::ChoosePictures => self.dialogs.ask(Wanted::Pictures, ctx),
            Action::ChooseData => self.dialogs.ask(Wanted::Data, ctx),
            Action::Shortcuts => self.shortcuts = !self.shortcuts,
            Action::Theme(preference) => ctx.set_theme(preference),
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Action::QuitNow => {
                self.closing = Closing::Confirmed;
                self.link.send(Command::Stop);
                self.link.send(Command::Quit);
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            Action::Undo => self.form.undo(),
            Action::Redo => self.form.redo(),
            Action::ResetLayout => self.panels.reset_layout(),
        }
    }

    fn start(&mut self, paused: bool) {
        let Ok(experiment) = self.form.experiment() else { return };
        let experiment = Box::new(experiment.clone());
        self.link.send(Command::Start { experiment, device: self.form.device, paused });
        self.session.starting();
    }

    fn classify(&mut self, pictures: Vec<Picture>) {
        if pictures.is_empty() {
            return;
        }
        let prepared = self.session.prepared.as_ref();
        let arms =
            prepared.map_or_else(Vec::new, |prepared| prepared.arms.iter().map(|arm| arm.name.clone()).collect());
        let classes = prepared.map_or_else(Vec::new, |prepared| prepared.dataset.classes.clone());
        let id = self.answers.ask(&pictures, arms, classes);
        self.link.send(Command::Ask { id, question: Question::Classify(pictures) });
        self.panels.bring(Panel::Classify);
    }

    /// The form; what it changes that can take effect at once does.
    fn form(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (augmentation, probe) = (self.form.plan.recipe.augmentation.clone(), self.form.plan.recipe.probe_every);
        self.form.ui(ui, self.known.as_ref(), actions);
        if self.session.is_active() && self.form.experiment().is_ok() {
            let recipe = &self.form.plan.recipe;
            if recipe.augmentation != augmentation {
                actions.push(Action::Tune(Tune::Augmentation(recipe.augmentation.clone())));
            }
            if recipe.probe_every != probe {
                actions.push(Action::Tune(Tune::ProbeEvery(recipe.probe_every)));
            }
        }
    }

    fn close(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        if ctx.input(|input| input.viewport().close_requested())
            && self.closing != Closing::Confirmed
            && self.session.is_active()
        {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.closing = Closing::Asking;
        }
        if self.closing != Closing::Asking {
            return;
        }
        let modal = Modal::new(Id::unique("close")).show(ctx, |ui| {
            ui.set_width(360.0);
            ui.label(theme::heading("Stop training and close?"));
            ui.add_space(space::XS);
            ui.label("The run ends after the step in progress, with a checkpoint from which it can go on.");
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                let tokens = Tokens::of(ui);
                let text = RichText::new("Stop and close").family(theme::semibold()).color(tokens.on_accent);
                let stop = ui.add(egui::Button::new(text).fill(tokens.accent));
                if ui.memory(|memory| memory.focused().is_none()) {
                    stop.request_focus();
                }
                if stop.clicked() {
                    actions.push(Action::QuitNow);
                }
                if ui.button("Keep training").clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() {
            self.closing = Closing::No;
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.frames.took(ctx, frame.info().cpu_usage);
        self.take_in(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut actions = Vec::new();
        keys::read(&ctx, &mut actions);
        let dropped: Vec<Picture> = ctx
            .input(|input| input.raw.dropped_files.iter().map(|file| Picture::File(file.path().to_owned())).collect());
        if !dropped.is_empty() {
            actions.push(Action::Classify(dropped));
        }

        let tokens = Tokens::of(ui);
        let frame = |margin: Margin| Frame::new().fill(tokens.panel).inner_margin(margin);
        let bar = frame(Margin::symmetric(12, 8));
        SidePanel::top("bar").frame(bar).show(ui, |ui| {
            bar::ui(ui, &self.session, &self.form, &mut self.live, &mut actions);
        });
        let side = frame(Margin { left: 16, right: 0, top: 8, bottom: 0 });
        SidePanel::left("form").frame(side).default_size(FORM).size_range(300.0..=560.0).show(ui, |ui| {
            self.form(ui, &mut actions);
        });
        CentralPanel::default().frame(Frame::new().fill(tokens.background)).show(ui, |ui| {
            self.panels.ui(ui, &self.session, &self.answers, &mut actions);
        });
        if ctx.input(|input| !input.raw.hovered_files.is_empty()) {
            drop_hint(&ctx, &tokens);
        }
        keys::list(&ctx, &mut self.shortcuts);
        self.close(&ctx, &mut actions);
        self.toasts.ui(&ctx);
        for action in actions {
            self.act(&ctx, action);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, STORED, &self.panels.kept);
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.frames.tell();
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
