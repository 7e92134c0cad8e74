//! Validation images as small pictures, each with a mark for every arm.

use super::bench::OfArm;
use super::maps::{Atlas, AtlasPicture};
use super::verdict::Predicted;
use crate::kit::chips::chip;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::named;
use eframe::egui::{Color32, FontId, Label, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use lab_core::instrument::Gallery;
use lab_core::number::{count, plural};

/// Least width of a cell in points.
pub const WIDTH: f32 = 92.0;
/// Side of a picture in points.
const SIDE: f32 = 56.0;
/// Height of a line of text below a picture.
const LINE: f32 = 14.0;
/// Arms whose guesses are written; of more only the marks are drawn.
const WRITTEN: usize = 3;

/// Images that a picture of them holds at most.
const MOST: usize = 180;

/// The name of a class.
pub fn class(gallery: &Gallery, class: u16) -> &str {
    gallery.classes.get(usize::from(class)).map_or("?", String::as_str)
}

/// What the marks mean: a chip for each arm.
pub fn legend(ui: &mut Ui, arms: &[Predicted]) {
    for OfArm { arm, name, found } in arms {
        let right = (0..found.len()).filter(|&image| found.is_right(image)).count();
        let text = format!("{name}: {} of {} right", count(right as u64), count(found.len() as u64));
        chip(ui, *arm, &text);
    }
}

/// A tick where an arm is right, a cross where it is wrong, in the arm's colour.
fn mark(painter: &Painter, center: Pos2, is_right: bool, color: Color32) {
    let stroke = Stroke::new(theme::CURVE, color);
    let at = |x: f32, y: f32| center + vec2(x, y);
    if is_right {
        painter.line(vec![at(-4.0, 0.0), at(-1.5, 3.0), at(4.0, -3.5)], stroke);
    } else {
        painter.line_segment([at(-3.0, -3.0), at(3.0, 3.0)], stroke);
        painter.line_segment([at(-3.0, 3.0), at(3.0, -3.0)], stroke);
    }
}

/// Validation images with what every arm takes them for.
#[derive(Clone, Copy)]
pub struct Tiles<'a> {
    pub arms: &'a [Predicted<'a>],
    pub gallery: &'a Gallery,
}

impl Tiles<'_> {
    /// Height of an image with what stands below it, in points: its class, and a line for each arm's guess or one for all
    /// marks.
    pub fn height(self) -> f32 {
        let lines = if self.arms.len() > WRITTEN { 1 } else { self.arms.len() };
        SIDE + 4.0 + LINE * (1 + lines) as f32 + 6.0
    }

    /// Images as rows of small pictures, off the screen.
    pub fn sheet(self, ui: &mut Ui, images: &[usize]) {
        let shown = &images[..images.len().min(MOST)];
        let tokens = Tokens::of(ui);
        ui.horizontal_wrapped(|ui| {
            legend(ui, self.arms);
            let first =
                if shown.len() < images.len() { format!("the first {} of ", shown.len()) } else { String::new() };
            let text = format!(
                "{first}{}; below each its class, then what each arm guesses: ✓ right, ✗ wrong",
                plural(images.len() as u64, "image")
            );
            ui.add(Label::new(theme::caption(text, &tokens)).extend());
        });
        let atlas = Atlas::new(ui.ctx(), self.gallery, shown.iter().copied());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            for (index, &image) in shown.iter().enumerate() {
                self.tile(ui, WIDTH, image, atlas.picture(index), false);
            }
        });
    }

    /// One image with its class below it and for each arm what it guesses, a tick where that is right and a cross where it
    /// is wrong; says whether it was clicked.
    pub fn tile(self, ui: &mut Ui, width: f32, image: usize, seen: AtlasPicture, is_chosen: bool) -> bool {
        let Self { arms, gallery } = self;
        let tokens = Tokens::of(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(width, self.height()), Sense::click());
        let picture = Rect::from_center_size(rect.center_top() + vec2(0.0, 2.0 + SIDE / 2.0), Vec2::splat(SIDE));
        let painter = ui.painter();
        seen.paint(painter, picture);
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let truth = class(gallery, gallery.labels[image]);
        let line = |row: usize| picture.bottom() + 2.0 + LINE * (row as f32 + 0.5);
        let write = |text: &str, left: f32, row: usize, color: Color32, middle: bool| {
            let galley = theme::elided(painter, text, font.clone(), color, rect.right() - left - 2.0);
            let left = if middle { rect.center().x - galley.size().x / 2.0 } else { left };
            painter.galley(pos2(left, line(row) - galley.size().y / 2.0), galley, color);
        };
        write(truth, rect.left() + 2.0, 0, tokens.text, true);
        for (index, OfArm { arm, found, .. }) in arms.iter().enumerate() {
            let (is_right, color) = (found.is_right(image), tokens.arm(*arm));
            if arms.len() > WRITTEN {
                let offset = (index as f32 - (arms.len() as f32 - 1.0) / 2.0) * 10.0;
                mark(painter, pos2(rect.center().x + offset, line(1)), is_right, color);
                continue;
            }
            let guess = class(gallery, found.predicted[image]);
            mark(painter, pos2(rect.left() + 9.0, line(index + 1)), is_right, color);
            let ink = if is_right { tokens.weak } else { tokens.text };
            write(&format!("→ {guess}"), rect.left() + 17.0, index + 1, ink, false);
        }
        if is_chosen {
            painter.rect_stroke(picture, 2.0, Stroke::new(2.0, tokens.accent), StrokeKind::Outside);
        } else if response.hovered() || response.has_focus() {
            painter.rect_stroke(picture, 2.0, Stroke::new(1.0, tokens.text), StrokeKind::Outside);
        }
        let says: Vec<String> =
            arms.iter().map(|of| format!("{}: {}", of.name, class(gallery, of.found.predicted[image]))).collect();
        let text = format!("Image {image}, {truth}; {}", says.join(", "));
        let response = response.on_hover_text(format!("{text}\n✓ right, ✗ wrong; Ctrl-click selects several"));
        named(ui, response, &text).clicked()
    }
}
