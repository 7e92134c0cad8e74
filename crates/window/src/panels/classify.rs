//! What every arm sees in pictures that are dropped, opened, pasted or named by their path.

use crate::action::Action;
use crate::dialogs::FileDialog;
use crate::kit::canvas::{CanvasButton, canvas};
use crate::kit::chips::{chip, together};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::typed_path;
use crate::kit::widgets::{bounded_field, named};
use crate::panels::beginning::{BEING_MADE, by_training};
use crate::scene::{Effects, Panel, Scene};
use crate::state::answers::{Answers, PictureQuestion, class_name};
use eframe::egui::{
    Align, Align2, ColorImage, FontId, Image, Label, Layout, Rect, Response, RichText, Role, ScrollArea, Sense,
    TextEdit, TextureHandle, TextureOptions, Ui, WidgetInfo, vec2,
};
use lab_core::instrument::likeliest;
use lab_core::number::{count, percent};
use lab_core::protocol::{Classification, Classified, Thumbnail};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Side of the picture as the networks see it, in points.
const PICTURE: f32 = 72.0;
/// Side of a picture in the strip of those seen so far.
const THUMBNAIL: f32 = 36.0;
/// Room for the buttons and the number beside a path, in points.
const BUTTONS: f32 = 300.0;
/// Least width of a path beside them.
const PATH: f32 = 180.0;
/// Least width of an arm's answer beside another's.
const COLUMN: f32 = 150.0;

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Classes shown for each arm.
    top: usize,
}

impl Default for View {
    fn default() -> Self {
        Self { top: 3 }
    }
}

/// Tells pictures apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PictureKey {
    /// The number of the question it was part of.
    question: u64,
    /// Its place in that.
    index: usize,
}

#[derive(Default)]
pub struct ClassifyPanel {
    path: String,
    /// Pictures that are on the graphics card.
    pictures: HashMap<PictureKey, TextureHandle>,
    /// The one to be scrolled to.
    wanted: Option<PictureKey>,
    /// The question that was the newest one in the last frame.
    newest: Option<u64>,
}

impl Panel for ClassifyPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let (monitor, answers) = (scene.monitor, &scene.inquiries.pictures);
        self.tools(ui, view, effects.actions);
        if answers.asked.is_empty() {
            let what = "What every arm sees in pictures of your own: drop them or a folder on the window, open or paste them, or \
                 type a path.";
            if !monitor.classifies {
                let why = if monitor.is_active() {
                    BEING_MADE
                } else {
                    "There are no networks yet: press Start, or open a run or weights."
                };
                let text = format!("{what} {why}");
                return by_training(ui, scene, "Classify", &text, effects.actions);
            }
            let offer = CanvasButton { verb: "Open pictures…", name: "Open pictures: Classify", hindered: None };
            if canvas(ui, what, Some(offer)) {
                effects.actions.push(Action::Choose(FileDialog::Pictures));
            }
            return;
        }
        self.pictures.retain(|key, _| answers.asked.iter().any(|asked| asked.id == key.question));
        self.strip(ui, answers);
        let area = ScrollArea::vertical().auto_shrink(false);
        let newest = answers.asked.first().map(|asked| asked.id);
        // What was asked last is answered at the top.
        let is_new = std::mem::replace(&mut self.newest, newest) != newest;
        let area = if is_new { area.vertical_scroll_offset(0.0) } else { area };
        area.show(ui, |ui| {
            for asked in &answers.asked {
                self.entry(ui, asked, view.top);
            }
        });
        self.wanted = None;
    }
}

