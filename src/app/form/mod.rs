//! The experiment as a form: edits a plan, shows what is wrong with it where it is wrong, and what changed from the
//! preset it began as. Knows nothing of the engine.

mod arms;
mod data;
pub mod field;
mod network;
mod optimizer;
mod recipe;
mod schedule;
pub mod summary;

pub use arms::swatch;
pub use summary::{ArmSummary, Summarize};

use super::action::Action;
use super::help;
use super::theme::{self, Tokens, space};
use crate::experiment::{DeviceChoice, Experiment, Invalid, PRESETS, Plan, Preset, Source, preset};
use crate::train::protocol::DatasetInfo;
use eframe::egui::util::undoer::Undoer;
use eframe::egui::{CollapsingHeader, Label, RichText, ScrollArea, TextEdit, Ui};
use field::{Fields, choose};
use recipe::augmentation_in_words;

/// The form's state.
pub struct Form {
    /// What is being edited.
    pub plan: Plan,
    /// Where it shall run.
    pub device: DeviceChoice,
    preset: &'static Preset,
    base: Plan,
    checked: Result<Experiment, Vec<Invalid>>,
    summarize: Summarize,
    counted: arms::Counted,
    undoer: Undoer<(Plan, DeviceChoice)>,
}

impl Form {
    /// A form that begins with this plan.
    #[must_use]
    pub fn new(plan: Plan, device: DeviceChoice, summarize: Summarize) -> Self {
        let preset = preset(&plan.name).unwrap_or(&PRESETS[0]);
        let checked = Experiment::check(plan.clone());
        let base = preset.plan();
        Self {
            plan,
            device,
            preset,
            base,
            checked,
            summarize,
            counted: arms::Counted::default(),
            undoer: Undoer::default(),
        }
    }

    /// The checked experiment, or everything that is wrong with the plan.
    ///
    /// # Errors
    /// Every field that is out of range.
    pub fn experiment(&self) -> Result<&Experiment, &[Invalid]> {
        self.checked.as_ref().map_err(Vec::as_slice)
    }

    /// Takes back the last change.
    pub fn undo(&mut self) {
        let now = (self.plan.clone(), self.device);
        if let Some((plan, device)) = self.undoer.undo(&now).cloned() {
            (self.plan, self.device) = (plan, device);
            self.recheck();
        }
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) {
        let now = (self.plan.clone(), self.device);
        if let Some((plan, device)) = self.undoer.redo(&now).cloned() {
            (self.plan, self.device) = (plan, device);
            self.recheck();
        }
    }

    /// Takes the images from somewhere else.
    pub fn set_source(&mut self, source: Source) {
        self.plan.data.source = source;
        self.recheck();
    }

    fn recheck(&mut self) {
        self.checked = Experiment::check(self.plan.clone());
    }

    /// Draws the form. `known` is what the images of the last experiment turned out to be.
    pub fn ui(&mut self, ui: &mut Ui, known: Option<&(Source, DatasetInfo)>, actions: &mut Vec<Action>) {
        let before = self.plan.clone();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats over this margin.
            ui.set_max_width(ui.available_width() - space::M);
            self.top(ui);
            self.sections(ui, known, actions);
            ui.add_space(space::XL);
        });
        if before != self.plan {
            self.recheck();
        }
        let now = (self.plan.clone(), self.device);
        self.undoer.feed_state(ui.input(|input| input.time), &now);
    }

    fn top(&mut self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let found = self.checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        let fields = Fields::new(found, "");
        let mut chosen = self.preset.id;
        let changed = (self.plan != self.base).then_some(self.preset.id);
        fields.row(ui, ("Preset", "preset"), &help::PRESET, &mut chosen, None, |ui, chosen| {
            let options: Vec<(&str, &str)> = PRESETS.iter().map(|preset| (preset.id, preset.id)).collect();
            choose(ui, chosen, &options)
        });
        ui.add(Label::new(theme::caption(self.preset.about, &tokens)).wrap());
        if let Some(id) = changed {
            ui.horizontal_wrapped(|ui| {
                let text = RichText::new("Changed from the preset.").size(theme::size::SMALL).color(tokens.accent);
                ui.label(text);
                let all = ui.small_button("Reset all");
                if all.clicked() {
                    self.choose_preset(id);
                }
            });
        }
        if chosen != self.preset.id {
            self.choose_preset(chosen);
        }
    }

    fn choose_preset(&mut self, id: &str) {
        if let Some(preset) = preset(id) {
            // The data set is the person's own choice and outlives the preset's.
            let data = self.plan.data.clone();
            self.preset = preset;
            self.base = preset.plan();
            self.plan = self.base.clone();
            if matches!(data.source, Source::Path(_)) {
                self.plan.data = data;
            }
        }
    }

    fn sections(&mut self, ui: &mut Ui, known: Option<&(Source, DatasetInfo)>, actions: &mut Vec<Action>) {
        let Self { plan, device, base, checked, summarize, counted, .. } = self;
        let found = checked.as_ref().err().map_or(&[][..], Vec::as_slice);
        let summary = data::in_words(&plan.data);
        let recipe = Fields::new(found, "recipe");
        section(ui, "Data", &summary, false, errors(found, "data"), |ui| {
            data::ui(ui, &Fields::new(found, "data"), &mut plan.data, Some(&base.data), actions);
        });
        let summary = super::number::plural(plan.arms.len() as u64, "arm");
        section(ui, "Networks", &summary, true, errors(found, "arms"), |ui| {
            let input = input(plan, known);
            let context = arms::Context { base, found, input, summarize };
            arms::ui(ui, plan, &context, counted);
        });
        let summary = training_in_words(plan);
        let wrong = found.iter().filter(|invalid| is_training(&invalid.field)).count();
        section(ui, "Training", &summary, false, wrong, |ui| {
            let fields = Fields::new(found, "");
            fields.row(ui, ("Run name", "name"), &help::ARM_NAME, &mut plan.name, Some(&base.name), |ui, name| {
                ui.add(TextEdit::singleline(name).desired_width(f32::INFINITY))
            });
            recipe::ui(ui, &recipe, &mut plan.recipe, Some(&base.recipe));
        });
        let optimizer = &plan.recipe.optimizer;
        let summary = format!("{}, {}", optimizer.method.label(), super::number::setting(optimizer.learning_rate));
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
        });
        section(ui, "Device", &device.to_string(), false, 0, |ui| {
            let fields = Fields::new(found, "");
            let mut options = vec![
                (DeviceChoice::Auto, "Auto"),
                (DeviceChoice::Flex, "CPU (Flex, fused kernels)"),
                (DeviceChoice::NdArray, "CPU (NdArray, reference)"),
                (DeviceChoice::Gpu(0), "GPU 0"),
                (DeviceChoice::Gpu(1), "GPU 1"),
            ];
            if !options.iter().any(|option| option.0 == *device) {
                options.push((*device, "GPU, as asked for"));
            }
            fields.choice(ui, ("Device", "device"), &help::DEVICE, device, Some(&DeviceChoice::Auto), &options);
        });
    }
}

