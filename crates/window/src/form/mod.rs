//! The experiment as a form: edits a plan, shows what is wrong with it where it is wrong, and what changed from the
//! preset it began as. Must not know the engine, the panels or the shell.

mod arms;
mod colors;
mod cost;
mod data;
mod devices;
mod faults;
mod fetching;
pub mod field;
mod kind;
mod known;
mod network;
mod optimizer;
mod recipe;
mod requests;
mod row;
mod schedule;
mod start;

pub use cost::Speeds;
pub use faults::reveal;

use crate::action::Action;
use crate::collection::Collection;
use crate::dialogs::FileDialog;
use crate::kit::samples::AugmentationSamples;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose_explained, named};
use crate::state::sketch::{Difference, Outlines, Sketch, differences};
use colors::Colors;
use cost::Costs;
use devices::Devices;
use eframe::egui::util::undoer::Undoer;
use eframe::egui::{CollapsingHeader, Label, RichText, ScrollArea, TextEdit, Ui};
use faults::{errors, in_words};
use fetching::{FetchTarget, Fetching};
use field::Fields;
pub use known::after;
use known::{images, steps_per_epoch};
use lab_core::experiment::field::RUN_NAME;
use lab_core::experiment::{
    Arm, Augmentation, DeviceChoice, DeviceInfo, Experiment, Invalid, PRESETS, Plan, Preset, Source, preset,
};
use lab_core::protocol::{DatasetInfo, Prepared};
pub use recipe::{augmentation, augmentation_in_words};
use requests::Requests;
use std::path::PathBuf;

pub struct Form {
    /// What is being edited.
    pub plan: Plan,
    /// Where it shall run.
    pub device: DeviceChoice,
    /// Whether every change starts training anew.
    pub immediate: bool,
    /// How fast devices were.
    pub speeds: Speeds,
    /// Why the images cannot be used, if somebody has found out.
    pub fault: Option<String>,
    /// What can be got for its fields.
    pub fetching: Fetching,
    /// What it began as: a preset, or somebody's own experiment.
    preset: Option<&'static Preset>,
    base: Plan,
    checked: Result<Experiment, Vec<Invalid>>,
    /// In what each arm differs from the first one.
    differs: Vec<Vec<Difference>>,
    outlines: Outlines,
    devices: Devices,
    samples: AugmentationSamples,
    undoer: Undoer<Edited>,
    /// The colours that were chosen for what is shown.
    pub colors: Colors,
    /// Whether it has been drawn before.
    begun: bool,
}

/// What can be undone.
#[derive(Clone, PartialEq)]
struct Edited {
    plan: Plan,
    device: DeviceChoice,
    /// The id of the preset that the plan began as.
    preset: Option<&'static str>,
    base: Plan,
}

impl Form {
    /// A form that begins with this plan.
    #[must_use]
    pub fn new(plan: Plan, device: DeviceChoice, devices: fn() -> Vec<DeviceInfo>) -> Self {
        let mut form = Self {
            preset: None,
            base: plan.clone(),
            checked: Experiment::check(plan.clone()),
            differs: Vec::new(),
            plan: plan.clone(),
            device,
            immediate: false,
            speeds: Speeds::default(),
            fault: None,
            fetching: Fetching::default(),
            outlines: Outlines::default(),
            devices: Devices::new(devices),
            samples: AugmentationSamples::default(),
            undoer: Undoer::default(),
            colors: Colors::default(),
            begun: false,
        };
        form.set_plan(plan);
        form
    }

    /// Edits another plan. One with a preset's name is compared with that, any other with itself as it came.
    pub fn set_plan(&mut self, plan: Plan) {
        self.preset = preset(&plan.name);
        self.base = self.preset.map_or_else(|| plan.clone(), Preset::plan);
        self.plan = plan;
        self.recheck();
    }

