//! Carries out what a person asked for.

use super::incoming::Arrived;
use super::open_weights::OpenWeights;
use super::palette::Palette;
use super::prompt::Prompt;
use super::sight;
use super::{App, Closing};
use crate::action::{Action, RunAction, Sought};
use crate::dialogs::{Chosen, FileDialog, WEIGHTS};
use crate::export::{ExportFormat, RunExport, SavedContent};
use crate::kit::typed_path;
use crate::panel::{CLASSIFY, CURVES, EXPLAIN, FIND, STUDY};
use crate::state::Level;
use eframe::egui::{Context, ViewportCommand, gui_zoom};
use lab_core::experiment::{Plan, Source, preset};
use lab_core::export::bundle::Opened;
use lab_core::instrument::QueryImage;
use lab_core::protocol::{Command, Networks, Phase, Picture, Question, Tune};
use lab_core::runs::{self, Guess};
use lab_core::study::{StudyPlan, is_study};
use std::path::{Path, PathBuf};

/// How much larger everything is for a projector.
const PRESENTED: f32 = 1.4;

impl App {
    /// Carries out an action.
    pub(super) fn act(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Run(action) => self.drive(action),
            Action::Guess(guess) => self.start(false, Some(guess)),
            Action::Again(plan) => self.form.set_plan(*plan),
            Action::Reveal(folder) => {
                if let Err(why) = self.dialogs.reveal(&folder) {
                    self.say(Level::Error, why);
                }
            }
            Action::Save { name, content } => self.saving.ask(&name, content, self.dialogs.as_mut(), ctx),
            Action::SaveRun(format) => self.save_run(ctx, format),
            Action::SaveStudy(format) => self.save_study(ctx, format),
            Action::WorkOnStudy => self.work_on_study(),
            Action::CopyPicture(drawing) => self.saving.copy_picture(drawing, ctx),
            Action::CopyTable(table) => self.saving.copy(table, ctx),
            Action::CopyText(text) => {
                ctx.copy_text(text);
                self.say(Level::Info, "It is in the clipboard.");
            }
            Action::Notify(text) => self.say(Level::Notice, text),
            Action::Find(what) => self.find(what),
            Action::UseRate(arm, rate) => self.form.set_rate(arm, rate),
            Action::UseBatch(size) => self.form.set_batch(size),
            Action::Vary(axis) => self.vary(axis),
            Action::Open(paths) => self.open(ctx, paths),
            Action::Ask { of, question } => self.ask(of, question),
            Action::Cancel(place) => {
                if let Some(id) = self.inquiries.awaited(place) {
                    self.link.send(Command::Cancel(id));
                }
            }
            Action::Explain(image) => {
                self.inquiries.explain(image);
                let sample = QueryImage::Validation(image);
                self.ask(Networks::Current, Question::Explain { sample, class: None, occlusion: false });
                self.panels.bring(EXPLAIN);
            }
            Action::ShowCell(cell) => {
                self.panels.show_cell(cell);
                if self.inquiries.gallery.is_none() {
                    self.ask(Networks::Current, Question::Predictions);
                    self.ask(Networks::Current, Question::Gallery);
                }
            }
            Action::Classify(pictures) => self.classify(pictures),
            Action::Select(block) => self.selected = block,
            Action::Choose(wanted) => self.dialogs.ask(wanted, ctx),
            Action::OpenLast => match self.last.run() {
                Some(run) => self.open_run(&run),
                None => self.say(Level::Notice, "No run was shown before: open one of the list in Runs."),
            },
            Action::SaveExperiment { typed } => self.save_experiment(ctx, typed),
            Action::OpenWeights => self.weights = Some(OpenWeights::default()),
            Action::TypePath(wanted) => self.type_path(wanted, None),
            Action::CopyExperiment => match self.form.plan.to_toml() {
                Ok(text) => {
                    ctx.copy_text(text);
                    self.say(Level::Info, "The experiment is in the clipboard.");
                }
                Err(error) => self.say(Level::Error, error.to_string()),
            },
            Action::Paste => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
            Action::PasteText(text) => self.paste(ctx, &text),
            Action::Preset(id) => {
                if let Some(preset) = preset(id) {
                    self.form.set_plan(preset.plan());
                }
            }
            Action::Immediate => self.form.immediate = !self.form.immediate,
            Action::Undo => self.form.undo(),
            Action::Redo => self.form.redo(),
            Action::Show(panel) => self.panels.bring(panel),
            Action::ResetLayout => self.panels.reset_layout(),
            Action::Theme(preference) => ctx.set_theme(preference),
            Action::Zoom(1) => gui_zoom::zoom_in(ctx),
            Action::Zoom(-1) => gui_zoom::zoom_out(ctx),
            Action::Zoom(_) => ctx.set_zoom_factor(1.0),
            Action::FullScreen => {
                let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
            }
            Action::Form => self.form_shown = !self.form_shown,
            Action::Enlarge => self.panels.enlarge(),
            Action::Turn(by) => self.panels.turn(by),
            Action::Present => self.present(ctx),
            Action::Palette => self.palette = Some(Palette::opened(ctx)),
            Action::Press(button) => sight::press(ctx, button),
            Action::Shortcuts => self.shortcuts = !self.shortcuts,
            Action::About => self.about = true,
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Action::QuitNow => {
                self.closing = Closing::Confirmed;
                self.link.send(Command::Stop);
                self.link.send(Command::Quit);
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }

    fn vary(&mut self, axis: String) {
        self.laboratory.varied.push(axis);
        self.panels.bring(STUDY);
    }

    fn find(&mut self, what: Sought) {
        self.finder.sought = Some(what);
        self.panels.bring(FIND);
    }

    /// Shows one panel large for a projector, or everything as it was before.
    fn present(&mut self, ctx: &Context) {
        let before = self.presenting.take();
        let (form, zoom) = before.unwrap_or((false, ctx.zoom_factor() * PRESENTED));
        if before.is_none() {
            self.presenting = Some((self.form_shown, ctx.zoom_factor()));
        }
        self.form_shown = form;
        ctx.set_zoom_factor(zoom);
        if self.panels.enlarged().is_some() == before.is_some() {
            self.panels.enlarge();
        }
        self.panels.presented = before.is_none();
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(before.is_none()));
    }

