//! What panels say in a row: an arm's colour with a few words, a sentence, or what an empty panel will show.

use super::glossary::{explained, sentence};
use super::line::{Dash, Pieces, Viewport};
use super::theme::{self, Tokens, space};
use eframe::egui::{Align, Color32, FontId, Label, Layout, Painter, Pos2, Rect, RichText, Sense, Stroke, Ui, vec2};
use lab_core::number::unbroken;

/// Begins a new row where there is no room for what belongs together.
pub fn together(ui: &mut Ui, width: f32) {
    if ui.available_size_before_wrap().x < width {
        ui.end_row();
        // The row is as high as the others from its first widget on, so that a label in front is centred.
        ui.allocate_space(vec2(0.0, theme::ROW));
        ui.add_space(-ui.spacing().item_spacing.x);
    }
}

/// Adds something that fills the room it is given, in points: in the next row where too little is left of this one, and less
/// wide where a whole row has not so much.
pub fn within<R>(ui: &mut Ui, name: &str, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    if ui.cursor().left() > ui.max_rect().left() + 1.0 {
        together(ui, width);
    }
    let room = |ui: &mut Ui| {
        ui.set_max_width(ui.available_width().min(width));
        add(ui)
    };
    ui.push_id(name, room).inner
}

/// What an empty panel says: what will appear, and which button makes it appear.
pub fn empty(ui: &mut Ui, text: &str) {
    let tokens = Tokens::of(ui);
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((ui.available_height() / 2.0 - space::XL).max(0.0));
        ui.set_max_width(ui.available_width().min(320.0));
        ui.add(Label::new(RichText::new(text).color(tokens.weak)).wrap());
    });
}

/// The arm's colour and what there is to say of it; in a row, in the next one where it wraps and there is no room left,
/// cut off where there is none at all.
pub fn chip(ui: &mut Ui, arm: usize, text: &str) {
    let color = Tokens::of(ui).arm(arm);
    colored_chip(ui, color, text);
}

/// The arm's colour and a sentence, over several lines where it needs them.
pub fn arm_sentence(ui: &mut Ui, arm: usize, text: &str) {
    let color = Tokens::of(ui).arm(arm);
    colored_sentence(ui, color, text);
}

/// The same in any colour.
pub fn colored_sentence(ui: &mut Ui, color: Color32, text: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        colored_dot(ui, color);
        sentence(ui, text, |text| text.size(theme::size::SMALL));
    });
}

/// How high such a sentence is.
#[must_use]
pub fn sentence_height(ui: &Ui, text: &str, width: f32) -> f32 {
    let font = FontId::proportional(theme::size::SMALL);
    let room = width - DOT - space::S;
    ui.painter().layout(unbroken(text), font, Color32::PLACEHOLDER, room).size().y
}

/// A chip in any colour.
pub fn colored_chip(ui: &mut Ui, color: Color32, text: &str) {
    let tokens = Tokens::of(ui);
    let height = theme::size::SMALL + space::XS;
    ui.spacing_mut().interact_size.y = height;
    let font = FontId::proportional(theme::size::SMALL);
    let width = ui.painter().layout_no_wrap(text.to_owned(), font, tokens.text).size().x;
    let begun = ui.cursor().left() > ui.max_rect().left() + 1.0;
    if begun && ui.layout().main_wrap && width + space::XL > ui.available_size_before_wrap().x {
        ui.end_row();
    }
    colored_dot(ui, color);
    explained(ui.add(Label::new(RichText::new(text).size(theme::size::SMALL)).truncate()), text);
}

/// The arm's colour.
pub fn dot(ui: &mut Ui, arm: usize) {
    let color = Tokens::of(ui).arm(arm);
    colored_dot(ui, color);
}

pub fn colored_dot(ui: &mut Ui, color: Color32) {
    let (rect, response) = ui.allocate_exact_size(vec2(DOT, theme::size::SMALL + space::XS), Sense::hover());
    paint_dot(ui.painter(), rect.center(), color);
    explained(response, "arm");
}

/// A piece of a line, in the middle of a rectangle.
pub fn line_sample(painter: &Painter, rect: Rect, color: Color32, dash: Dash) {
    let width = f64::from(rect.width());
    let view = Viewport { x: [0.0, width], y: [0.0, 1.0], size: [width, 1.0] };
    let mut pieces = Pieces::default();
    pieces.dash(&[[0.0, 0.0], [width, 0.0]], &view, dash);
    for piece in pieces.iter() {
        #[allow(clippy::cast_possible_truncation, reason = "a few points")]
        let ends = [piece.first(), piece.last()].map(|end| rect.left() + end.map_or(0.0, |end| end[0]) as f32);
        painter.hline(ends[0]..=ends[1], rect.center().y, Stroke::new(theme::CURVE, color));
    }
}

/// The width of an arm's dot with its edges, in points.
pub const DOT: f32 = 10.0;

/// A dot where no widget is wanted.
pub fn paint_dot(painter: &Painter, center: Pos2, color: Color32) {
    painter.circle_filled(center, 0.5 * DOT - 0.5, color);
}
