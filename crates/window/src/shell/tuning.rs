//! What takes effect at the next step, in the bar. A field shows what the engine reported last, or what a person is choosing
//! in it until the engine has answered.
//!
//! A change of learning rate, momentum or weight decay sets it in all arms, as [`Tune`] does. Where arms differ in a
//! setting, by their own optimisers, its field says so beforehand: in the place of a value it has "by arm", and beside
//! its name "all arms".

use crate::action::{Action, RunAction};
use crate::form;
use crate::form::field::Fields;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{bounded_field, named, read_field, show_unread, typed_number};
use crate::state::Monitor;
use crate::state::live::{BY_ARM, ByArm, SettingsInUse};
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Align, DragValue, Frame, Key, Label, Layout, Margin, PopupCloseBehavior, Response, Role, Slider, Ui, WidgetInfo,
    vec2,
};
use lab_core::experiment::{Augmentation, Experiment, Invalid};
use lab_core::number;
use lab_core::protocol::Tune;

/// The least width of the bar, in points, that has room for words beside the settings and for a long slider.
const ROOMY: f32 = 1200.0;
/// The width of a slider where there is less room.
const SHORT: f32 = 64.0;
/// Steps of an arrow key in a tenfold change of the learning rate.
const STEPS: f64 = 100.0;
/// The width of what is said of a schedule, so that nothing moves while its numbers change.
const SCHEDULE: f32 = 160.0;
/// The width of the menu with the augmentation's rows, in points.
const MENU: f32 = 312.0;

/// What a person is choosing.
#[derive(Default)]
pub struct Tuning {
    learning_rate: PendingValue<f64>,
    momentum: PendingValue<f64>,
    weight_decay: PendingValue<f64>,
    probe_every: PendingValue<u32>,
    augmentation: PendingValue<Augmentation>,
}

/// A value while a person chooses it. Once it is sent, it is shown until the engine has answered.
struct PendingValue<T> {
    value: Option<T>,
    /// The engine's newest word when it was sent.
    sent: Option<u64>,
}

impl<T> Default for PendingValue<T> {
    fn default() -> Self {
        Self { value: None, sent: None }
    }
}

impl<T: Clone> PendingValue<T> {
    /// What a field shows over what the engine reported.
    fn over(&mut self, reported: T, live: &SettingsInUse) -> T {
        if self.sent.is_some_and(|sent| sent != live.version()) {
            *self = Self::default();
        }
        self.value.clone().unwrap_or(reported)
    }

    /// Takes in what a person chose.
    fn choose(&mut self, value: T) {
        *self = Self { value: Some(value), sent: None };
    }

    /// What is to be sent, if it was not sent yet.
    fn send(&mut self, live: &SettingsInUse) -> Option<T> {
        let value = self.value.clone().filter(|_| self.sent.is_none())?;
        self.sent = Some(live.version());
        Some(value)
    }

    /// Takes in what a widget made of its value; gives it once the widget is let go of.
    fn settle(&mut self, response: &Response, value: T, live: &SettingsInUse) -> Option<T> {
        self.hold(response, value);
        if response.dragged() { None } else { self.send(live) }
    }

    /// Takes in what a widget made of its value, which is not let go of yet.
    fn hold(&mut self, response: &Response, value: T) -> Option<T> {
        if response.changed() {
            self.choose(value);
        }
        None
    }
}

impl Tuning {
    /// The settings of an experiment that trains. A slider speaks once, when it is let go of.
    pub fn ui(&mut self, ui: &mut Ui, monitor: &Monitor, actions: &mut Vec<Action>) {
        let live = &monitor.live;
        let roomy = ui.available_width() > ROOMY;
        if roomy {
            ui.label(theme::caption("From the next step on", &Tokens::of(ui)));
            ui.add_space(space::S);
        }
        let mut tunes = Vec::new();
        tunes.extend(self.learning_rate(ui, live, roomy).map(Tune::LearningRate));
        tunes.extend(field(ui, "Momentum", &live.momentum(), &mut self.momentum, live, MOMENTUM).map(Tune::Momentum));
        let decay = live.weight_decay();
        let decay = field(ui, "Weight decay", &decay, &mut self.weight_decay, live, WEIGHT_DECAY);
        tunes.extend(decay.map(Tune::WeightDecay));
        tunes.extend(self.probe_every(ui, live, roomy).map(Tune::ProbeEvery));
        if let Some(prepared) = &monitor.prepared {
            tunes.extend(self.augmentation(ui, live, &prepared.experiment).map(Tune::Augmentation));
        }
        actions.extend(tunes.into_iter().map(|tune| Action::Run(RunAction::Tune(tune))));
    }

