//! A picture drawn off the screen by the code that draws the window, in the light theme, for paper and slides.

use crate::kit::theme::{self, Tokens};
use eframe::egui::epaint::{ClippedPrimitive, ClippedShape, ImageData, textures::TexturesDelta};
use eframe::egui::{
    CentralPanel, ColorImage, Context, Frame, Margin, Pos2, RawInput, Rect, TextureFilter, TextureId, Theme, Ui, Vec2,
    ViewportId,
};
use std::collections::HashMap;

/// Pixels of the PNG for each point.
const SCALE: f32 = 2.0;
/// Passes until widgets that size themselves by what they drew last have settled.
const PASSES: usize = 3;
/// Points around what is drawn.
const MARGIN: i8 = 12;

/// A texture as the rasteriser reads it.
pub(super) struct Texture {
    pub image: ColorImage,
    pub filter: TextureFilter,
}

/// Shapes and triangles of one picture.
pub struct Drawing {
    pub(super) size: Vec2,
    pub(super) scale: f32,
    pub(super) shapes: Vec<ClippedShape>,
    pub(super) triangles: Vec<ClippedPrimitive>,
    pub(super) textures: HashMap<TextureId, Texture>,
}

impl std::fmt::Debug for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Drawing({} × {})", self.size.x, self.size.y)
    }
}

impl Drawing {
    /// Draws into a `Ui` of this size in points, with the arms' colours of the window. The picture grows downwards where
    /// what is drawn needs more room.
    #[must_use]
    pub fn new(window: &Context, size: Vec2, mut draw: impl FnMut(&mut Ui)) -> Self {
        let ctx = Context::default();
        theme::install(&ctx);
        theme::same_arms(window, &ctx);
        theme::same_fonts(window, &ctx);
        ctx.set_theme(Theme::Light);
        let tokens = Tokens::for_theme(Theme::Light);
        let mut drawing =
            Self { size, scale: SCALE, shapes: Vec::new(), triangles: Vec::new(), textures: HashMap::new() };
        for pass in 0..PASSES {
            let mut bottom = 0.0;
            let output = ctx.run_ui(input(drawing.size, pass), |ui| {
                let frame = Frame::new().fill(tokens.background).inner_margin(Margin::same(MARGIN));
                CentralPanel::default()
                    .frame(frame)
                    .show(ui, |ui| bottom = ui.scope(|ui| draw(ui)).response.rect.bottom());
            });
            drawing.take_textures(output.textures_delta);
            drawing.shapes = output.shapes;
            // The last pass has to be drawn at the size that it is given.
            if pass + 1 < PASSES {
                drawing.size.y = drawing.size.y.max((bottom + f32::from(MARGIN)).ceil());
            }
        }
        drawing.triangles = ctx.tessellate(drawing.shapes.clone(), SCALE);
        drawing
    }

    fn take_textures(&mut self, mut delta: TexturesDelta) {
        for (id, changes) in std::mem::take(&mut delta.set) {
            for change in changes {
                let ImageData::Color(image) = change.image;
                if let (Some(at), Some(texture)) = (change.pos, self.textures.get_mut(&id)) {
                    paste(&mut texture.image, &image, at);
                } else {
                    let texture = Texture { image: (*image).clone(), filter: change.options.magnification };
                    self.textures.insert(id, texture);
                }
            }
        }
        // Textures of an earlier pass may still be named by its shapes; they go with the drawing.
        delta.free.clear();
    }
}

fn input(size: Vec2, pass: usize) -> RawInput {
    let mut input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        time: Some(pass as f64 * 10.0),
        ..RawInput::default()
    };
    if let Some(viewport) = input.viewports.get_mut(&ViewportId::ROOT) {
        viewport.native_pixels_per_point = Some(SCALE);
    }
    input
}

fn paste(image: &mut ColorImage, patch: &ColorImage, [left, top]: [usize; 2]) {
    for (row, pixels) in patch.pixels.chunks(patch.width().max(1)).enumerate() {
        let start = (top + row) * image.size[0] + left;
        if let Some(target) = image.pixels.get_mut(start..start + pixels.len()) {
            target.copy_from_slice(pixels);
        }
    }
}
