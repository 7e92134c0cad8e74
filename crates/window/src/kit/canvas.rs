//! What a panel says while it has nothing to show: in one sentence what will be seen, and in the middle, where the eye is,
//! the button that makes it appear or the reason why it cannot.

use super::glossary;
use super::theme::{self, Tokens, space};
use super::widgets::{named, primary};
use eframe::egui::{Align, Label, Layout, Rect, RichText, TextStyle, Ui, UiBuilder, Vec2, vec2};

/// A button in the middle of a panel.
#[derive(Clone, Copy, Debug)]
pub struct CanvasButton<'a> {
    /// What is written on it.
    pub verb: &'a str,
    /// What it is called for those who cannot see where it is.
    pub name: &'a str,
    /// Why it cannot be used at present.
    pub hindered: Option<&'a str>,
}

/// Widest line of text, in points.
const LINE: f32 = 340.0;
/// Height of the button, in points.
const BUTTON: f32 = 32.0;

/// Says what will be seen, offers the button, and says whether it was pressed.
#[allow(clippy::must_use_candidate, reason = "without a button nothing can have been pressed")]
pub fn canvas(ui: &mut Ui, what: &str, offer: Option<CanvasButton>) -> bool {
    canvas_with(ui, what, offer, None::<fn(&mut Ui)>)
}

/// The same with something small beside the sentence.
pub fn canvas_with(ui: &mut Ui, what: &str, offer: Option<CanvasButton>, beside: Option<impl FnOnce(&mut Ui)>) -> bool {
    let tokens = Tokens::of(ui);
    let mut clicked = false;
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        let mut width = ui.available_width().min(LINE);
        if beside.is_some() {
            width -= 2.0 * (theme::ICON + space::S);
        }
        let font = TextStyle::Body.resolve(ui.style());
        let lines = ui.painter().layout(what.to_owned(), font, tokens.weak, width).size().y;
        let height = lines + offer.map_or(0.0, |_| space::S + ui.spacing().item_spacing.y + BUTTON);
        // What is too high for the middle begins at the top, so that the button stays in sight.
        ui.add_space(((ui.available_height() - height) / 2.0).clamp(0.0, 240.0));
        ui.set_max_width(ui.available_width().min(LINE));
        let text = ui.scope(|ui| {
            ui.set_max_width(width);
            ui.add(Label::new(RichText::new(what).color(tokens.weak)).wrap())
        });
        let text = text.inner;
        if let Some(beside) = beside {
            let at = Rect::from_min_size(text.rect.right_top() + vec2(space::S, -2.0), Vec2::splat(theme::ICON));
            beside(&mut ui.new_child(UiBuilder::new().max_rect(at)));
        }
        glossary::explained(text, what);
        let Some(CanvasButton { verb, name, hindered }) = offer else { return };
        ui.add_space(space::S);
        let button = primary(ui, hindered.is_none(), verb, vec2(120.0, BUTTON));
        clicked = named(ui, button, name).clicked();
        if let Some(why) = hindered {
            ui.add_space(space::XS);
            ui.add(Label::new(theme::caption(why, &tokens)).wrap());
        }
        ui.add_space(space::M);
    });
    clicked
}
