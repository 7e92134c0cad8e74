//! The bar on top: what a person does with a run, how far it is, and what can be changed while it trains.

use super::commands::{self, Menu};
use crate::action::Action;
use crate::form::Form;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::state::Session;
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Align, Atom, Button, DragValue, Frame, Label, Layout, Margin, PopupCloseBehavior, Pos2, ProgressBar, Rect,
    Response, RichText, ScrollArea, Shape, Slider, Stroke, ThemePreference, Ui, Vec2, vec2,
};
use lab_core::experiment::{Experiment, Invalid};
use lab_core::number;
use lab_core::protocol::{Phase, Tune};

/// The least width of the bar, in points, that has room for words beside the live settings.
const ROOMY: f32 = 1100.0;
/// The width of the menu with the augmentation's rows, in points.
const MENU: f32 = 312.0;

/// The settings that can be changed while training, as they are now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    learning_rate: f64,
    momentum: Option<f64>,
    weight_decay: f64,
    /// Steps between two looks inside.
    probe_every: u32,
    /// Epochs that training would be extended by.
    epochs: u32,
}

impl Live {
    /// As an experiment sets them.
    #[must_use]
    pub fn of(experiment: &Experiment) -> Self {
        let mut optimizer = experiment.recipe.optimizer.clone();
        Self {
            learning_rate: optimizer.learning_rate,
            weight_decay: optimizer.weight_decay,
            probe_every: experiment.recipe.probe_every,
            epochs: 1,
            momentum: optimizer.method.momentum_mut().map(|momentum| *momentum),
        }
    }
}

/// A phase in a word.
#[must_use]
pub fn phase_in_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "Ready",
        Phase::Loading => "Loading",
        Phase::Tuning => "Tuning",
        Phase::WarmingUp => "Warming up",
        Phase::Training => "Training",
        Phase::Evaluating => "Validating",
        Phase::Paused => "Paused",
        Phase::Diverged => "Diverged",
        Phase::Done => "Done",
    }
}

/// The bar. `resident` is how many bytes of memory the program takes.
pub fn ui(
    ui: &mut Ui,
    (session, resident): (&Session, Option<u64>),
    form: &mut Form,
    live: &mut Live,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.spacing_mut().button_padding = vec2(space::M, space::XS);
        buttons(ui, session, form, actions);
        ui.add_space(space::S);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            corner(ui, session, actions);
            ui.add_space(space::S);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| status(ui, (session, resident), form));
        });
    });
    if session.prepared.is_some() {
        ui.add_space(space::XS);
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::ROW);
            if session.is_active() {
                live_settings(ui, form, live, actions);
                aside(ui, session, form);
            } else {
                after_the_end(ui, session, live, actions);
            }
        });
    }
}

fn buttons(ui: &mut Ui, session: &Session, form: &Form, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (active, used) = (session.is_active(), session.prepared.is_some() || session.failure.is_some());
    let reset = ui.add_enabled(active || used, Button::new("Reset"));
    if reset.on_hover_text("Ends the run and clears the plots").clicked() {
        actions.push(Action::Reset);
    }
    let (label, hint) = match session.phase {
        Phase::Paused => ("Continue", "Goes on (Space)"),
        _ if active => ("Pause", "Stops before the next step (Space)"),
        _ => ("Start", "Trains every arm from the beginning (Space)"),
    };
    let wrong = if active { None } else { form.experiment().err() };
    let text = RichText::new(label).family(theme::semibold()).color(tokens.on_accent);
    let (pause, faint) = (label == "Pause", wrong.is_some());
    let icon = Atom::paint(Vec2::splat(12.0), move |ui, place| start_icon(ui, place.rect.center(), pause, faint));
    let start = Button::new((Atom::grow(), icon, text, Atom::grow())).fill(tokens.accent);
    let start = ui.add_enabled(wrong.is_none(), start.min_size(vec2(104.0, theme::ROW)));
    let start = start.on_hover_text(hint).on_disabled_hover_text(wrong.map_or_else(String::new, reasons));
    if start.clicked() {
        actions.push(Action::Toggle);
    }
    let step = ui.add_enabled(wrong.is_none(), Button::new("Step"));
    if step.on_hover_text("Does one step and pauses (.)").clicked() {
        actions.push(Action::Step);
    }
    let stop = ui.add_enabled(active, Button::new("Stop"));
    if stop.on_hover_text("Ends the run with a checkpoint").clicked() {
        actions.push(Action::Stop);
    }
}

/// A triangle, or two bars.
fn start_icon(ui: &Ui, center: Pos2, pause: bool, faint: bool) {
    let color = Tokens::of(ui).on_accent;
    let color = if faint { ui.visuals().disable(color) } else { color };
    if pause {
        for x in [-3.5, 3.5] {
            ui.painter().rect_filled(Rect::from_center_size(center + vec2(x, 0.0), vec2(3.5, 11.0)), 1.0, color);
        }
    } else {
        let corners = vec![center + vec2(-4.0, -6.0), center + vec2(6.5, 0.0), center + vec2(-4.0, 6.0)];
        ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
    }
}