    /// What happens to a run. What makes no sense now is left alone.
    fn drive(&mut self, action: RunAction) {
        let active = self.monitor.is_active();
        match action {
            RunAction::Toggle => match self.monitor.phase {
                Phase::Paused => self.link.send(Command::Continue),
                _ if active => self.link.send(Command::Pause),
                _ => self.start(false, None),
            },
            RunAction::StartAnew => {
                if !active {
                    self.start(false, None);
                }
            }
            RunAction::Step => {
                if !active {
                    self.start(true, None);
                }
                if self.monitor.is_active() {
                    self.link.send(Command::Step);
                }
            }
            RunAction::Stop => {
                if active {
                    self.link.send(Command::Stop);
                }
            }
            RunAction::Reset => {
                if active {
                    self.link.send(Command::Stop);
                }
                self.monitor.reset();
                // What was found is of a run that is no longer shown.
                self.inquiries.forget();
            }
            RunAction::Continue => {
                if let Some(run) = self.monitor.unfinished().map(Path::to_owned) {
                    self.resume(run);
                    self.monitor.continuing();
                }
            }
            RunAction::Resume(run) => {
                self.guess = None;
                self.resume(run);
                self.monitor.starting();
            }
            RunAction::Open(run) => {
                self.guess = None;
                self.device = self.form.device;
                self.awaited = Some(run.clone());
                self.link.send(Command::Open { run, device: self.device });
                self.monitor.starting();
                self.panels.bring(CURVES);
            }
            RunAction::Extend(epochs, schedule) => self.link.send(Command::Extend { epochs, schedule }),
            RunAction::Checkpoint => {
                if active {
                    self.link.send(Command::Checkpoint);
                }
            }
            RunAction::Tune(tune) => {
                if active {
                    self.tune(tune);
                }
            }
        }
    }

    /// Changes what trains. A form that had the same augmentation goes on having it, so that another start would use it,
    /// too.
    fn tune(&mut self, tune: Tune) {
        if let Tune::Augmentation(augmentation) = &tune
            && self.form.plan.recipe.augmentation == *self.monitor.live.augmentation()
        {
            self.form.set_augmentation(augmentation.clone());
            self.applied.0 = augmentation.clone();
        }
        self.link.send(Command::Tune(tune));
    }

    fn start(&mut self, paused: bool, guess: Option<Guess>) {
        if self.form.fault.is_some() {
            return;
        }
        self.awaited = None;
        let Ok(experiment) = self.form.experiment() else { return };
        if experiment.recipe.seeds > 1 {
            let study = StudyPlan::of_seeds(experiment.clone());
            return self.start_seeds(study, paused, guess);
        }
        let experiment = Box::new(experiment.clone());
        self.guess = guess;
        self.device = self.form.device;
        self.applied = self.form.live();
        self.link.send(Command::Start { experiment, device: self.device, paused });
        self.monitor.starting();
    }

