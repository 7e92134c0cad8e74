//! Validation images as small pictures, each with a mark for every arm.

use super::maps::Atlas;
use super::verdict::Arm;
use crate::kit::chips::chip;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::named;
use eframe::egui::{Color32, Label, Rect, Sense, Stroke, StrokeKind, TextureId, Ui, Vec2, pos2, vec2};
use lab_core::instrument::Gallery;
use lab_core::number::{count, plural};

/// Side of a cell in points.
pub const CELL: f32 = 52.0;

/// Images that a picture of them holds at most.
const MOST: usize = 408;

/// The name of a class.
pub fn class(gallery: &Gallery, class: u16) -> &str {
    gallery.classes.get(usize::from(class)).map_or("?", String::as_str)
}

/// What the marks mean: a chip for each arm.
pub fn legend(ui: &mut Ui, arms: &[Arm]) {
    for (arm, name, found) in arms {
        let right = (0..found.len()).filter(|&image| found.is_right(image)).count();
        let text = format!("{name}: {} of {} right", count(right as u64), count(found.len() as u64));
        chip(ui, *arm, &text);
    }
}

/// Images as rows of small pictures, off the screen.
pub fn sheet(ui: &mut Ui, images: &[usize], arms: &[Arm], gallery: &Gallery) {
    let shown = &images[..images.len().min(MOST)];
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        legend(ui, arms);
        let first = if shown.len() < images.len() { format!("the first {} of ", shown.len()) } else { String::new() };
        let text = format!("{first}{}; a filled mark is an arm that is right", plural(images.len() as u64, "image"));
        ui.add(Label::new(theme::caption(text, &tokens)).extend());
    });
    let atlas = Atlas::new(ui.ctx(), gallery, shown.iter().copied());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        for (index, &image) in shown.iter().enumerate() {
            tile(ui, atlas.texture.id(), atlas.place(index), image, arms, gallery, false);
        }
    });
}

/// One image, drawn from a texture's part, with a mark for each arm, filled where it is right; says whether it was clicked.
#[allow(clippy::cast_precision_loss, reason = "a mark's place")]
pub fn tile(
    ui: &mut Ui,
    texture: TextureId,
    part: Rect,
    image: usize,
    arms: &[Arm],
    gallery: &Gallery,
    is_chosen: bool,
) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(CELL), Sense::click());
    let side = CELL - 14.0;
    let picture = Rect::from_min_size(rect.min + vec2((CELL - side) / 2.0, 1.0), Vec2::splat(side));
    ui.painter().image(texture, picture, part, Color32::WHITE);
    for (index, (arm, _, found)) in arms.iter().enumerate() {
        let offset = (index as f32 - (arms.len() as f32 - 1.0) / 2.0) * 10.0;
        let at = pos2(rect.center().x + offset, rect.bottom() - 6.0);
        if found.is_right(image) {
            ui.painter().circle_filled(at, 3.5, tokens.arm(*arm));
        } else {
            ui.painter().circle_stroke(at, 3.0, Stroke::new(1.25, tokens.arm(*arm)));
        }
    }
    if is_chosen {
        ui.painter().rect_stroke(picture, 2.0, Stroke::new(2.0, tokens.accent), StrokeKind::Outside);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(picture, 2.0, Stroke::new(1.0, tokens.text), StrokeKind::Outside);
    }
    let says: Vec<String> =
        arms.iter().map(|(_, name, found)| format!("{name}: {}", class(gallery, found.predicted[image]))).collect();
    let text = format!("Image {image}, {}; {}", class(gallery, gallery.labels[image]), says.join(", "));
    let response =
        response.on_hover_text(format!("{text}\nA filled mark is an arm that is right; Ctrl-click chooses several"));
    named(ui, response, &text).clicked()
}