    /// Whether another start would train something else than this, apart from what takes effect while training.
    #[must_use]
    pub fn is_changed_from(&self, running: &Experiment) -> bool {
        let mut then = running.clone().into_plan();
        then.recipe.augmentation = self.plan.recipe.augmentation.clone();
        then.recipe.probe_every = self.plan.recipe.probe_every;
        for (arm, now) in then.arms.iter_mut().zip(&self.plan.arms) {
            arm.color = now.color;
        }
        then != self.plan
    }

    /// What the device is called.
    #[must_use]
    pub fn device_name(&self) -> String {
        self.devices.name(self.device)
    }

    /// The checked experiment, or everything that is wrong with the plan.
    ///
    /// # Errors
    /// Every field that is out of range.
    pub fn experiment(&self) -> Result<&Experiment, &[Invalid]> {
        self.checked.as_ref().map_err(Vec::as_slice)
    }

    /// Why training cannot start, a sentence each.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let wrong = self.checked.as_ref().err().into_iter().flatten();
        let wrong = wrong.map(|invalid| in_words(invalid, &self.plan));
        wrong.chain(self.fault.iter().map(|fault| format!("the images: {fault}"))).collect()
    }

    /// Whether nothing is wrong with what the form says on images and how they are varied.
    #[must_use]
    pub fn is_sound_on_images(&self) -> bool {
        let found = self.checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        errors(found, "data") + errors(found, "recipe.augmentation") == 0
    }

    /// What can change while training without starting anew: augmentation, and steps between two probes.
    #[must_use]
    pub fn live(&self) -> (Augmentation, u32) {
        (self.plan.recipe.augmentation.clone(), self.plan.recipe.probe_every)
    }

    /// Takes back the last change.
    pub fn undo(&mut self) {
        let now = self.edited();
        if let Some(before) = self.undoer.undo(&now).cloned() {
            self.edit(before);
        }
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) {
        let now = self.edited();
        if let Some(after) = self.undoer.redo(&now).cloned() {
            self.edit(after);
        }
    }

    fn edited(&self) -> Edited {
        Edited {
            plan: self.plan.clone(),
            device: self.device,
            preset: self.preset.map(|preset| preset.id),
            base: self.base.clone(),
        }
    }

    fn edit(&mut self, edited: Edited) {
        self.colors.note(&self.plan, &edited.plan);
        self.preset = edited.preset.and_then(preset);
        (self.plan, self.device, self.base) = (edited.plan, edited.device, edited.base);
        self.recheck();
    }

    /// Takes the images from somewhere else.
    pub fn set_source(&mut self, source: Source) {
        self.plan.data.source = source;
        self.recheck();
    }

    /// Trains with another learning rate: one arm, which then has an optimiser of its own, or all.
    pub fn set_rate(&mut self, arm: Option<usize>, rate: f64) {
        #[allow(clippy::single_match_else, reason = "two cases of the same weight")]
        match arm.and_then(|arm| self.plan.arms.get_mut(arm)) {
            Some(arm) => {
                let own = arm.optimizer.get_or_insert_with(|| self.plan.recipe.optimizer.clone());
                own.learning_rate = rate;
            }
            None => {
                self.plan.recipe.optimizer.learning_rate = rate;
                let own = self.plan.arms.iter_mut().filter_map(|arm| arm.optimizer.as_mut());
                own.for_each(|own| own.learning_rate = rate);
            }
        }
        self.recheck();
    }

    /// Trains with batches of another size.
    pub fn set_batch(&mut self, size: usize) {
        self.plan.recipe.batch_size = size;
        self.recheck();
    }

    /// Varies training images in another way.
    pub fn set_augmentation(&mut self, augmentation: Augmentation) {
        self.plan.recipe.augmentation = augmentation;
        self.recheck();
    }

    /// The arms as they can be drawn, beside what an experiment under way trains, after the networks of opened weights.
    pub fn sketches(&mut self, known: Option<&(Source, DatasetInfo)>, prepared: Option<&Prepared>) -> Vec<Sketch> {
        let found = self.checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        let images = images(&self.plan, known);
        let outlines = &mut self.outlines;
        let sketch = |(index, arm): (usize, &Arm)| {
            let outline = match images {
                _ if errors(found, &format!("arms[{index}].network")) > 0 => {
                    Err("This network is drawn once its fields are corrected.".to_owned())
                }
                None => Err("This network is drawn once its images are known: press Start.".to_owned()),
                Some(images) => outlines.of(arm, images),
            };
            let arms = prepared.map_or(&[][..], |prepared| &prepared.experiment.arms);
            let twin = arms.iter().position(|other| other.name == arm.name);
            let live = twin.filter(|twin| arms[*twin].network == arm.network);
            let (name, color) = (arm.name.clone(), arm.color(index));
            Sketch { name, color, outline, live, changed: twin.is_some() && live.is_none() }
        };
        let mut form: Vec<Sketch> = self.plan.arms.iter().enumerate().map(sketch).collect();
        let mut all = prepared.map_or_else(Vec::new, |prepared| self.outlines.opened(&self.plan.arms, prepared));
        all.append(&mut form);
        all
    }

    fn recheck(&mut self) {
        self.checked = Experiment::check(self.plan.clone());
        let arms = &self.plan.arms;
        self.differs = arms.iter().map(|arm| differences(&arms[0], arm)).collect();
    }

    /// Draws the form. `known` is what the images of the last experiment turned out to be.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        known: Option<&(Source, DatasetInfo)>,
        collection: &mut Collection,
        actions: &mut Vec<Action>,
    ) {
        let before = self.plan.clone();
        for (target, path) in self.fetching.arrived(ui.ctx()) {
            self.arrived(&target, path);
        }
        let requests = Requests::default();
        let area = ScrollArea::vertical().auto_shrink(false);
        // It begins at its top, wherever it was left.
        let begun = std::mem::replace(&mut self.begun, true);
        let area = if begun { area } else { area.vertical_scroll_offset(0.0) };
        area.show(ui, |ui| {
            // The scroll bar floats over this margin.
            ui.set_max_width(ui.available_width() - space::M);
            self.top(ui, actions);
            // What was chosen above is another experiment; below, a colour is chosen for what is shown.
            let before = self.plan.clone();
            self.sections(ui, known, &requests, collection, actions);
            self.colors.note(&before, &self.plan);
            ui.add_space(space::XL);
        });
        match requests.shared(&self.plan) {
            Some(Ok(plan)) => self.plan = plan,
            Some(Err(why)) => actions.push(Action::Notify(why)),
            None => {}
        }
        if before != self.plan {
            self.recheck();
        }
        actions.extend(requests.actions(&self.plan));
        let now = self.edited();
        self.undoer.feed_state(ui.input(|input| input.time), &now);
    }

    /// Takes what was got: the images, or the weights of an arm, unless it is no more or starts from nothing now.
    fn arrived(&mut self, target: &FetchTarget, path: PathBuf) {
        match target {
            FetchTarget::Data => self.plan.data.source = Source::Path(path),
            FetchTarget::Arm(name) => {
                let arm = self.plan.arms.iter_mut().find(|arm| arm.name == *name);
                if let Some(start) = arm.and_then(|arm| arm.start.as_mut()) {
                    start.weights = path;
                }
            }
        }
    }

    fn top(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let tokens = Tokens::of(ui);
        let found = self.checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        let fields = Fields::new(found, "");
        let before = self.preset.map(|preset| preset.id);
        let mut chosen = before;
        fields.row(ui, &row::PRESET, &mut chosen, None, |ui, chosen| {
            let mut options: Vec<(Option<&str>, &str)> =
                PRESETS.iter().map(|preset| (Some(preset.id), preset.id)).collect();
            if before.is_none() {
                options.push((None, "own experiment"));
            }
            choose_explained(ui, chosen, &options, |id| id.and_then(preset).map(|preset| (preset.family, preset.about)))
        });
        fields.tick(ui, &row::IMMEDIATE, &mut self.immediate, None);
        // In the same words whether it was changed or not, so that nothing below moves at the first change.
        let about = self.preset.map(|preset| format!("The preset: {}", preset.about));
        let about = about.unwrap_or_else(|| "An experiment of your own.".to_owned());
        ui.add(Label::new(theme::caption(about, &tokens)).wrap());
        if let Some(id) = chosen.filter(|_| chosen != before) {
            self.choose_preset(id);
        }
        ui.add_space(space::XS);
        if files(ui, self.plan != self.base, actions) {
            match before {
                Some(id) => self.choose_preset(id),
                None => self.plan = self.base.clone(),
            }
        }
    }

    fn choose_preset(&mut self, id: &str) {
        if let Some(preset) = preset(id) {
            // The data set is the person's own choice and outlives the preset's.
            let data = self.plan.data.clone();
            self.preset = Some(preset);
            self.base = preset.plan();
            self.plan = self.base.clone();
            if matches!(data.source, Source::Path(_)) {
                self.plan.data = data;
            }
        }
    }

    fn sections(
        &mut self,
        ui: &mut Ui,
        known: Option<&(Source, DatasetInfo)>,
        requests: &Requests,
        collection: &mut Collection,
        actions: &mut Vec<Action>,
    ) {
        let Self { plan, device, base, checked, differs, outlines, devices, samples, speeds, fault, fetching, .. } =
            self;
        let found = checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        let summary = data::in_words(&plan.data);
        let recipe = Fields::new(found, "recipe").with_requests(requests);
        let wrong = errors(found, "data") + usize::from(fault.is_some());
        section(ui, "Data", &summary, false, wrong, |ui| {
            let fields = Fields::new(found, "data").with_requests(requests);
            data::ui(ui, &fields, &mut plan.data, Some(&base.data), collection, actions);
            if let Some(path) = fetching.ui(ui, &FetchTarget::Data) {
                plan.data.source = Source::Path(path);
            }
        });
        let summary = lab_core::number::plural(plan.arms.len() as u64, "arm");
        section(ui, "Networks", &summary, true, errors(found, "arms"), |ui| {
            let name = devices.name(*device);
            let steps_per_epoch = images(plan, known).map(|_| steps_per_epoch(plan, known));
            let costs = Costs { speeds, device: *device, device_name: &name, steps_per_epoch };
            let context = arms::Context { base, found, requests, differs, images: images(plan, known), costs };
            arms::ui(ui, plan, &context, &mut arms::Tools { outlines, fetching });
        });
        let summary = training_in_words(plan);
        let wrong = found.iter().filter(|invalid| is_training(&invalid.field)).count();
        section(ui, "Training", &summary, false, wrong, |ui| {
            let fields = Fields::new(found, "");
            fields.row(ui, &RUN_NAME, &mut plan.name, Some(&base.name), |ui, name| {
                ui.add(TextEdit::singleline(name).desired_width(f32::INFINITY))
            });
            recipe::ui(ui, &recipe, &mut plan.recipe, Some(&base.recipe));
        });
        let optimizer = &plan.recipe.optimizer;
        let summary = format!("{}, {}", optimizer.method.label(), lab_core::number::setting(optimizer.learning_rate));
        section(ui, "Optimiser", &summary, false, errors(found, "recipe.optimizer"), |ui| {
            optimizer::ui(ui, &recipe.below("optimizer"), &mut plan.recipe.optimizer, Some(&base.recipe.optimizer));
        });
        let summary = plan.recipe.schedule.curve.label().to_owned();
        let wrong = errors(found, "recipe.schedule");
        section(ui, "Schedule", &summary, false, wrong, |ui| {
            schedule::ui(ui, &recipe.below("schedule"), &mut plan.recipe.schedule, Some(&base.recipe.schedule));
            if wrong == 0 && errors(found, "recipe.batch_size") == 0 {
                let per_epoch = steps_per_epoch(plan, known);
                let steps = plan.recipe.length.steps(per_epoch);
                let rate = plan.recipe.optimizer.learning_rate;
                schedule::preview(ui, &plan.recipe.schedule, rate, steps, per_epoch);
            }
        });
        let summary = augmentation_in_words(&plan.recipe.augmentation);
        section(ui, "Augmentation", &summary, false, errors(found, "recipe.augmentation"), |ui| {
            let base = Some(&base.recipe.augmentation);
            recipe::augmentation(ui, &recipe.below("augmentation"), &mut plan.recipe.augmentation, base);
            if errors(found, "recipe.augmentation") + errors(found, "data") == 0 {
                samples.ui(ui, plan);
            }
        });
        section(ui, "Device", &devices.name(*device), false, 0, |ui| {
            devices.ui(ui, &Fields::new(found, ""), device);
        });
    }
}

