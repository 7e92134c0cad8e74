//! Triangles to pixels, as a graphics card would: each pixel's centre decides, colours are blended as egui's renderers
//! blend them (premultiplied, gamma-encoded).

use super::drawing::{Drawing, Texture};
use eframe::egui::epaint::{Mesh, Primitive, Vertex};
use eframe::egui::{Color32, ColorImage, Pos2, Rect, TextureFilter, Vec2};

/// The drawing as a PNG file.
///
/// # Errors
/// What the encoder says.
pub fn write(drawing: &Drawing) -> Result<Vec<u8>, String> {
    let canvas = rasterise(drawing);
    let bytes: Vec<u8> = canvas.pixels.iter().flat_map(|pixel| pixel.map(byte)).collect();
    lab_core::png::rgb(&bytes, [canvas.width, canvas.height])
}

/// The drawing as pixels.
#[must_use]
pub fn pixels(drawing: &Drawing) -> ColorImage {
    let canvas = rasterise(drawing);
    let pixel = |pixel: &[f32; 3]| {
        let [red, green, blue] = pixel.map(byte);
        Color32::from_rgb(red, green, blue)
    };
    ColorImage::new([canvas.width, canvas.height], canvas.pixels.iter().map(pixel).collect())
}

struct Canvas {
    width: usize,
    height: usize,
    /// Row by row, red, green and blue from 0 to 255.
    pixels: Vec<[f32; 3]>,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and between 0 and 255")]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in pixels")]
fn rasterise(drawing: &Drawing) -> Canvas {
    let (width, height) =
        ((drawing.size.x * drawing.scale).round() as usize, (drawing.size.y * drawing.scale).round() as usize);
    let mut canvas = Canvas { width, height, pixels: vec![[255.0; 3]; width * height] };
    for clipped in &drawing.triangles {
        let Primitive::Mesh(mesh) = &clipped.primitive else { continue };
        let Some(texture) = drawing.textures.get(&mesh.texture_id) else { continue };
        let clip = Rect::from_min_max(
            (clipped.clip_rect.min.to_vec2() * drawing.scale).to_pos2(),
            (clipped.clip_rect.max.to_vec2() * drawing.scale).to_pos2(),
        );
        canvas.mesh(mesh, texture, clip, drawing.scale);
    }
    canvas
}

/// Twice the signed area of a triangle.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether the pixels on this edge belong to its triangle: of two triangles that share an edge exactly one draws it.
fn owns(from: Pos2, to: Pos2) -> bool {
    from.y > to.y || (from.y == to.y && from.x < to.x)
}

impl Canvas {
    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: Rect, scale: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |index: usize| mesh.vertices.get(corners[index] as usize).copied();
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                self.triangle([a, b, c], texture, clip, scale);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the canvas")]
    fn triangle(&mut self, corners: [Vertex; 3], texture: &Texture, clip: Rect, scale: f32) {
        let mut corners = corners.map(|vertex| Vertex { pos: (vertex.pos.to_vec2() * scale).to_pos2(), ..vertex });
        let whole = area(corners[0].pos, corners[1].pos, corners[2].pos);
        if whole == 0.0 || !whole.is_finite() {
            return;
        }
        if whole < 0.0 {
            corners.swap(1, 2);
        }
        let whole = whole.abs();
        let [a, b, c] = corners.map(|vertex| vertex.pos);
        let around = Rect::from_points(&[a, b, c]).intersect(clip);
        let limit = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
        let rows = limit((around.top() - 0.5).ceil(), self.height)..limit((around.bottom() + 0.5).floor(), self.height);
        let columns =
            limit((around.left() - 0.5).ceil(), self.width)..limit((around.right() + 0.5).floor(), self.width);
        let edges = [(b, c), (c, a), (a, b)];
        for y in rows {
            for x in columns.clone() {
                let at = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
                let weights = edges.map(|(from, to)| area(from, to, at));
                let inside =
                    |(weight, (from, to)): (&f32, &(Pos2, Pos2))| *weight > 0.0 || *weight == 0.0 && owns(*from, *to);
                if weights.iter().zip(&edges).all(inside) {
                    self.blend(x, y, shade(&corners, weights.map(|weight| weight / whole), texture));
                }
            }
        }
    }

