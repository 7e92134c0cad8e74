//! The bar on top: what a person does with a run, how far it is, and what can be changed while it trains.

use super::commands::{self, Menu};
use super::tuning::{Tuning, read_as};
use crate::action::{Action, RunAction};
use crate::dialogs::FileDialog;
use crate::form::Form;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{accented, bounded_field, choose_explained, named, progress};
use crate::state::Monitor;
use eframe::egui::{
    Align, Atom, Button, Label, Layout, Pos2, Rect, RichText, ScrollArea, Sense, Shape, Stroke, ThemePreference, Ui,
    Vec2, vec2,
};
use lab_core::experiment::Extension;
use lab_core::number;
use lab_core::protocol::Phase;

pub struct Bar {
    tuning: Tuning,
    /// Epochs that training would be extended by.
    epochs: u32,
    /// What would become of the schedule.
    extension: Extension,
}

impl Default for Bar {
    fn default() -> Self {
        Self { tuning: Tuning::default(), epochs: 1, extension: Extension::default() }
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

impl Bar {
    /// The bar. `resident` is how many bytes of memory the program takes; `idle` draws what stands in the second row
    /// before anything trains; without it there is no such row.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        monitor: &Monitor,
        resident: Option<u64>,
        form: &Form,
        idle: Option<impl FnOnce(&mut Ui, &mut Vec<Action>)>,
        actions: &mut Vec<Action>,
    ) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            ui.spacing_mut().button_padding = vec2(space::M, space::XS);
            buttons(ui, monitor, form, actions);
            ui.add_space(space::S);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                corner(ui, monitor, actions);
                ui.add_space(space::S);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| status(ui, monitor, resident, form));
            });
        });
        if let Some(why) = &monitor.unwritten {
            ui.horizontal_wrapped(|ui| unwritten(ui, why, actions));
        }
        if monitor.prepared.is_none() || !monitor.is_active() {
            // What was being chosen for one run is not for the next one.
            self.tuning = Tuning::default();
        }
        let Some(idle) = idle else { return };
        // The row is there from the beginning, so that nothing below it moves with the start.
        ui.add_space(space::XS);
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::ROW);
            match &monitor.prepared {
                // Weights from a file have nothing to be changed or gone on with.
                Some(prepared) if prepared.is_of_weights() => {}
                Some(_) if monitor.is_active() => {
                    self.tuning.ui(ui, monitor, actions);
                    aside(ui, monitor, form);
                }
                Some(_) => self.after_the_end(ui, monitor, actions),
                None if monitor.is_active() => {}
                None => idle(ui, actions),
            }
        });
    }

    /// What can be done with a run that has ended: its networks are still there.
    fn after_the_end(&mut self, ui: &mut Ui, monitor: &Monitor, actions: &mut Vec<Action>) {
        let Self { epochs, extension, .. } = self;
        let tokens = Tokens::of(ui);
        if let Some(outcome) = &monitor.outcome {
            ui.label(theme::caption(outcome.in_words(), &tokens));
            ui.add_space(space::S);
        }
        if monitor.phase != Phase::Done {
            return;
        }
        if monitor.unfinished().is_some() {
            let go_on = ui.button("Continue the run").on_hover_text("Goes on from the last checkpoint");
            if go_on.clicked() {
                actions.push(Action::Run(RunAction::Continue));
            }
            // To train on beyond its end would leave out what it has not done yet.
            return;
        }
        let label = ui.label("Train on for");
        let unit = if *epochs == 1 { " epoch" } else { " epochs" };
        bounded_field(ui, epochs, 1..=100_000, |field| field.speed(0.1).suffix(unit)).labelled_by(label.id);
        let label = ui.label("schedule");
        ui.scope(|ui| {
            ui.set_max_width(128.0);
            let options = Extension::ALL.map(|(extension, _, label)| (extension, label));
            let explain = |extension: &Extension| Some(("What becomes of the schedule", extension.in_words()));
            choose_explained(ui, extension, &options, explain).labelled_by(label.id);
        });
        if ui
            .button("Extend")
            .on_hover_text(format!("Trains these networks further; {}", extension.in_words()))
            .clicked()
        {
            actions.push(Action::Run(RunAction::Extend(*epochs, *extension)));
        }
        let rate = monitor.live.rate_in_use();
        if rate.first().is_some() {
            let last =
                ui.label(theme::caption(format!("last learning rate {}", rate.in_a_word(number::short)), &tokens));
            if rate.common().is_none() {
                let each = format!("Last learning rate: {}", rate.in_words(number::short));
                read_as(last.on_hover_text(&each), &each);
            }
        }
    }
}

/// What cannot be written at present, and a way out.
fn unwritten(ui: &mut Ui, why: &str, actions: &mut Vec<Action>) {
    let text = format!("Not saved: {why}. All is kept in memory until then.");
    ui.label(RichText::new(text).color(Tokens::of(ui).error));
    if ui.button("Another folder…").clicked() {
        actions.push(Action::Choose(FileDialog::Elsewhere));
    }
}