/// Fields that are wrong below a path.
fn errors(found: &[Invalid], path: &str) -> usize {
    found.iter().filter(|invalid| invalid.field.starts_with(path)).count()
}

/// Whether a field is shown in the training section.
fn is_training(field: &str) -> bool {
    let elsewhere = ["recipe.optimizer", "recipe.schedule", "recipe.augmentation"];
    field == "name" || field.starts_with("recipe.") && !elsewhere.iter().any(|path| field.starts_with(path))
}

fn training_in_words(plan: &Plan) -> String {
    use crate::experiment::Length;
    let length = match plan.recipe.length {
        Length::Epochs(epochs) => super::number::plural(u64::from(epochs), "epoch"),
        Length::Steps(steps) => super::number::plural(steps, "step"),
    };
    format!("{length}, batch {}", plan.recipe.batch_size)
}

/// The images' shape and the number of classes, if they can be known before loading.
fn input(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> Option<([usize; 3], usize)> {
    use crate::experiment::Channels;
    let (mut shape, classes) = match (&plan.data.source, known) {
        (source, Some((of, info))) if source == of => (info.shape, info.classes.len()),
        (Source::Embedded, _) => ([1, 28, 28], 10),
        _ => return None,
    };
    if let Some(resize) = plan.data.resize {
        (shape[1], shape[2]) = (resize.height, resize.width);
    }
    match plan.data.channels {
        Channels::Auto => {}
        Channels::Gray => shape[0] = 1,
        Channels::Rgb => shape[0] = 3,
    }
    Some((shape, classes))
}

/// Steps of an epoch; a guess where the images are not known yet.
fn steps_per_epoch(plan: &Plan, known: Option<&(Source, DatasetInfo)>) -> u64 {
    let images = known.filter(|(source, _)| *source == plan.data.source).map_or(5000, |(_, info)| info.train);
    let images = plan.data.train_limit.map_or(images, |limit| limit.min(images));
    (images / plan.recipe.batch_size.max(1)).max(1) as u64
}

/// A section that folds. Folded, it says in a few words what is inside, or how many fields are wrong.
fn section(ui: &mut Ui, title: &str, summary: &str, open: bool, wrong: usize, body: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    ui.add_space(space::S);
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top(), tokens.line());
    ui.add_space(space::S);
    let shown =
        CollapsingHeader::new(theme::heading(title)).id_salt(title).default_open(open).show_unindented(ui, |ui| {
            ui.add_space(space::XS);
            body(ui);
        });
    let (text, color) = if wrong > 0 {
        (format!("{} to correct", super::number::plural(wrong as u64, "field")), tokens.error)
    } else {
        (summary.to_owned(), tokens.weak)
    };
    if wrong > 0 || shown.fully_closed() {
        let font = eframe::egui::FontId::proportional(theme::size::SMALL);
        let at = shown.header_response.rect.right_center() - eframe::egui::vec2(space::XS, 0.0);
        let at = eframe::egui::pos2(rect.right() - space::XS, at.y);
        let room = rect.right() - shown.header_response.rect.left() - 130.0;
        let mut job = eframe::egui::text::LayoutJob::simple_singleline(text, font, color);
        job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(room.max(40.0));
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(at - eframe::egui::vec2(galley.size().x, galley.size().y / 2.0), galley, color);
    }
}