    fn blend(&mut self, x: usize, y: usize, [red, green, blue, alpha]: [f32; 4]) {
        let pixel = &mut self.pixels[y * self.width + x];
        let through = 1.0 - alpha / 255.0;
        *pixel = [red + pixel[0] * through, green + pixel[1] * through, blue + pixel[2] * through];
    }
}

/// Colour within a triangle: the corners' colours times the texture.
fn shade(corners: &[Vertex; 3], weights: [f32; 3], texture: &Texture) -> [f32; 4] {
    let mut uv = Vec2::ZERO;
    let mut color = [0.0; 4];
    for (corner, weight) in corners.iter().zip(weights) {
        uv += corner.uv.to_vec2() * weight;
        for (sum, part) in color.iter_mut().zip(corner.color.to_array()) {
            *sum += f32::from(part) * weight;
        }
    }
    let texel = sample(texture, uv);
    std::array::from_fn(|part| color[part] * texel[part] / 255.0)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "clamped")]
fn sample(texture: &Texture, uv: Vec2) -> [f32; 4] {
    let [width, height] = texture.image.size;
    let at = |x: f32, y: f32| {
        let clamped = |value: f32, side: usize| (value.max(0.0) as usize).min(side.saturating_sub(1));
        let index = clamped(y, height) * width + clamped(x, width);
        texture.image.pixels.get(index).copied().unwrap_or(Color32::TRANSPARENT).to_array().map(f32::from)
    };
    let (x, y) = (uv.x * width as f32, uv.y * height as f32);
    if texture.filter == TextureFilter::Nearest {
        return at(x, y);
    }
    let (x, y) = (x - 0.5, y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (right, below) = (x - left, y - top);
    let mix = |a: [f32; 4], b: [f32; 4], share: f32| -> [f32; 4] {
        std::array::from_fn(|part| a[part] + (b[part] - a[part]) * share)
    };
    let upper = mix(at(left, top), at(left + 1.0, top), right);
    let lower = mix(at(left, top + 1.0), at(left + 1.0, top + 1.0), right);
    mix(upper, lower, below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Context, CornerRadius, vec2};

    fn drawn(draw: impl FnMut(&mut eframe::egui::Ui)) -> image::RgbImage {
        let file = write(&Drawing::new(&Context::default(), vec2(100.0, 60.0), draw)).unwrap();
        image::load_from_memory(&file).unwrap().to_rgb8()
    }

    #[test]
    fn a_rectangle_covers_its_pixels_and_no_others() {
        let rect = Rect::from_min_size(Pos2::new(20.0, 20.0), vec2(30.0, 10.0));
        let picture = drawn(|ui| {
            ui.painter().rect_filled(rect, CornerRadius::ZERO, Color32::from_rgb(200, 10, 20));
        });
        assert_eq!(picture.dimensions(), (200, 120));
        let red = |x, y| picture.get_pixel(x, y).0 == [200, 10, 20];
        for (x, y, expected) in [(41, 41, true), (98, 58, true), (60, 50, true), (38, 50, false), (60, 62, false)] {
            assert_eq!(red(x, y), expected, "at {x}, {y}");
        }
    }

    #[test]
    fn half_a_colour_over_white_is_blended_once_everywhere() {
        // Two triangles meet on the diagonal, which must not be darker.
        let picture = drawn(|ui| {
            let rect = Rect::from_min_size(Pos2::new(20.0, 20.0), vec2(40.0, 20.0));
            ui.painter().rect_filled(rect, CornerRadius::ZERO, Color32::from_black_alpha(128));
        });
        for step in 2..18 {
            let pixel = picture.get_pixel(40 + step * 4, 40 + step * 2).0;
            assert!(pixel[0].abs_diff(127) <= 1, "{pixel:?} on the diagonal");
        }
    }

    #[test]
    fn text_leaves_ink() {
        let picture = drawn(|ui| {
            ui.label("Loss");
        });
        let dark = picture.pixels().filter(|pixel| pixel.0[0] < 120).count();
        assert!((60..1200).contains(&dark), "{dark} dark pixels");
    }
}