fn buttons(ui: &mut Ui, monitor: &Monitor, form: &Form, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (active, used) = (monitor.is_active(), monitor.prepared.is_some() || monitor.failure.is_some());
    let reset = ui.add_enabled(active || used, Button::new("Reset"));
    if reset.on_hover_text("Ends the run and clears the plots").clicked() {
        actions.push(Action::Run(RunAction::Reset));
    }
    let pauses = active && monitor.phase != Phase::Paused;
    let (label, hint) = match (active, pauses) {
        (true, true) => ("Pause", "Stops before the next step"),
        (true, false) => ("Continue", "Goes on"),
        (false, _) if form.plan.recipe.seeds > 1 => ("Start", "Trains every arm with each of the seeds, as a study"),
        (false, _) => ("Start", "Trains every arm from the beginning"),
    };
    let shown = !active && monitor.prepared.is_some();
    let key = if shown { commands::ANEW.in_words() } else { "Space".to_owned() };
    let hint = format!("{hint} ({key})");
    let wrong = if active { Vec::new() } else { form.obstacles() };
    let text = RichText::new(label).family(theme::semibold()).color(tokens.on_accent);
    let faint = !wrong.is_empty();
    let icon = Atom::paint(Vec2::splat(12.0), move |ui, place| start_icon(ui, place.rect.center(), pauses, faint));
    let start = Button::new((Atom::grow(), icon, text, Atom::grow())).min_size(vec2(104.0, theme::ROW));
    let start = accented(ui, wrong.is_empty(), start);
    let start = start.on_hover_text(hint).on_disabled_hover_text(wrong.join("\n"));
    if start.clicked() {
        actions.push(Action::Run(RunAction::Toggle));
    }
    let step = ui.add_enabled(wrong.is_empty(), Button::new("Step"));
    if step.on_hover_text("Does one step and pauses (.)").clicked() {
        actions.push(Action::Run(RunAction::Step));
    }
    let stop = ui.add_enabled(active, Button::new("Stop"));
    if stop.on_hover_text("Ends the run with a checkpoint").clicked() {
        actions.push(Action::Run(RunAction::Stop));
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

/// Phase, progress, time left, pace and device, as far as there is room.
fn status(ui: &mut Ui, monitor: &Monitor, resident: Option<u64>, form: &Form) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.x = space::M;
    let wrong = form.obstacles();
    if !monitor.is_active() && !wrong.is_empty() {
        let text = format!("{} to correct before the start", number::plural(wrong.len() as u64, "field"));
        let shown = Label::new(RichText::new(text).color(tokens.error)).truncate().sense(Sense::click());
        let hint = format!("{}\nA click shows where.", wrong.join("\n"));
        if ui.add(shown).on_hover_text(hint).clicked() {
            crate::form::reveal(ui.ctx());
        }
        return;
    }
    let color = match monitor.phase {
        Phase::Diverged => tokens.error,
        Phase::Paused => tokens.warning,
        _ => tokens.text,
    };
    let phase = if monitor.unfinished().is_some() { "Stopped" } else { phase_in_words(monitor.phase) };
    ui.label(theme::strong(phase).color(color));
    stopped(ui, monitor);
    let Some(prepared) = &monitor.prepared else {
        let hint =
            if monitor.is_active() { "Reading images and building networks…" } else { "Press Start, or Space." };
        ui.add(Label::new(theme::caption(hint, &tokens)).truncate());
        return;
    };
    if prepared.is_of_weights() {
        let text = format!("weights of {} from a file, on {}", prepared.experiment.name, prepared.device);
        ui.add(Label::new(theme::caption(text, &tokens)).truncate());
        return;
    }
    let mut facts = Vec::new();
    let mut add = |text, width, what| facts.push(Fact { text, width, what });
    if monitor.is_active() {
        if let Some(seconds) = monitor.remaining() {
            add(format!("{} left", number::duration(seconds)), 92.0, "Training time to go");
        }
    } else if let Some(outcome) = &monitor.outcome {
        let what = "Training time, without pauses and validations";
        add(format!("in {}", number::duration(outcome.seconds)), 92.0, what);
    }
    if let Some(rate) = monitor.rate() {
        let what = "Training images, each given to every network";
        add(format!("{} images/s", number::short(rate)), 100.0, what);
    }
    if let Some(resident) = resident {
        add(number::bytes(resident), 68.0, "Memory that this program takes");
    }
    add(prepared.device.clone(), 150.0, "What it is computed on");
    let bar = 160.0;
    let all = facts.iter().map(Fact::in_words).collect::<Vec<_>>().join("\n");
    let mut room = ui.available_width() - bar;
    facts.retain(|fact| {
        room -= fact.width + space::M;
        room >= 0.0
    });
    let taken: f32 = facts.iter().map(|fact| fact.width + space::M).sum();
    // A run whose networks are behind its record may have been planned longer than these know.
    let total = prepared.total_steps.max(monitor.step());
    let text = format!("step {} of {}", number::count(monitor.step()), number::count(total));
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    let share = monitor.progress() as f32;
    let width = (ui.available_width() - taken).clamp(80.0, 420.0);
    // What there is no room for stands under the pointer.
    progress(ui, share, &text, width).on_hover_text(all);
    for fact in facts {
        let size = vec2(fact.width, theme::ROW);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(fact.width);
            ui.add(Label::new(theme::caption(&fact.text, &tokens)).truncate()).on_hover_text(fact.in_words());
        });
    }
}

