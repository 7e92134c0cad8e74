//! One row of the form: label, widget, a way back to the preset's value, a "?", and what is wrong with the value.

use super::faults::scroll;
use super::requests::Requests;
use super::row::FormRow;
use crate::action::Sought;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, decimal, named, unread, whole_field};
use eframe::egui::{
    Align, Atom, Button, Label, Layout, Popup, Rect, Response, RichText, Role, Sense, SetOpenCommand, TextStyle, Ui,
    UiBuilder, Vec2, WidgetInfo, emath::Numeric, vec2,
};
use lab_core::experiment::Invalid;
use serde::Serialize;

/// Width of the labels' column, in points.
pub const LABEL: f32 = 112.0;
/// Width of the button that has a value found.
const FIND: f32 = 48.0;

/// What the rows below one path share.
pub struct Fields<'a> {
    /// Everything that is wrong with the plan.
    pub found: &'a [Invalid],
    /// The path of the rows' parent: `recipe`, `arms[0].network`.
    pub path: String,
    /// The arm's name, which tells the widgets of two arms apart for those who cannot see them.
    pub owner: Option<&'a str>,
    /// The paths of fields in which this arm differs from the first.
    pub differing: &'a [String],
    /// Takes what a person wants with a field beside changing it, if anybody listens.
    pub requests: Option<&'a Requests>,
}

impl<'a> Fields<'a> {
    /// Rows of the plan itself or of its recipe and data.
    #[must_use]
    pub fn new(found: &'a [Invalid], path: &str) -> Self {
        Self { found, path: path.to_owned(), owner: None, differing: &[], requests: None }
    }

    /// The same, and somebody listens to what is wished for.
    #[must_use]
    pub fn with_requests(self, requests: &'a Requests) -> Self {
        Self { requests: Some(requests), ..self }
    }