    fn learning_rate(&mut self, ui: &mut Ui, live: &SettingsInUse, roomy: bool) -> Option<f64> {
        let peak = live.peak();
        let first = peak.first()?;
        let label = label(ui, "Learning rate", &peak, number::short);
        let draft = &mut self.learning_rate;
        let mut value = draft.over(first, live);
        let (now, write) = (value, written(draft, &peak, number::setting));
        if !roomy {
            ui.spacing_mut().slider_width = SHORT;
        }
        // A rate that was typed elsewhere may lie beyond the usual ends.
        let slider = Slider::new(&mut value, now.min(1e-6)..=now.max(10.0)).logarithmic(true).show_value(false);
        let mut slider = ui.add(slider).labelled_by(label.id).on_hover_text("Arrow keys change it by 2.3 %");
        let (steps, held) = if slider.has_focus() { arrows(ui) } else { (0.0, false) };
        if steps != 0.0 {
            // The slider itself would go on by a point of the screen, which is a third of the rate.
            value = number::short(now * 10f64.powf(steps / STEPS)).parse().unwrap_or(now).clamp(1e-9, 1000.0);
            slider.mark_changed();
        }
        let takes = now.min(1e-9)..=1000.0;
        let field = DragValue::new(&mut value).range(takes.clone()).speed(0.01 * now).update_while_editing(false);
        let field = field.custom_formatter(|value, _| write(value));
        let field =
            read_field(ui, field, takes, |text| parsed(text, now, &write)).on_hover_text("Type a rate, or drag it");
        show_unread(ui, &field);
        let response = named(ui, field, "Exact learning rate").union(slider);
        let chosen = if held { draft.hold(&response, value) } else { draft.settle(&response, value, live) };
        if live.is_scheduled() {
            schedule(ui, live);
        }
        chosen
    }

    fn probe_every(&mut self, ui: &mut Ui, live: &SettingsInUse, roomy: bool) -> Option<u32> {
        ui.add_space(space::S);
        let name = "Measure gradients every";
        let label = ui.label(if roomy { name } else { "Gradients every" });
        let mut value = self.probe_every.over(live.probe_every(), live);
        let response = bounded_field(ui, &mut value, 0..=1_000_000, |field| {
            field.speed(0.1).suffix(" steps").update_while_editing(false)
        });
        let response = response.labelled_by(label.id);
        let response = if roomy { response } else { named(ui, response, name) };
        let response = response.on_hover_text(
            "Steps between two measurements of gradients and activations in every block; 0 never measures",
        );
        self.probe_every.settle(&response, value, live)
    }

    /// The augmentation's rows in a menu. What is chosen is sent when its field is left; what is wrong is shown beside it
    /// and forgotten with the menu.
    fn augmentation(&mut self, ui: &mut Ui, live: &SettingsInUse, running: &Experiment) -> Option<Augmentation> {
        ui.add_space(space::S);
        let draft = &mut self.augmentation;
        let mut value = draft.over(live.augmentation().clone(), live);
        let before = value.clone();
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let (button, menu) = MenuButton::new("Augmentation").config(config).ui(ui, |ui| {
            // These are fields, not a menu's entries.
            ui.reset_style();
            // The mark of a changed field stands left of its row.
            Frame::new().inner_margin(Margin { left: 8, ..Margin::ZERO }).show(ui, |ui| {
                ui.set_width(MENU);
                let found = errors(running, &value);
                let fields = Fields::new(&found, "recipe").below("augmentation");
                form::augmentation(ui, &fields, &mut value, Some(&running.recipe.augmentation));
            });
        });
        let used = form::augmentation_in_words(live.augmentation());
        let hint = format!("How training images are changed before the networks see them; now: {used}");
        named(ui, button.on_hover_text(hint), "Augmentation while training");
        if value != before {
            draft.choose(value.clone());
        }
        let busy = ui.egui_is_using_pointer() || ui.memory(|memory| memory.focused().is_some());
        if busy {
            return None;
        }
        if errors(running, &value).is_empty() {
            return draft.send(live);
        }
        if menu.is_none() {
            *draft = PendingValue::default();
        }
        None
    }
}