fn reasons(found: &[Invalid]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Phase, progress, time left, pace and device, as far as there is room.
fn status(ui: &mut Ui, (session, resident): (&Session, Option<u64>), form: &Form) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.x = space::M;
    if let (false, Err(found)) = (session.is_active(), form.experiment()) {
        let text = format!("{} to correct before the start", number::plural(found.len() as u64, "field"));
        ui.add(Label::new(RichText::new(text).color(tokens.error)).truncate()).on_hover_text(reasons(found));
        return;
    }
    let color = match session.phase {
        Phase::Diverged => tokens.error,
        Phase::Paused => tokens.warning,
        _ => tokens.text,
    };
    ui.label(theme::strong(phase_in_words(session.phase)).color(color));
    let Some(prepared) = &session.prepared else {
        let hint =
            if session.is_active() { "Reading images and building networks…" } else { "Press Start, or Space." };
        ui.add(Label::new(theme::caption(hint, &tokens)).truncate());
        return;
    };
    let mut facts = Vec::new();
    if session.is_active() {
        if let Some(seconds) = session.remaining() {
            facts.push((format!("{} left", number::duration(seconds)), 92.0));
        }
    } else if let Some(outcome) = &session.outcome {
        facts.push((format!("in {}", number::duration(outcome.seconds)), 92.0));
    }
    if let Some(rate) = session.rate {
        facts.push((format!("{} images/s", number::short(rate)), 100.0));
    }
    if let Some(resident) = resident {
        facts.push((number::bytes(resident), 68.0));
    }
    facts.push((prepared.device.clone(), 150.0));
    let bar = 160.0;
    let all = facts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\n");
    let mut room = ui.available_width() - bar;
    facts.retain(|(_, width)| {
        room -= width + space::M;
        room >= 0.0
    });
    let taken: f32 = facts.iter().map(|(_, width)| width + space::M).sum();
    let text = format!("step {} of {}", number::count(session.step()), number::count(prepared.total_steps));
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    let share = session.progress() as f32;
    let width = (ui.available_width() - taken).clamp(80.0, 420.0);
    // What there is no room for is told under the pointer.
    progress(ui, share, &text, width).on_hover_text(all);
    for (text, width) in facts {
        ui.allocate_ui_with_layout(vec2(width, theme::ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(width);
            ui.add(Label::new(theme::caption(&text, &tokens)).truncate()).on_hover_text(text);
        });
    }
}

fn progress(ui: &mut Ui, share: f32, text: &str, width: f32) -> Response {
    let tokens = Tokens::of(ui);
    let bar = ProgressBar::new(share)
        .desired_width(width)
        .desired_height(18.0)
        .fill(tokens.accent.gamma_multiply(if tokens.dark { 0.5 } else { 0.35 }))
        .corner_radius(theme::RADIUS)
        .text(RichText::new(text).size(theme::size::SMALL).color(tokens.text));
    let bar = ui.add(bar);
    named(ui, bar, &format!("Progress: {text}"))
}

/// Theme and help, at the right end; drawn from right to left.
fn corner(ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
    let help = ui.add(Button::new("?").frame_when_inactive(false).min_size(vec2(theme::ROW, theme::ROW)));
    if named(ui, help.on_hover_text("Keyboard shortcuts (?)"), "Shortcuts").clicked() {
        actions.push(Action::Shortcuts);
    }
    ui.menu_button("Menu", |ui| menus(ui, session, actions));
    let now = ui.ctx().options(|options| options.theme_preference);
    let (next, hint) = match now {
        ThemePreference::System => (ThemePreference::Dark, "Theme: as the system. Click for dark."),
        ThemePreference::Dark => (ThemePreference::Light, "Theme: dark. Click for light."),
        ThemePreference::Light => (ThemePreference::System, "Theme: light. Click to follow the system."),
    };
    let theme = ui.add(Button::new("").frame_when_inactive(false).min_size(vec2(theme::ROW, theme::ROW)));
    theme_icon(ui, theme.rect.center(), now);
    if named(ui, theme.on_hover_text(hint), "Theme").clicked() {
        actions.push(Action::Theme(next));
    }
}

/// Every command by its menu.
fn menus(ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
    let all = commands::all();
    for menu in Menu::ALL {
        ui.menu_button(menu.title(), |ui| {
            ScrollArea::vertical().max_height(ui.ctx().content_rect().height() - 96.0).show(ui, |ui| {
                for command in all.iter().filter(|command| command.menu == menu) {
                    let button = Button::new(&command.title).shortcut_text(command.keys.in_words());
                    if ui.add_enabled(command.is_possible(session), button).clicked() {
                        actions.push(command.action.clone());
                        ui.close();
                    }
                }
            });
        });
    }
}

