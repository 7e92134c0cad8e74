//! Widgets that form, panels and windows share: lists of values, numbers, and names for those who cannot see.

use super::glossary::explained;
use super::theme::{self, Tokens, space};
use eframe::egui::{
    Button, Color32, ComboBox, DragValue, FontId, Key, Response, RichText, Role, Sense, Stroke, StrokeKind, TextEdit,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};
use eframe::emath::Numeric;
use lab_core::number;
use std::cell::Cell;
use std::ops::RangeInclusive;

/// The greatest height of a list that opens, in points.
const LIST: f32 = 420.0;

/// Height of a bar that says how far something is, in points.
const BAR: f32 = 18.0;

/// A box that opens a list of values; terms in their names are explained under the pointer.
pub fn choose<T: Clone + PartialEq>(ui: &mut Ui, value: &mut T, options: &[(T, &str)]) -> Response {
    choose_explained(ui, value, options, |_| None)
}

/// A box that opens a list of values, each with a heading that it stands under and an explanation under the pointer.
pub fn choose_explained<T: Clone + PartialEq>(
    ui: &mut Ui,
    value: &mut T,
    options: &[(T, &str)],
    explain: impl Fn(&T) -> Option<(&'static str, &'static str)>,
) -> Response {
    let shown = options.iter().find(|(option, _)| option == value).map_or("", |(_, label)| *label);
    let mut picked = None;
    let mut response = ComboBox::from_id_salt("choice")
        .width(ui.available_width())
        .height(LIST)
        .selected_text(shown)
        .truncate()
        .show_ui(ui, |ui| {
            let mut heading = "";
            for (option, label) in options {
                let explanation = explain(option);
                if let Some((family, _)) = explanation.filter(|(family, _)| *family != heading) {
                    heading = family;
                    let tokens = Tokens::of(ui);
                    ui.label(theme::caption(family, &tokens));
                }
                let entry = ui.selectable_label(option == value, *label);
                let entry = match explanation {
                    Some((_, text)) => entry.on_hover_text(text),
                    None => explained(entry, label),
                };
                if entry.clicked() {
                    picked = Some(option.clone());
                    // A key chooses as a click does.
                    ui.close();
                }
            }
        })
        .response;
    if let Some(picked) = picked {
        // Whoever goes by keyboard goes on from here; after a click, Space still starts.
        if ui.input(|input| input.key_pressed(Key::Enter) || input.key_pressed(Key::Space)) {
            response.request_focus();
        }
        if picked != *value {
            *value = picked;
            response.mark_changed();
        }
    }
    response
}

/// A decimal number as wide as there is room.
pub fn decimal(ui: &mut Ui, value: &mut f64) -> Response {
    let size = vec2(ui.available_width(), theme::ROW);
    let speed = (value.abs() * 0.01).max(1e-6);
    let field = DragValue::new(value).speed(speed).max_decimals(12).custom_formatter(|value, _| number::setting(value));
    read_field(ui, field.min_size(size), f64::NEG_INFINITY..=f64::INFINITY, typed_number)
}

/// A number as somebody types it: with a decimal comma or point, and either minus sign.
#[must_use]
pub fn typed_number(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    text.replace(',', ".").replace('−', "-").parse().ok().filter(|number: &f64| !number.is_nan())
}

/// The same, if it is a whole number.
#[must_use]
pub fn typed_whole(text: &str) -> Option<f64> {
    typed_number(text).filter(|number| number.fract() == 0.0)
}

/// A field for any number of a type of whole numbers.
pub fn whole_field<N: Numeric>(
    ui: &mut Ui,
    value: &mut N,
    shape: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
) -> Response {
    let takes = N::MIN.to_f64()..=N::MAX.to_f64();
    read_field(ui, shape(DragValue::new(value)), takes, typed_whole)
}

/// Numbers from here on are as good as any.
const MOST: f64 = 1e9;

/// A field that notes why it did not take what was typed: because that is no number, or none of those that it takes.
pub fn read_field(
    ui: &mut Ui,
    field: DragValue<'_>,
    takes: RangeInclusive<f64>,
    read: impl Fn(&str) -> Option<f64>,
) -> Response {
    let unread = Cell::new(None);
    let response = ui.add(field.custom_parser(|text| {
        let number = read(text);
        let taken = number.filter(|number| takes.contains(number));
        unread.set(Some(match (number, taken) {
            (_, Some(_)) => None,
            (None, None) if typed_number(text).is_some() => Some("Must be a whole number; it is not taken.".to_owned()),
            (None, None) => Some("What was typed is no number; it is not taken.".to_owned()),
            (Some(_), None) => {
                let [low, high] = [*takes.start(), *takes.end()].map(number::setting);
                let ends =
                    if *takes.end() < MOST { format!("from {low} to {high}") } else { format!("at least {low}") };
                Some(format!("Must be {ends}; it is not taken."))
            }
        }));
        taken
    }));
    let id = response.id.with("unread");
    // While somebody types, half a number is no fault.
    let unread = match (response.has_focus(), unread.take()) {
        (false, None) => return response,
        (true, _) => None,
        (false, Some(unread)) => unread,
    };
    let now = ui.input(|input| input.time);
    ui.data_mut(|data| data.insert_temp(id, unread.map(|why| Unread { why, since: now })));
    response
}

