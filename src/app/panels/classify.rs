//! What every arm sees in pictures that are dropped, opened, pasted or named by their path.

use super::{chip, empty};
use crate::app::action::Action;
use crate::app::form::field::named;
use crate::app::number::percent;
use crate::app::state::Session;
use crate::app::state::answers::{Answers, Asked, top};
use crate::app::theme::{self, Tokens, space};
use crate::train::protocol::{Classified, Picture, Seen};
use eframe::egui::{
    Align2, ColorImage, FontId, Image, Label, Rect, RichText, ScrollArea, Sense, TextEdit, TextureHandle,
    TextureOptions, Ui, ViewportCommand, vec2,
};
use std::collections::HashMap;

/// Classes shown for each arm.
const TOP: usize = 3;
/// Side of the picture as the networks see it, in points.
const PICTURE: f32 = 72.0;

/// The panel's state.
#[derive(Default)]
pub struct Classify {
    path: String,
    /// Pictures that are on the graphics card, by question and place.
    pictures: HashMap<(u64, usize), TextureHandle>,
}

impl Classify {
    /// The panel.
    pub fn ui(&mut self, ui: &mut Ui, session: &Session, answers: &Answers, actions: &mut Vec<Action>) {
        self.tools(ui, actions);
        if answers.asked.is_empty() {
            let text = if session.prepared.is_some() {
                "Drop pictures anywhere on the window, or open, paste or type one above: every arm says what it sees."
            } else {
                "What every arm sees in your own pictures will appear here: press Start, then drop a picture on the window."
            };
            return empty(ui, text);
        }
        self.pictures.retain(|(id, _), _| answers.asked.iter().any(|asked| asked.id == *id));
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for asked in &answers.asked {
                self.entry(ui, asked);
            }
        });
    }

    fn tools(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 140.0).max(60.0);
            let edit =
                TextEdit::singleline(&mut self.path).hint_text("Path of a picture, then Enter").desired_width(width);
            let response = ui.add(edit);
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
            named(ui, response, "Path of a picture");
            if entered && !self.path.trim().is_empty() {
                actions.push(Action::Classify(vec![Picture::File(self.path.trim().into())]));
                self.path.clear();
            }
            if ui.button("Open…").on_hover_text("Choose pictures (Ctrl O)").clicked() {
                actions.push(Action::ChoosePictures);
            }
            if ui.button("Paste").on_hover_text("The picture in the clipboard (Ctrl V)").clicked() {
                ui.ctx().send_viewport_cmd(ViewportCommand::RequestPaste);
            }
        });
        ui.add_space(space::XS);
    }

    fn entry(&mut self, ui: &mut Ui, asked: &Asked) {
        let tokens = Tokens::of(ui);
        match &asked.answer {
            None => {
                ui.label(theme::caption(format!("{}: waiting for the networks…", asked.about), &tokens));
            }
            Some(Err(why)) => problem(ui, &asked.about, why),
            Some(Ok(pictures)) => {
                for (index, picture) in pictures.iter().enumerate() {
                    match &picture.probabilities {
                        Err(why) => problem(ui, &picture.name, why),
                        Ok(arms) => self.answer(ui, (asked, index), picture, arms),
                    }
                }
            }
        }
        ui.add_space(space::XS);
        let rect = ui.available_rect_before_wrap();
        ui.painter().hline(rect.x_range(), rect.top(), tokens.line());
        ui.add_space(space::S);
    }

    fn answer(&mut self, ui: &mut Ui, (asked, index): (&Asked, usize), picture: &Classified, arms: &[Vec<f32>]) {
        ui.add(Label::new(theme::strong(&picture.name)).truncate());
        ui.horizontal_top(|ui| {
            let texture = self.pictures.entry((asked.id, index)).or_insert_with(|| upload(ui, &picture.seen));
            let image = Image::new((texture.id(), vec2(PICTURE, PICTURE)))
                .alt_text(format!("{} as the networks see it", picture.name));
            ui.add(image.corner_radius(4)).on_hover_text(format!(
                "As the networks see it: {} × {} pixels",
                picture.seen.width, picture.seen.height
            ));
            ui.vertical(|ui| {
                for (arm, probabilities) in arms.iter().enumerate() {
                    let name = asked.arms.get(arm).map_or("", String::as_str);
                    let likely = top(probabilities, TOP);
                    let class =
                        |class: usize| asked.classes.get(class).map_or_else(|| format!("class {class}"), Clone::clone);
                    let best = likely.first().map_or_else(String::new, |(index, share)| {
                        format!("{name}: {} {}", class(*index), percent(f64::from(*share)))
                    });
                    ui.horizontal(|ui| chip(ui, arm, &best));
                    for (index, share) in likely {
                        bar(ui, arm, &class(index), share);
                    }
                }
            });
        });
    }
}

fn upload(ui: &Ui, seen: &Seen) -> TextureHandle {
    let whole = seen.width * seen.height * 3 == seen.rgb.len() && !seen.rgb.is_empty();
    let image = if whole { ColorImage::from_rgb([seen.width, seen.height], &seen.rgb) } else { ColorImage::example() };
    ui.ctx().load_texture("picture", image, TextureOptions::NEAREST)
}

fn problem(ui: &mut Ui, about: &str, why: &str) {
    let tokens = Tokens::of(ui);
    ui.add(Label::new(theme::strong(about)).truncate());
    ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
}

/// One class with its probability.
fn bar(ui: &mut Ui, arm: usize, class: &str, share: f32) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let filled = Rect::from_min_size(rect.min, vec2(rect.width() * share.clamp(0.0, 1.0), rect.height()));
    ui.painter().rect_filled(rect, 3.0, tokens.raised.gamma_multiply(0.5));
    ui.painter().rect_filled(filled, 3.0, tokens.arm(arm).gamma_multiply(if tokens.dark { 0.45 } else { 0.35 }));
    let font = FontId::proportional(theme::size::SMALL);
    ui.painter().text(rect.left_center() + vec2(space::XS, 0.0), Align2::LEFT_CENTER, class, font.clone(), tokens.text);
    let at = rect.right_center() - vec2(space::XS, 0.0);
    ui.painter().text(at, Align2::RIGHT_CENTER, percent(f64::from(share)), font, tokens.text);
}
