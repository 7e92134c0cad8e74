//! Pictures and maps on the graphics card: an atlas of validation images, single pictures, and coloured maps.

use crate::kit::theme::viridis;
use eframe::egui::{Color32, ColorImage, Context, Painter, Pos2, Rect, TextureHandle, TextureId, TextureOptions, pos2};
use lab_core::instrument::{Gallery, HeatMap, Thumbnail};
use std::collections::HashMap;

/// The longest side of an image in the atlas, in pixels.
const TILE: usize = 32;

/// Validation images in one texture.
pub struct Atlas {
    texture: TextureHandle,
    columns: usize,
    rows: usize,
}

impl Atlas {
    /// Puts images of a gallery into one texture, reduced to at most 32 pixels a side.
    pub fn new(ctx: &Context, gallery: &Gallery, images: impl ExactSizeIterator<Item = usize>) -> Self {
        let [channels, height, width] = gallery.shape;
        let (tall, wide) = (height.min(TILE), width.min(TILE));
        let count = images.len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a grid's side")]
        let columns = ((count as f64).sqrt().ceil() as usize).max(1);
        let rows = count.div_ceil(columns).max(1);
        let size = [columns * wide, rows * tall];
        let mut pixels = vec![Color32::BLACK; size[0] * size[1]];
        let stride = channels * height * width;
        for (index, image) in images.enumerate() {
            let Some(image) = gallery.pixels.get(image * stride..(image + 1) * stride) else { continue };
            let (left, top) = (index % columns * wide, index / columns * tall);
            for y in 0..tall {
                for x in 0..wide {
                    let at = y * height / tall * width + x * width / wide;
                    let channel = |c: usize| image[if channels == 1 { at } else { c * height * width + at }];
                    pixels[(top + y) * size[0] + left + x] = Color32::from_rgb(channel(0), channel(1), channel(2));
                }
            }
        }
        let texture = ctx.load_texture("gallery", ColorImage::new(size, pixels), TextureOptions::NEAREST);
        Self { texture, columns, rows }
    }

    /// The image that was put into it as this one, counted from 0.
    pub fn picture(&self, index: usize) -> AtlasPicture {
        let (column, row) = (index % self.columns, index / self.columns);
        let at = |column: usize, row: usize| -> Pos2 {
            pos2(column as f32 / self.columns as f32, row as f32 / self.rows as f32)
        };
        AtlasPicture { texture: self.texture.id(), part: Rect::from_min_max(at(column, row), at(column + 1, row + 1)) }
    }
}

/// One image of an atlas.
#[derive(Clone, Copy)]
pub struct AtlasPicture {
    texture: TextureId,
    /// Where it is in the texture.
    part: Rect,
}

impl AtlasPicture {
    pub fn paint(self, painter: &Painter, rect: Rect) {
        painter.image(self.texture, rect, self.part, Color32::WHITE);
    }
}

/// Textures that are made once and dropped when what they show has changed.
#[derive(Default)]
pub struct Textures {
    version: u64,
    kept: HashMap<String, TextureHandle>,
}

impl Textures {
    /// Drops everything if there is something newer to show.
    pub fn refresh(&mut self, version: u64) {
        if self.version != version {
            self.kept.clear();
            self.version = version;
        }
    }

    /// A picture by its name.
    pub fn picture(&mut self, ctx: &Context, name: &str, seen: &Thumbnail) -> &TextureHandle {
        self.kept.entry(name.to_owned()).or_insert_with(|| {
            let whole = seen.rgb.len() == 3 * seen.width * seen.height && !seen.rgb.is_empty();
            let image =
                if whole { ColorImage::from_rgb([seen.width, seen.height], &seen.rgb) } else { ColorImage::example() };
            ctx.load_texture(name, image, TextureOptions::NEAREST)
        })
    }

    /// A map on viridis between two ends, as opaque as `strength`; for a map over a picture, weak places let it through.
    pub fn map(
        &mut self,
        ctx: &Context,
        name: &str,
        map: &HeatMap,
        ends: [f32; 2],
        over: Option<f32>,
    ) -> &TextureHandle {
        let key = format!("{name} {ends:?} {over:?}");
        self.kept.entry(key).or_insert_with(|| {
            let color = |share: f32| match over {
                Some(strength) => viridis(share).gamma_multiply(strength * (0.25 + 0.75 * share)),
                None => viridis(share),
            };
            let pixels: Vec<Color32> = map.shares(ends).into_iter().map(color).collect();
            let whole = pixels.len() == map.width * map.height && !pixels.is_empty();
            let image = if whole { ColorImage::new([map.width, map.height], pixels) } else { ColorImage::example() };
            let options = if over.is_some() { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
            ctx.load_texture(name, image, options)
        })
    }
}

/// A whole texture.
pub const WHOLE: Rect = Rect { min: Pos2::ZERO, max: Pos2 { x: 1.0, y: 1.0 } };
