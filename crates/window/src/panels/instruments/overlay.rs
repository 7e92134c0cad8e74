//! One arm's image with maps over it.

use super::maps::{Textures, WHOLE};
use crate::kit::theme;
use crate::kit::widgets::named;
use crate::panels::block_name::{in_full, short_name};
use eframe::egui::{Color32, FontId, Rect, Sense, Ui, Vec2, vec2};
use lab_core::experiment::Naming;
use lab_core::instrument::{Explanation, HeatMap};
use lab_core::number::short;

/// One arm's image with maps over it.
pub struct Overlay<'a> {
    pub arm: usize,
    pub found: &'a Explanation,
    /// What its textures are called, besides the arm.
    pub of: &'a str,
    /// How strongly the maps cover the image.
    pub strength: f32,
}

impl Overlay<'_> {
    /// The image with a map over it, each map on its own scale: only the place matters, not the strength.
    pub fn draw(&self, ui: &mut Ui, textures: &mut Textures, side: f32, block: &str, map: &HeatMap) -> Rect {
        let Self { arm, found, of, strength } = *self;
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
        let picture = textures.picture(ui.ctx(), &format!("{arm}{of} seen"), &found.seen).id();
        ui.painter().image(picture, rect, WHOLE, Color32::WHITE);
        let ends = [0.0, map.range()[1].max(1e-12)];
        let over = textures.map(ui.ctx(), &format!("{arm}{of} {block}"), map, ends, Some(strength)).id();
        ui.painter().image(over, rect, WHOLE, Color32::WHITE);
        // The block's number in a corner, on a ground that keeps it readable.
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let label = ui.painter().layout_no_wrap(short_name(block).to_owned(), font, Color32::WHITE);
        let ground = Rect::from_min_size(rect.min, label.size() + vec2(4.0, 0.0));
        ui.painter().rect_filled(ground, 0.0, theme::BEHIND_TEXT);
        ui.painter().galley(rect.min + vec2(2.0, 0.0), label, Color32::WHITE);
        let size = format!("{} × {}, at most {}", map.width, map.height, short(f64::from(map.range()[1])));
        let response = response.on_hover_text(format!("{}: {size}", in_full(block)));
        named(ui, response, &format!("{}: {size}", Naming::in_words(block)));
        rect
    }
}