    /// The same rows one level down.
    #[must_use]
    pub fn below(&self, part: &str) -> Fields<'a> {
        Fields { path: format!("{}.{part}", self.path), ..*self }
    }

    /// What a widget is called where the label alone does not say whose it is.
    fn name(&self, label: &str) -> String {
        self.owner.map_or_else(|| label.to_owned(), |owner| format!("{label}, {owner}"))
    }

    /// A row for one value. `preset` is what the reset button brings back; without it there is none.
    pub fn row<'r, T: Clone + PartialEq>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut T,
        preset: Option<&T>,
        widget: impl FnOnce(&mut Ui, &mut T) -> Response,
    ) -> Response {
        self.row_of(ui, row.into(), value, preset, widget, &Vec::new)
    }

    /// The same for a value that is one of a few: `values` gives all of them.
    fn row_of<T: Clone + PartialEq>(
        &self,
        ui: &mut Ui,
        row: FormRow,
        value: &mut T,
        preset: Option<&T>,
        widget: impl FnOnce(&mut Ui, &mut T) -> Response,
        values: &dyn Fn() -> Vec<toml::Value>,
    ) -> Response {
        let tokens = Tokens::of(ui);
        let (path, label) = (row.path(&self.path), &*row.label);
        let wrong = self.found.iter().find(|invalid| invalid.field == path);
        let changed = preset.is_some_and(|preset| preset != value);
        let room = vec2(ui.available_width(), theme::ROW);
        if wrong.is_none() && is_out_of_reach(ui, room) {
            return ui.allocate_response(room, Sense::hover());
        }
        let differs = self.differing.contains(&path);
        // An id that what comes and goes above does not change: else the first letter typed would end the typing.
        let stable = UiBuilder::new().scope_id(ui.scope_id().with(&path));
        let response = ui
            .scope_builder(stable, |ui| {
                ui.horizontal(|ui| {
                    ui.set_min_height(theme::ROW);
                    ui.spacing_mut().item_spacing.x = space::XS;
                    let color = match (wrong.is_some(), differs) {
                        (true, _) => tokens.error,
                        (_, true) => tokens.accent,
                        _ => tokens.text,
                    };
                    let (at, shown) = ui.allocate_exact_size(vec2(LABEL, theme::ROW), Sense::CLICK);
                    shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
                    let body = TextStyle::Body.resolve(ui.style());
                    let text = theme::elided(ui.painter(), label, body, color, LABEL);
                    ui.painter().galley(at.left_center() - vec2(0.0, 0.5 * text.size().y), text, color);
                    if changed {
                        let dot = at.left_center() - vec2(space::S, 0.0);
                        ui.painter().circle_filled(dot, 2.5, tokens.accent);
                    }
                    let icons = 2.0 * (theme::ICON + space::XS);
                    let width = (ui.available_width() - icons).max(theme::ROW);
                    let response = ui
                        .allocate_ui_with_layout(vec2(width, theme::ROW), left(), |ui| {
                            ui.set_min_size(vec2(width, theme::ROW));
                            widget(ui, value)
                        })
                        .inner;
                    let response = match self.owner {
                        None => response.labelled_by(shown.id),
                        Some(_) => named(ui, response, &self.name(label)),
                    };
                    reset_button(ui, &self.name(label), changed, value, preset);
                    let wish = |ui: &mut Ui| self.wish(ui, &path, values);
                    let heard = self.requests.is_some() && Requests::can_vary(&path);
                    help_button(ui, &self.name(label), &row, heard.then_some(&wish as &dyn Fn(&mut Ui)));
                    if heard {
                        // The menu is the label's: the widget may have a list of its own.
                        let asked = shown.secondary_clicked() || response.secondary_clicked();
                        let set = asked.then_some(SetOpenCommand::Bool(true));
                        Popup::menu(&shown).open_memory(set).at_pointer_fixed().show(wish);
                    }
                    response
                })
                .inner
            })
            .inner;
        if let Some(wrong) = wrong {
            error_text(ui, &format!("Must be {}.", wrong.rule));
        }
        if let Some(why) = unread(ui, &response) {
            error_text(ui, &why);
        }
        response
    }

    /// What can be wished for beside another value.
    fn wish(&self, ui: &mut Ui, path: &str, values: &dyn Fn() -> Vec<toml::Value>) {
        let Some(requests) = self.requests else { return };
        let hint = "Adds it to the panel Study, which trains the experiment with each of several values";
        let title = self.owner.map_or_else(|| "Vary this…".to_owned(), |owner| format!("Vary this of {owner}…"));
        if ui.button(title).on_hover_text(hint).clicked() {
            // A row that has no owner among the arms is about all of them.
            requests.vary(path, self.owner.is_none() && path.starts_with("arms["), values());
            ui.close();
        }
        if self.owner.is_some() {
            let same = ui.button("Set in every network");
            if same.on_hover_text("Gives all networks the value that this one has").clicked() {
                requests.share(path);
                ui.close();
            }
        }
        if self.owner.is_some() && ui.button("Vary this of every network…").on_hover_text(hint).clicked() {
            requests.vary(path, true, values());
            ui.close();
        }
    }

    /// A value with a button beside it that has a good one found.
    pub fn found<T>(
        &self,
        ui: &mut Ui,
        what: Sought,
        value: &mut T,
        widget: impl FnOnce(&mut Ui, &mut T) -> Response,
    ) -> Response {
        let Some(requests) = self.requests else { return widget(ui, value) };
        let size = vec2((ui.available_width() - FIND - space::XS).max(theme::ROW), theme::ROW);
        let response = ui.allocate_ui_with_layout(size, left(), |ui| {
            ui.set_min_size(size);
            widget(ui, value)
        });
        let button = Button::new(RichText::new("Find…").size(theme::size::SMALL)).min_size(vec2(FIND, theme::ROW));
        let (name, hint) = what.in_words();
        let button = ui.add(button).on_hover_text(hint);
        if named(ui, button, &self.name(&format!("Find a {name}"))).clicked() {
            requests.find(what);
        }
        response.inner
    }

    /// What is wrong with a field that has no row of its own.
    pub fn error(&self, ui: &mut Ui, field: &str) {
        let path = format!("{}.{field}", self.path);
        if let Some(wrong) = self.found.iter().find(|invalid| invalid.field == path) {
            error_text(ui, &format!("Must be {}.", wrong.rule));
        }
    }

    /// A row with a whole number.
    pub fn whole<'r, T: Numeric>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut T,
        preset: Option<&T>,
        unit: &'static str,
    ) -> Response {
        self.row(ui, row, value, preset, |ui, value| {
            let size = vec2(ui.available_width(), theme::ROW);
            whole_field(ui, value, |field| field.speed(0.05).suffix(unit).min_size(size))
        })
    }

    /// A row with a number that may be small; dragging changes it in proportion.
    pub fn number<'r>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut f64,
        preset: Option<&f64>,
    ) -> Response {
        self.row(ui, row, value, preset, decimal)
    }

    /// A row with a number of single precision.
    pub fn single<'r>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut f32,
        preset: Option<&f32>,
    ) -> Response {
        self.row(ui, row, value, preset, |ui, value| {
            // The shortest decimal that is this value, so that 0.1 reads as 0.1.
            let mut wide = value.to_string().parse().unwrap_or(f64::from(*value));
            let response = decimal(ui, &mut wide);
            #[allow(clippy::cast_possible_truncation, reason = "the field holds single precision")]
            if response.changed() {
                *value = wide as f32;
            }
            response
        })
    }

    /// A row with a box to tick.
    pub fn tick<'r>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut bool,
        preset: Option<&bool>,
    ) -> Response {
        self.row(ui, row, value, preset, |ui, value| ui.checkbox(value, ""))
    }

    /// A row with one of a few values.
    pub fn choice<'r, T: Clone + PartialEq + Serialize>(
        &self,
        ui: &mut Ui,
        row: impl Into<FormRow<'r>>,
        value: &mut T,
        preset: Option<&T>,
        options: &[(T, &str)],
    ) -> Response {
        let values = || options.iter().filter_map(|(value, _)| toml::Value::try_from(value).ok()).collect();
        self.row_of(ui, row.into(), value, preset, |ui, value| choose(ui, value, options), &values)
    }
}