/// What is wrong with an augmentation.
fn errors(running: &Experiment, augmentation: &Augmentation) -> Vec<Invalid> {
    let mut plan = running.clone().into_plan();
    plan.recipe.augmentation = augmentation.clone();
    Experiment::check(plan).err().unwrap_or_default()
}

/// A setting's name. Where arms differ it says that a change sets all of them, and what each has now.
fn label(ui: &mut Ui, name: &str, values: &ByArm, write: impl Fn(f64) -> String) -> Response {
    if values.common().is_some() {
        return ui.label(name);
    }
    let (text, each) = (format!("{name}, all arms"), values.in_words(write));
    read_as(
        ui.label(&text).on_hover_text(format!("Now {each}. A change here sets all arms.")),
        &format!("{text}: now {each}"),
    )
}

/// Lets a text be read out as another one, which says more.
pub(super) fn read_as(label: Response, text: &str) -> Response {
    label.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    label
}

/// How a field writes its value: arms that differ have none until a person chooses one.
fn written<'a, T>(
    draft: &PendingValue<T>,
    values: &ByArm,
    write: impl Fn(f64) -> String + 'a,
) -> impl Fn(f64) -> String + 'a {
    let by_arm = draft.value.is_none() && values.common().is_none();
    move |value| if by_arm { BY_ARM.to_owned() } else { write(value) }
}

/// How often an arrow key was pressed, to the right less to the left, and whether one is still held.
fn arrows(ui: &Ui) -> (f64, bool) {
    ui.input(|input| {
        let presses = |key| input.num_presses(key) as f64;
        let held = [Key::ArrowLeft, Key::ArrowRight].into_iter().any(|key| input.key_down(key));
        (presses(Key::ArrowRight) - presses(Key::ArrowLeft), held)
    })
}

/// Reads what was typed. What was left as it stood is the value itself, of which fewer digits may be shown.
fn parsed(text: &str, now: f64, write: impl Fn(f64) -> String) -> Option<f64> {
    let text = text.trim();
    if text == write(now) { Some(now) } else { typed_number(text) }
}

/// A number that all arms have or that is set in all of them.
fn field(
    ui: &mut Ui,
    name: &str,
    values: &ByArm,
    draft: &mut PendingValue<f64>,
    live: &SettingsInUse,
    Reach { most, speed }: Reach,
) -> Option<f64> {
    let first = values.first()?;
    ui.add_space(space::S);
    let label = label(ui, name, values, number::setting);
    let mut value = draft.over(first, live);
    let (now, write) = (value, written(draft, values, number::setting));
    let takes = 0.0..=most;
    let field = DragValue::new(&mut value).range(takes.clone()).speed(speed(now)).update_while_editing(false);
    let field = field.custom_formatter(|value, _| write(value));
    let response = read_field(ui, field, takes, |text| parsed(text, now, &write)).labelled_by(label.id);
    show_unread(ui, &response);
    draft.settle(&response, value, live)
}

/// How far a setting goes.
#[derive(Clone, Copy)]
struct Reach {
    most: f64,
    /// How fast dragging changes it, by where it is.
    speed: fn(f64) -> f64,
}

const MOMENTUM: Reach = Reach { most: 0.999_999, speed: |_| 0.002 };

const WEIGHT_DECAY: Reach = Reach { most: 100.0, speed: |now| (now * 0.01).max(1e-6) };

/// The learning rate in use beside the one that the schedule scales.
fn schedule(ui: &mut Ui, live: &SettingsInUse) {
    let (now, peak) = (live.rate_in_use(), live.peak());
    let text = format!("now {}, peak {}", now.in_a_word(number::short), peak.in_a_word(number::short));
    let caption = theme::caption(&text, &Tokens::of(ui));
    let response = ui.allocate_ui_with_layout(vec2(SCHEDULE, theme::ROW), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(SCHEDULE);
        ui.add(Label::new(caption).truncate())
    });
    let response = response.inner;
    if now.common().is_none() || peak.common().is_none() {
        let (now, peak) = (now.in_words(number::short), peak.in_words(number::short));
        let each = format!("Learning rate now: {now}\nAt its peak: {peak}");
        read_as(response.on_hover_text(&each), &each.replace('\n', ". "));
    }
}