    /// Trains an experiment of several seeds: a study, which the panel Study shows.
    fn start_seeds(&mut self, study: StudyPlan, paused: bool, guess: Option<Guess>) {
        if paused {
            let text = "Steps are done with one seed only: set Seeds to 1 in the form, or press Start.";
            return self.say(Level::Notice, text);
        }
        match self.laboratory.begin(study, guess) {
            Ok(()) => self.panels.bring(STUDY),
            Err(why) => self.say(Level::Error, format!("The seeds cannot be trained: {why}.")),
        }
    }

    /// Starts anew on a few images where the form has changed since the last time.
    pub(super) fn play(&mut self) {
        if self.form.fault.is_some() {
            return;
        }
        let Ok(experiment) = self.form.experiment() else { return };
        if self.played.as_ref() == Some(&**experiment) {
            return;
        }
        self.played = Some((**experiment).clone());
        let Ok(experiment) = experiment.brief() else { return };
        self.device = self.form.device;
        self.link.send(Command::Play { experiment: Box::new(experiment), device: self.device });
        self.monitor.starting();
    }

    /// Goes on with a run.
    fn resume(&mut self, run: PathBuf) {
        self.device = self.form.device;
        self.awaited = Some(run.clone());
        self.link.send(Command::Resume { run, device: self.device });
    }

    /// What came of a dialog or was typed.
    pub(super) fn chosen(&mut self, ctx: &Context, chosen: Chosen) {
        match chosen {
            // The window for weights has a field to type into already.
            Chosen::Unavailable(FileDialog::Weights) => {}
            Chosen::Unavailable(wanted) => {
                let reason = "No file dialog can be opened on this system, so type the path.";
                self.type_path(wanted, Some(reason));
            }
            Chosen::Paths(FileDialog::Pictures, paths) => self.classify(paths.into_iter().map(Picture::File).collect()),
            Chosen::Paths(wanted, paths) => {
                let Some(path) = paths.into_iter().next() else { return };
                match wanted {
                    FileDialog::Run => self.drive(RunAction::Resume(path)),
                    // What a zip file is, is seen where it is dropped.
                    FileDialog::Shown | FileDialog::Study
                        if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip")) =>
                    {
                        self.open(ctx, vec![path]);
                    }
                    FileDialog::Shown => self.open_run(&path),
                    FileDialog::Study => self.open_study(path),
                    FileDialog::Weights => self.weights.get_or_insert_default().set_path(&path),
                    FileDialog::Experiment => self.open_experiment(&path),
                    FileDialog::Export => self.saving.place(path, ctx),
                    FileDialog::Elsewhere => self.link.send(Command::MoveRun(path)),
                    FileDialog::Data | FileDialog::Pictures => self.form.set_source(Source::Path(path)),
                }
            }
        }
    }

    /// Opens files that were dropped or pasted, each as what it is.
    fn open(&mut self, ctx: &Context, paths: Vec<PathBuf>) {
        let mut pictures = Vec::new();
        for path in paths {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
            if is_study(&path) {
                self.open_study(path);
            } else if path.is_dir() && runs::open(&path).is_ok() {
                self.open_run(&path);
            } else if ending == "toml" {
                self.open_experiment(&path);
            } else if WEIGHTS.contains(&ending.as_str()) {
                self.weights.get_or_insert_default().set_path(&path);
            } else if ending == "zip" {
                let places = self.shelf.place().zip(self.laboratory.place());
                self.incoming.take(path, places, ctx);
            } else {
                pictures.push(Picture::File(path));
            }
        }
        self.classify(pictures);
    }

    /// Takes in what zip files turned out to be.
    pub(super) fn arrived(&mut self) {
        for arrived in self.incoming.news() {
            match arrived {
                Arrived::Other(path) => self.classify(vec![Picture::File(path)]),
                Arrived::Failed(why) => self.say(Level::Error, format!("The zip file cannot be opened: {why}")),
                Arrived::Opened(Opened::Study(folder)) => {
                    self.say(Level::Info, format!("The study is in {} now.", folder.display()));
                    self.open_study(folder);
                }
                Arrived::Opened(Opened::Run(folder)) => {
                    self.say(Level::Info, format!("The run is in {} now.", folder.display()));
                    if !self.monitor.is_active() {
                        self.drive(RunAction::Open(folder));
                    }
                }
            }
        }
    }

    /// Shows a run as it was left, unless another one is under way.
    fn open_run(&mut self, path: &Path) {
        if self.monitor.is_active() {
            let text = "That is the folder of a run: stop the one under way, then open it.";
            return self.say(Level::Notice, text);
        }
        match runs::open(path) {
            Ok(_) => self.drive(RunAction::Open(path.to_owned())),
            Err(why) => self.say(Level::Error, format!("This is not opened: {why}")),
        }
    }