/// Whether what comes next is scrolled out of view and nobody can come to it but by scrolling: while a widget has the
/// keyboard, and for those who have the window read to them, every row is there. Many arms have many rows.
fn is_out_of_reach(ui: &Ui, size: Vec2) -> bool {
    !ui.is_rect_visible(Rect::from_min_size(ui.cursor().min, size))
        && ui.memory(|memory| memory.focused().is_none())
        && ui.ctx().accesskit_node_builder(ui.unique_id(), |_| ()).is_none()
}

/// Widgets in a row, their texts starting at the left.
fn left() -> Layout {
    Layout::left_to_right(Align::Center).with_main_align(Align::Min)
}

/// What is wrong, below the field it is wrong with.
pub fn error_text(ui: &mut Ui, text: &str) {
    let tokens = Tokens::of(ui);
    let shown = ui.horizontal_top(|ui| {
        ui.add_space(LABEL + space::XS);
        ui.add(Label::new(RichText::new(text).size(theme::size::SMALL).color(tokens.error)).wrap());
    });
    scroll(ui, &shown.response);
}

fn reset_button<T: Clone>(ui: &mut Ui, name: &str, changed: bool, value: &mut T, preset: Option<&T>) {
    let Some(preset) = preset.filter(|_| changed) else {
        ui.allocate_exact_size(Vec2::splat(theme::ICON), Sense::hover());
        return;
    };
    let response = icon(ui, RichText::new("↺").size(theme::size::BODY)).on_hover_text("Back to the preset's value");
    if named(ui, response, &format!("Reset {name}")).clicked() {
        *value = preset.clone();
    }
}

/// A small square button without a frame, at the end of a row.
fn icon(ui: &mut Ui, text: RichText) -> Response {
    ui.spacing_mut().button_padding = Vec2::ZERO;
    ui.spacing_mut().interact_size = Vec2::splat(theme::ICON);
    let centered = (Atom::grow(), text, Atom::grow());
    ui.add(Button::new(centered).gap(0.0).frame_when_inactive(false).min_size(Vec2::splat(theme::ICON)))
}

/// The "?" beside a field: explains on hover, and stays open when clicked.
fn help_button(ui: &mut Ui, name: &str, row: &FormRow, wish: Option<&dyn Fn(&mut Ui)>) {
    let tokens = Tokens::of(ui);
    let text = RichText::new("?").size(theme::size::SMALL).color(tokens.weak);
    let response = icon(ui, text);
    let response = named(ui, response, &format!("About {name}"));
    let explain = |ui: &mut Ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(theme::strong(&*row.label));
        ui.label(row.field.what);
        ui.label(theme::caption(row.field.good, &tokens));
    };
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
        response.clone().on_hover_ui(explain);
    }
    Popup::from_toggle_button_response(&response).show(|ui| {
        explain(ui);
        if let Some(wish) = wish {
            ui.add_space(space::XS);
            wish(ui);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Context, DragValue, Event, Key, Memory, Modifiers, Pos2, RawInput, ScrollArea};
    use lab_core::experiment::field;

    /// Draws so many rows into a low window. Which of them were drawn, and how high all are.
    fn drawn(ctx: &Context, events: Vec<Event>) -> (Vec<usize>, f32) {
        let (mut drawn, mut height) = (Vec::new(), 0.0);
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(300.0, 200.0)));
        let _ = ctx.run_ui(RawInput { screen_rect, events, ..RawInput::default() }, |ui| {
            drawn.clear();
            let fields = Fields::new(&[], "");
            height = ScrollArea::vertical()
                .show(ui, |ui| {
                    for index in 0..50 {
                        let name = format!("row {index}");
                        fields.row(
                            ui,
                            FormRow::called(&field::WIDTH, &*name).at(&name),
                            &mut 1,
                            None,
                            |ui, value: &mut i32| {
                                drawn.push(index);
                                ui.add(DragValue::new(value).min_size(vec2(ui.available_width(), theme::ROW)))
                            },
                        );
                    }
                })
                .content_size
                .y;
        });
        (drawn, height)
    }

    #[test]
    fn rows_out_of_view_are_drawn_for_the_keyboard_and_for_screen_readers_only() {
        let ctx = Context::default();
        theme::install(&ctx);
        drawn(&ctx, vec![]);
        let (seen, height) = drawn(&ctx, vec![]);
        assert!((4..12).contains(&seen.len()), "only what is in view: {seen:?}");
        let (key, modifiers) = (Key::Tab, Modifiers::NONE);
        let tab = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        assert_eq!(drawn(&ctx, vec![tab]), ((0..50).collect(), height), "from the first key on");
        assert_eq!(drawn(&ctx, vec![]), ((0..50).collect(), height), "while one has the keyboard");
        ctx.memory_mut(Memory::stop_text_input);
        assert_eq!(drawn(&ctx, vec![]), (seen, height), "as before");
        ctx.enable_accesskit();
        assert_eq!(drawn(&ctx, vec![]), ((0..50).collect(), height), "where the window is read out");
    }
}