/// What can be done with the experiment as a whole; whether it is to be as it was before it was changed.
fn files(ui: &mut Ui, is_changed: bool, actions: &mut Vec<Action>) -> bool {
    let row = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (label, hint, action) in [
            ("Open…", "Opens an experiment from a TOML file", Action::Choose(FileDialog::Experiment)),
            ("Save…", "Saves the experiment as a TOML file (Ctrl S)", Action::SaveExperiment { typed: false }),
            ("Copy", "Copies the whole experiment as text", Action::CopyExperiment),
            ("Paste", "Takes an experiment from the clipboard", Action::Paste),
        ] {
            let text = RichText::new(label).size(theme::size::SMALL);
            let button = ui.button(text).on_hover_text(hint);
            if named(ui, button, &format!("{} experiment", label.trim_end_matches('…'))).clicked() {
                actions.push(action);
            }
        }
        let text = RichText::new("Reset all").size(theme::size::SMALL);
        let reset = ui.add_enabled(is_changed, eframe::egui::Button::new(text));
        reset
            .on_hover_text("Takes back what was changed in the form")
            .on_disabled_hover_text("Nothing was changed")
            .clicked()
    });
    row.inner
}

/// Whether a field is shown in the training section.
fn is_training(field: &str) -> bool {
    let elsewhere = ["recipe.optimizer", "recipe.schedule", "recipe.augmentation"];
    field == "name" || field.starts_with("recipe.") && !elsewhere.iter().any(|path| field.starts_with(path))
}