/// Something to know of the training, beside its progress.
struct Fact {
    text: String,
    /// In points, so that nothing moves while its number changes.
    width: f32,
    what: &'static str,
}

impl Fact {
    fn in_words(&self) -> String {
        format!("{}: {}", self.text, self.what)
    }
}

/// The arms that have stopped while the others go on.
fn stopped(ui: &mut Ui, monitor: &Monitor) {
    // An arm that a fault has ended while the others go on did not diverge.
    let has_diverged = |arm: usize| monitor.outcome.is_some() || monitor.arms[arm].diverged_at().is_some();
    let how = |arm| if has_diverged(arm) { "diverged" } else { "stopped" };
    let said = |arm| {
        let step = number::count(monitor.stopped(arm)?);
        Some(format!("{} {} at step {step}", monitor.arm_name(arm), how(arm)))
    };
    let text: Vec<String> = (0..monitor.arms.len()).filter_map(said).collect();
    if text.is_empty() {
        return;
    }
    let reason = |arm: usize| {
        let arm = Some(monitor.arm_name(arm));
        monitor.interventions.iter().rev().find(|what| what.stopped.as_deref() == arm).map(|what| what.what.as_str())
    };
    let stopped = (0..monitor.arms.len()).filter(|arm| monitor.stopped(*arm).is_some());
    let why: Vec<&str> = stopped.filter_map(reason).collect();
    let text = RichText::new(text.join(", ")).color(Tokens::of(ui).error);
    ui.add(Label::new(text).truncate()).on_hover_text(why.join("\n"));
}

/// Theme and help, at the right end; drawn from right to left.
fn corner(ui: &mut Ui, monitor: &Monitor, actions: &mut Vec<Action>) {
    let help = ui.add(Button::new("?").frame_when_inactive(false).min_size(vec2(theme::ROW, theme::ROW)));
    if named(ui, help.on_hover_text("Keyboard shortcuts (?)"), "Shortcuts").clicked() {
        actions.push(Action::Shortcuts);
    }
    ui.menu_button("Menu", |ui| menus(ui, monitor, actions));
    let now = ui.ctx().options(|options| options.theme_preference);
    // The first click always changes what is seen.
    let (next, hint) = match (now, Tokens::of(ui).dark) {
        (ThemePreference::System, true) => (ThemePreference::Light, "Theme: as the system, dark. Click for light."),
        (ThemePreference::System, false) => (ThemePreference::Dark, "Theme: as the system, light. Click for dark."),
        (ThemePreference::Dark, _) => (ThemePreference::Light, "Theme: dark. Click for light."),
        (ThemePreference::Light, _) => (ThemePreference::Dark, "Theme: light. Click for dark."),
    };
    let theme = ui.add(Button::new("").frame_when_inactive(false).min_size(vec2(theme::ROW, theme::ROW)));
    theme_icon(ui, theme.rect.center(), now);
    if named(ui, theme.on_hover_text(hint), "Theme").clicked() {
        actions.push(Action::Theme(next));
    }
}

/// Every command by its menu.
fn menus(ui: &mut Ui, monitor: &Monitor, actions: &mut Vec<Action>) {
    let all = commands::all();
    for menu in Menu::ALL {
        ui.menu_button(menu.title(), |ui| {
            // However little room there is below the entry that opens it.
            let most = ui.ctx().content_rect().height() - 64.0;
            ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                for command in all.iter().filter(|command| command.menu == menu) {
                    let button = Button::new(&command.title).shortcut_text(command.keys.in_words());
                    if ui.add_enabled(command.is_possible(monitor), button).clicked() {
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

/// The least room for what is said beside the settings, in points.
const ASIDE: f32 = 150.0;

/// What a person should know of what is under way beside the form.
fn aside(ui: &mut Ui, monitor: &Monitor, form: &Form) {
    let Some(prepared) = &monitor.prepared else { return };
    let text = if form.immediate && prepared.run.is_none() {
        "On a few images, not kept"
    } else if form.is_changed_from(&prepared.experiment) {
        "The form has changed since the start"
    } else {
        return;
    };
    // Where the row has no room for it, another one would push down all below it for as long as it is there.
    if ui.available_size_before_wrap().x < ASIDE {
        return;
    }
    ui.add_space(space::S);
    let tokens = Tokens::of(ui);
    ui.add(Label::new(RichText::new(text).size(theme::size::SMALL).color(tokens.accent)).truncate());
}