impl ClassifyPanel {
    fn tools(&mut self, ui: &mut Ui, view: &mut View, actions: &mut Vec<Action>) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            // A row of its own where the buttons do not leave enough of theirs.
            let room = ui.available_width();
            let width = if room < BUTTONS + PATH { room } else { room - BUTTONS };
            let edit =
                TextEdit::singleline(&mut self.path).hint_text("Path of a picture, then Enter").desired_width(width);
            let response = ui.add(edit);
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
            named(ui, response, "Path of a picture");
            if entered && !self.path.trim().is_empty() {
                // Weights and runs open here as they do where they are dropped.
                actions.push(Action::Open(vec![typed_path::read(&self.path)]));
                self.path.clear();
            }
            if ui.button("Open…").on_hover_text("Choose pictures (Ctrl O)").clicked() {
                actions.push(Action::Choose(FileDialog::Pictures));
            }
            if ui.button("Paste").on_hover_text("The picture or path in the clipboard (Ctrl V)").clicked() {
                actions.push(Action::Paste);
            }
            let hint = "A network from a file answers: safetensors, or PyTorch's .pt, .pth or .th";
            if ui.button("Weights…").on_hover_text(hint).clicked() {
                actions.push(Action::OpenWeights);
            }
            together(ui, 72.0);
            let label = ui.label("Top");
            bounded_field(ui, &mut view.top, 1..=20, |field| field.speed(0.05)).labelled_by(label.id);
        });
        ui.add_space(space::XS);
    }

    /// Everything seen so far, small; a click scrolls to it.
    fn strip(&mut self, ui: &mut Ui, answers: &Answers) {
        let seen: Vec<(PictureKey, &Classified)> = answers
            .asked
            .iter()
            .filter_map(|asked| asked.answer.as_ref()?.as_ref().ok().map(|said| (asked.id, &said.pictures)))
            .flat_map(|(id, pictures)| {
                pictures.iter().enumerate().map(move |(index, one)| (PictureKey { question: id, index }, one))
            })
            .filter(|(_, picture)| picture.probabilities.is_ok())
            .collect();
        if seen.len() < 2 {
            return;
        }
        ScrollArea::horizontal().id_salt("strip").auto_shrink([false, true]).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                for (key, picture) in seen {
                    let texture = self.pictures.entry(key).or_insert_with(|| upload(ui, &picture.seen));
                    let image = Image::new((texture.id(), vec2(THUMBNAIL, THUMBNAIL))).corner_radius(4);
                    let button = ui.add(image.sense(Sense::click())).on_hover_text(&picture.name);
                    let name = format!("Scroll to {}", picture.name);
                    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                    if button.clicked() {
                        self.wanted = Some(key);
                    }
                }
            });
        });
        ui.add_space(space::XS);
    }

    fn entry(&mut self, ui: &mut Ui, asked: &PictureQuestion, most: usize) {
        let tokens = Tokens::of(ui);
        match &asked.answer {
            None => {
                ui.label(theme::caption(format!("{}: waiting for the networks…", asked.about), &tokens));
            }
            Some(Err(why)) => problem(ui, &asked.about, why),
            Some(Ok(said)) => {
                for (index, picture) in said.pictures.iter().enumerate() {
                    match &picture.probabilities {
                        Err(why) => problem(ui, &picture.name, why),
                        Ok(arms) => {
                            let key = PictureKey { question: asked.id, index };
                            self.answer(ui, key, said, picture, arms, most);
                            if asked.step > 0 {
                                let text = format!("after step {}", count(asked.step));
                                ui.label(theme::caption(text, &tokens));
                            }
                        }
                    }
                }
            }
        }
        ui.add_space(space::XS);
        let rect = ui.available_rect_before_wrap();
        ui.painter().hline(rect.x_range(), rect.top(), tokens.line());
        ui.add_space(space::S);
    }

    fn answer(
        &mut self,
        ui: &mut Ui,
        key: PictureKey,
        said: &Classification,
        picture: &Classified,
        arms: &[Vec<f32>],
        most: usize,
    ) {
        let title = ui.add(Label::new(theme::strong(&picture.name)).truncate());
        if self.wanted == Some(key) {
            title.scroll_to_me(Some(Align::TOP));
        }
        ui.horizontal_top(|ui| {
            let texture = self.pictures.entry(key).or_insert_with(|| upload(ui, &picture.seen));
            let image = Image::new((texture.id(), vec2(PICTURE, PICTURE)))
                .alt_text(format!("{} as the networks see it", picture.name));
            ui.add(image.corner_radius(4)).on_hover_text(format!(
                "As the networks see it: {} × {} pixels, each channel then shifted and scaled as in training",
                picture.seen.width, picture.seen.height
            ));
            // Side by side where there is room, else one below the other.
            let count = arms.len().max(1) as f32;
            let each = (ui.available_width() - space::M * (count - 1.0)) / count;
            let width = if each >= COLUMN { each } else { ui.available_width() };
            ui.with_layout(Layout::left_to_right(Align::Min).with_main_wrap(true), |ui| {
                ui.spacing_mut().item_spacing.x = space::M - 1.0;
                for (arm, probabilities) in arms.iter().enumerate() {
                    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                        ui.set_width(width);
                        column(ui, said, arm, probabilities, most);
                    });
                }
            });
        });
    }
}

/// What one arm says.
fn column(ui: &mut Ui, said: &Classification, arm: usize, probabilities: &[f32], most: usize) {
    let name = said.arms.get(arm).map_or("", String::as_str);
    let likely = likeliest(probabilities, most);
    let class = |class: usize| class_name(said, class);
    let best = likely
        .first()
        .map_or_else(String::new, |(index, share)| format!("{name}: {} {}", class(*index), percent(f64::from(*share))));
    ui.horizontal(|ui| chip(ui, arm, &best));
    for (index, share) in likely {
        let response = bar(ui, arm, &class(index), share);
        named(ui, response, &format!("{} {}, {name}", class(index), percent(f64::from(share))));
    }
}

fn upload(ui: &Ui, seen: &Thumbnail) -> TextureHandle {
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
fn bar(ui: &mut Ui, arm: usize, class: &str, share: f32) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let filled = Rect::from_min_size(rect.min, vec2(rect.width() * share.clamp(0.0, 1.0), rect.height()));
    ui.painter().rect_filled(rect, 3.0, tokens.raised.gamma_multiply(0.5));
    ui.painter().rect_filled(filled, 3.0, tokens.arm(arm).gamma_multiply(if tokens.dark { 0.45 } else { 0.35 }));
    let font = FontId::proportional(theme::size::SMALL);
    ui.painter().text(rect.left_center() + vec2(space::XS, 0.0), Align2::LEFT_CENTER, class, font.clone(), tokens.text);
    let at = rect.right_center() - vec2(space::XS, 0.0);
    ui.painter().text(at, Align2::RIGHT_CENTER, percent(f64::from(share)), font, tokens.text);
    response
}