fn training_in_words(plan: &Plan) -> String {
    let seeds = match plan.recipe.seeds {
        1 => String::new(),
        seeds => format!(", {seeds} seeds"),
    };
    format!("{}, batch {}{seeds}", plan.recipe.length.in_words(), plan.recipe.batch_size)
}

/// A section that folds. Folded, it says in a few words what is inside, or how many fields are wrong.
fn section(ui: &mut Ui, title: &str, summary: &str, open: bool, wrong: usize, body: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    ui.add_space(space::S);
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top(), tokens.line());
    ui.add_space(space::S);
    let unfolded = (wrong > 0 && faults::is_revealed(ui)).then_some(true);
    let header = CollapsingHeader::new(theme::heading(title)).id_salt(title).default_open(open).open(unfolded);
    let shown = header.show_unindented(ui, |ui| {
        ui.add_space(space::XS);
        body(ui);
    });
    let (text, color) = if wrong > 0 {
        (format!("{} to correct", lab_core::number::plural(wrong as u64, "field")), tokens.error)
    } else {
        (summary.to_owned(), tokens.weak)
    };
    if wrong > 0 || shown.fully_closed() {
        let font = eframe::egui::FontId::proportional(theme::size::SMALL);
        let at = shown.header_response.rect.right_center() - eframe::egui::vec2(space::XS, 0.0);
        let at = eframe::egui::pos2(rect.right() - space::XS, at.y);
        let room = rect.right() - shown.header_response.rect.left() - 130.0;
        let galley = theme::elided(ui.painter(), &text, font, color, room.max(40.0));
        ui.painter().galley(at - eframe::egui::vec2(galley.size().x, galley.size().y / 2.0), galley, color);
    }
}