/// A disc: full for dark, empty for light, half for whatever the system says.
fn theme_icon(ui: &Ui, center: Pos2, preference: ThemePreference) {
    let stroke = Stroke::new(1.25, Tokens::of(ui).text);
    let radius = 6.0;
    ui.painter().circle_stroke(center, radius, stroke);
    let clip = match preference {
        ThemePreference::Light => return,
        ThemePreference::Dark => Rect::EVERYTHING,
        ThemePreference::System => Rect::everything_left_of(center.x),
    };
    ui.painter().with_clip_rect(clip.intersect(ui.clip_rect())).circle_filled(center, radius, stroke.color);
}

/// What can be done with a run that has ended: its networks are still there.
fn after_the_end(ui: &mut Ui, session: &Session, live: &mut Live, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    if let Some(outcome) = &session.outcome {
        let text = format!("Ended after {}: {}", number::plural(outcome.steps, "step"), outcome.reason);
        ui.label(theme::caption(text, &tokens));
        ui.add_space(space::S);
    }
    if session.phase != Phase::Done {
        return;
    }
    if session.unfinished().is_some() {
        let go_on = ui.button("Continue the run").on_hover_text("Goes on from the last checkpoint");
        if go_on.clicked() {
            actions.push(Action::ContinueRun);
        }
        ui.add_space(space::S);
    }
    let label = ui.label("Train on for");
    let field = DragValue::new(&mut live.epochs).range(1..=100_000).speed(0.1).suffix(" epochs");
    ui.add(field).labelled_by(label.id);
    if ui
        .button("Extend")
        .on_hover_text("Trains these networks further, with the schedule's last learning rate")
        .clicked()
    {
        actions.push(Action::Extend(live.epochs));
    }
}

/// What a person should know of what is under way beside the form.
fn aside(ui: &mut Ui, session: &Session, form: &Form) {
    let Some(prepared) = &session.prepared else { return };
    let text = if form.immediate && prepared.run.is_none() {
        "Immediate: on a few images, and not kept"
    } else if form.is_changed_from(&prepared.experiment) {
        "The form has changed since the start"
    } else {
        return;
    };
    ui.add_space(space::S);
    let tokens = Tokens::of(ui);
    ui.add(Label::new(RichText::new(text).size(theme::size::SMALL).color(tokens.accent)).truncate());
}

/// What takes effect at the next step. A slider speaks once, when it is let go of.
fn live_settings(ui: &mut Ui, form: &mut Form, live: &mut Live, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let settled = |response: &Response| response.drag_stopped() || response.changed() && !response.dragged();
    if ui.available_width() > ROOMY {
        ui.label(theme::caption("From the next step on", &tokens));
        ui.add_space(space::S);
    }
    let label = ui.label("Learning rate");
    let rate = Slider::new(&mut live.learning_rate, 1e-6..=10.0)
        .logarithmic(true)
        .update_while_editing(false)
        .custom_formatter(|value, _| number::short(value))
        .custom_parser(|text| text.trim().parse().ok());
    let response = ui.add(rate).labelled_by(label.id);
    if settled(&response) {
        actions.push(Action::Tune(Tune::LearningRate(live.learning_rate)));
    }
    if let Some(momentum) = &mut live.momentum {
        ui.add_space(space::S);
        let label = ui.label("Momentum");
        let field = DragValue::new(momentum).range(0.0..=0.999_999).speed(0.002).update_while_editing(false);
        let response = ui.add(field.custom_formatter(|value, _| number::setting(value))).labelled_by(label.id);
        if settled(&response) {
            actions.push(Action::Tune(Tune::Momentum(*momentum)));
        }
    }
    ui.add_space(space::S);
    let label = ui.label("Weight decay");
    let speed = (live.weight_decay * 0.01).max(1e-6);
    let field = DragValue::new(&mut live.weight_decay).range(0.0..=100.0).speed(speed).update_while_editing(false);
    let field =
        field.custom_formatter(|value, _| number::setting(value)).custom_parser(|text| text.trim().parse().ok());
    let response = ui.add(field).labelled_by(label.id);
    if settled(&response) {
        actions.push(Action::Tune(Tune::WeightDecay(live.weight_decay)));
    }
    ui.add_space(space::S);
    let label = ui.label("Look inside every");
    let field = DragValue::new(&mut live.probe_every).range(0..=1_000_000).speed(0.1).suffix(" steps");
    let response = ui.add(field.update_while_editing(false)).labelled_by(label.id);
    let hint = "Steps between two looks at gradients and activations; 0 never looks";
    if settled(&response.on_hover_text(hint)) {
        actions.push(Action::Tune(Tune::ProbeEvery(live.probe_every)));
    }
    ui.add_space(space::S);
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (button, _) = MenuButton::new("Augmentation").config(config).ui(ui, |ui| {
        // These are fields, not a menu's entries.
        ui.reset_style();
        // The mark of a changed field stands left of its row.
        Frame::new().inner_margin(Margin { left: 8, ..Margin::ZERO }).show(ui, |ui| {
            ui.set_width(MENU);
            form.augmentation(ui);
        });
    });
    let hint = "How training images are changed before the networks see them; the same as in the form";
    named(ui, button.on_hover_text(hint), "Augmentation while training");
}