/// A field for a number between two ends; why it did not take what was typed is shown beside it for a while.
pub fn bounded_field<N: Numeric>(
    ui: &mut Ui,
    value: &mut N,
    range: RangeInclusive<N>,
    shape: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
) -> Response {
    let takes = range.start().to_f64()..=range.end().to_f64();
    // What is typed counts once the field is left: on the way to it there are other numbers.
    let field = shape(DragValue::new(value).range(range)).update_while_editing(false);
    let response = read_field(ui, field, takes, if N::INTEGRAL { typed_whole } else { typed_number });
    show_unread(ui, &response);
    response
}

/// Why a field did not take what was typed.
#[derive(Clone)]
struct Unread {
    why: String,
    /// When it was shown first, in seconds since the start.
    since: f64,
}

/// Seconds for which it is shown beside a field that has no row below it.
const SHOWN_FOR: f64 = 6.0;

fn unread_of(ui: &Ui, field: &Response) -> Option<Unread> {
    ui.data(|data| data.get_temp::<Option<Unread>>(field.id.with("unread"))).flatten()
}

/// Why a field did not take what was typed last, so that it holds what it held before.
#[must_use]
pub fn unread(ui: &Ui, field: &Response) -> Option<String> {
    unread_of(ui, field).map(|unread| unread.why)
}

/// Shows beside a field for a while why it did not take what was typed.
pub fn show_unread(ui: &Ui, field: &Response) {
    let Some(Unread { why, since }) = unread_of(ui, field) else { return };
    let left = since + SHOWN_FOR - ui.input(|input| input.time);
    if left > 0.0 {
        field.show_tooltip_text(why);
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
    }
}

/// Numbers separated by commas. What is typed is kept until the field is left, so that half a number is no error.
pub fn numbers(ui: &mut Ui, values: &mut Vec<f64>) -> Response {
    let id = ui.scope_id().with("text");
    let written = || values.iter().map(|value| number::setting(*value)).collect::<Vec<_>>().join(", ");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_else(written);
    let mut response = ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    } else if response.lost_focus() {
        ui.data_mut(|data| data.remove::<String>(id));
        let read: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        if let Ok(read) = read
            && read != *values
        {
            *values = read;
            response.mark_changed();
        }
    }
    response
}

/// The button for what a person most likely wants next.
pub fn primary(ui: &mut Ui, is_enabled: bool, text: impl Into<String>, least: Vec2) -> Response {
    let color = Tokens::of(ui).on_accent;
    let text = RichText::new(text).family(theme::semibold()).color(color);
    accented(ui, is_enabled, Button::new(text).min_size(least))
}

/// Fills a button with the accent. While it has the keyboard there is a ring around it, as its edge has that colour, too.
pub fn accented(ui: &mut Ui, is_enabled: bool, button: Button<'_>) -> Response {
    let tokens = Tokens::of(ui);
    let response = ui.add_enabled(is_enabled, button.fill(tokens.accent));
    if response.has_focus() {
        let ring = Stroke::new(1.5, tokens.text);
        ui.painter().rect_stroke(response.rect.expand(2.0), theme::RADIUS + 2, ring, StrokeKind::Outside);
    }
    response
}

/// How far something is, with a text that is read as well on what is done as on what is not: where the two meet within it,
/// it changes its colour.
pub fn progress(ui: &mut Ui, share: f32, text: &str, width: f32) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, BAR), Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, format!("Progress: {text}"));
        info.value = Some(f64::from(100.0 * share).floor());
        info
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let font = FontId::proportional(theme::size::SMALL);
    let galley = theme::elided(ui.painter(), text, font, Color32::PLACEHOLDER, rect.width() - 2.0 * space::S);
    let at = pos2(rect.left() + space::S, rect.center().y - 0.5 * galley.size().y);
    let end = rect.left() + rect.width() * share.clamp(0.0, 1.0);
    for (part, fill, ink) in
        [(rect.with_min_x(end), tokens.raised, tokens.text), (rect.with_max_x(end), tokens.accent, tokens.on_accent)]
    {
        let painter = ui.painter_at(part);
        painter.rect_filled(rect, theme::RADIUS, fill);
        painter.galley(at, galley.clone(), ink);
    }
    response
}

/// Gives a widget a name that is not drawn.
#[allow(clippy::must_use_candidate, reason = "naming is the effect; the response is for chaining")]
pub fn named(ui: &Ui, response: Response, name: &str) -> Response {
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