    fn open_study(&mut self, path: PathBuf) {
        if !is_study(&path) {
            let text = format!("{} is not a study's folder: it holds no study.toml.", path.display());
            return self.say(Level::Error, text);
        }
        self.laboratory.show(path);
        self.panels.bring(STUDY);
    }

    fn open_experiment(&mut self, path: &Path) {
        if runs::open(path).is_ok() {
            return self.open_run(path);
        }
        match Plan::read(path) {
            Ok(plan) => {
                self.say(Level::Info, format!("Opened {} from {}.", plan.name, path.display()));
                self.form.set_plan(plan);
            }
            Err(why) => self.say(Level::Error, format!("{} cannot be opened: {why}", path.display())),
        }
    }

    fn save_experiment(&mut self, ctx: &Context, typed: bool) {
        let text = match self.form.plan.to_toml() {
            Ok(text) => SavedContent::Experiment(text.into()),
            Err(error) => return self.say(Level::Error, error.to_string()),
        };
        let name = "experiment";
        if typed {
            self.saving.hold(name, text);
            self.type_path(FileDialog::Export, None);
        } else {
            self.saving.ask(name, text, &mut *self.dialogs, ctx);
        }
    }

    /// The run under way, or the one that ended last.
    fn save_run(&mut self, ctx: &Context, format: ExportFormat) {
        let Some(run) = self.monitor.prepared.as_ref().and_then(|prepared| prepared.run.clone()) else {
            return self.say(Level::Notice, "No run is open: start one, or open one of the list in Runs; there a run that is not open is exported, too.");
        };
        self.export(ctx, RunExport { run, format });
    }

    fn save_study(&mut self, ctx: &Context, format: ExportFormat) {
        let Some(Ok(looked)) = &self.laboratory.looked else {
            return self.say(Level::Notice, "There is no study to save: open one in the panel Study.");
        };
        let run = looked.folder.clone();
        self.export(ctx, RunExport { run, format });
    }

    /// Works on the study that is looked at, now or behind those that wait.
    fn work_on_study(&mut self) {
        let Some(Ok(looked)) = &self.laboratory.looked else {
            return self.say(Level::Notice, "There is no study to go on with: open one in the panel Study.");
        };
        if looked.over() == looked.trials.len() {
            let text = format!("All trainings of {} have ended: its results are in the panel Study.", looked.name);
            return self.say(Level::Notice, text);
        }
        let folder = looked.folder.clone();
        if let Err(why) = self.laboratory.work(&folder) {
            self.say(Level::Error, format!("Nobody works on the study: {why}."));
        }
    }

    fn export(&mut self, ctx: &Context, export: RunExport) {
        self.saving.ask(&export.name(), SavedContent::Run(export), self.dialogs.as_mut(), ctx);
    }

    /// Asks for a path to be typed, and says why if it is not because a person wanted to.
    fn type_path(&mut self, wanted: FileDialog, reason: Option<&'static str>) {
        let text = if wanted == FileDialog::Export { self.saving.suggested() } else { String::new() };
        self.prompt = Some(Prompt::new(wanted, reason).with(text));
    }

    /// Text from the clipboard: an experiment, or the paths of pictures.
    fn paste(&mut self, ctx: &Context, text: &str) {
        let paths: Vec<PathBuf> =
            text.lines().map(typed_path::read).filter(|path| !path.as_os_str().is_empty()).collect();
        if !paths.is_empty() && paths.iter().all(|path| path.exists()) {
            return self.open(ctx, paths);
        }
        match Plan::from_toml(text) {
            Ok(plan) => {
                self.say(Level::Info, format!("Took {} from the clipboard.", plan.name));
                self.form.set_plan(plan);
            }
            Err(error) => {
                let text = format!("The clipboard holds neither a picture, nor a path, nor an experiment: {error}");
                self.say(Level::Notice, text);
            }
        }
    }

    /// Asks a question and takes back the one that it replaces.
    fn ask(&mut self, of: Networks, question: Question) {
        let (id, replaced) = self.inquiries.ask(question.clone());
        replaced.into_iter().for_each(|old| self.link.send(Command::Cancel(old)));
        self.link.send(Command::Ask { id, of, question });
    }

    pub(super) fn classify(&mut self, pictures: Vec<Picture>) {
        if pictures.is_empty() {
            return;
        }
        self.ask(Networks::Current, Question::Classify(pictures));
        self.panels.bring(CLASSIFY);
    }

    /// Shows something in a corner and in the log.
    pub(super) fn say(&mut self, level: Level, text: impl Into<String>) {
        let text = text.into();
        self.monitor.say(level, text.clone());
        self.toasts.push(level, text);
    }
}
