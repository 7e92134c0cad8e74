//! egui's shapes as SVG 1.1. Text stays text, textures become embedded pictures. Only what lies within its part of the
//! page is written, and pieces of one line, such as its dashes, as one path.

use super::drawing::{Drawing, Texture};
use crate::kit::line::{Viewport, clipped};
use eframe::egui::epaint::{ColorMode, Mesh, PathShape, PathStroke, RectShape, TextShape};
use eframe::egui::{Color32, FontFamily, Pos2, Rect, Shape, Stroke, TextureFilter, TextureId};
use std::collections::HashMap;
use std::fmt::Write as _;

/// The drawing as an SVG file.
#[must_use]
pub fn write(drawing: &Drawing) -> String {
    let (width, height) = (drawing.size.x, drawing.size.y);
    let page = Rect::from_min_size(Pos2::ZERO, drawing.size);
    let mut writer = SvgWriter {
        body: String::new(),
        clips: Vec::new(),
        part: page,
        begun: 0,
        line: None,
        textures: &drawing.textures,
    };
    for clipped in &drawing.shapes {
        let part = clipped.clip_rect.intersect(page);
        if !part.is_positive() {
            continue;
        }
        if part != writer.part {
            writer.end_part(page);
            writer.part = part;
        }
        writer.shape(&clipped.shape);
    }
    writer.end_part(page);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<defs>\n"
    );
    for (index, clip) in writer.clips.iter().enumerate() {
        text += &format!("<clipPath id=\"clip{index}\"><rect {}/></clipPath>\n", placed(*clip));
    }
    text + "</defs>\n" + &writer.body + "</svg>\n"
}

struct SvgWriter<'a> {
    body: String,
    clips: Vec<Rect>,
    /// The part of the page in which shapes are seen, and where the text of what lies in it begins.
    part: Rect,
    begun: usize,
    /// A line that may go on: how it looks, and its pieces.
    line: Option<(String, Vec<String>)>,
    textures: &'a HashMap<TextureId, Texture>,
}

impl SvgWriter<'_> {
    fn clip(&mut self, clip: Rect) -> usize {
        let known = self.clips.iter().position(|known| *known == clip);
        known.unwrap_or_else(|| {
            self.clips.push(clip);
            self.clips.len() - 1
        })
    }

    /// Ends the part of the page that was written to.
    fn end_part(&mut self, page: Rect) {
        self.end_line();
        if self.body.len() > self.begun && self.part != page {
            let index = self.clip(self.part);
            self.body.insert_str(self.begun, &format!("<g clip-path=\"url(#clip{index})\">\n"));
            self.body.push_str("</g>\n");
        }
        self.begun = self.body.len();
    }

    fn end_line(&mut self) {
        let Some((look, pieces)) = self.line.take() else { return };
        if let [only] = pieces.as_slice() {
            self.element(format_args!("<polyline points=\"{only}\"{look} stroke-linejoin=\"round\"/>"));
        } else {
            // Places after the first one of a piece are those of a line.
            let way = pieces.join("M");
            self.element(format_args!("<path d=\"M{way}\"{look} stroke-linejoin=\"round\"/>"));
        }
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        self.end_line();
        // Writing into a text cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| self.shape(shape)),
            Shape::Circle(circle) if !self.part.intersects(circle.visual_bounding_rect()) => {}
            Shape::Circle(circle) => {
                let (at, radius) = (circle.center, circle.radius);
                let look = look(circle.fill, circle.stroke);
                self.element(format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{look}/>", n(at.x), n(at.y), n(radius)));
            }
            Shape::LineSegment { points, stroke } => self.line(points, false, Color32::TRANSPARENT, *stroke),
            Shape::Path(path) => self.path(path),
            Shape::Rect(rect) => self.rect(rect),
            Shape::Text(text) => self.text(text),
            Shape::Mesh(mesh) => self.mesh(mesh),
            Shape::Band(band) => self.band(band),
            Shape::Noop => {}
            // The panels draw none of these.
            Shape::Ellipse(_) | Shape::QuadraticBezier(_) | Shape::CubicBezier(_) | Shape::Callback(_) => {}
        }
    }

    fn line(&mut self, points: &[Pos2], closed: bool, fill: Color32, stroke: Stroke) {
        if points.len() < 2 || fill == Color32::TRANSPARENT && stroke.is_empty() {
            return;
        }
        if !self.part.expand(stroke.width).intersects(Rect::from_points(points)) {
            return;
        }
        let look = look(fill, stroke);
        if closed {
            let listed = listed(points.iter().copied());
            return self.element(format_args!("<polygon points=\"{listed}\"{look} stroke-linejoin=\"round\"/>"));
        }
        for piece in self.seen(points) {
            let piece = listed(piece);
            match &mut self.line {
                Some((last, pieces)) if *last == look => pieces.push(piece),
                _ => {
                    self.end_line();
                    self.line = Some((look.clone(), vec![piece]));
                }
            }
        }
    }

    /// The pieces of a line that lie in the part of the page, and a little beyond it.
    fn seen(&self, points: &[Pos2]) -> Vec<Vec<Pos2>> {
        if points.iter().all(|point| self.part.contains(*point)) {
            return vec![points.to_vec()];
        }
        let ends = |from: f32, to: f32| [f64::from(from), f64::from(to)];
        let (x, y) = (ends(self.part.left(), self.part.right()), ends(self.part.top(), self.part.bottom()));
        let size = [f64::from(self.part.width()), f64::from(self.part.height())];
        let points: Vec<[f64; 2]> = points.iter().map(|point| ends(point.x, point.y)).collect();
        #[allow(clippy::cast_possible_truncation, reason = "places on a page")]
        let place = |[x, y]: [f64; 2]| Pos2::new(x as f32, y as f32);
        let pieces = clipped(&points, &Viewport { x, y, size });
        pieces.into_iter().map(|piece| piece.into_iter().map(place).collect()).collect()
    }

    fn path(&mut self, path: &PathShape) {
        self.line(&path.points, path.closed, path.fill, plain(&path.stroke));
    }

    fn band(&mut self, band: &eframe::egui::epaint::BandShape) {
        let lower = band.points.iter().map(|point| Pos2::new(point.x, point.y.min));
        let upper = band.points.iter().rev().map(|point| Pos2::new(point.x, point.y.max));
        let outline: Vec<Pos2> = lower.chain(upper).collect();
        self.line(&outline, true, band.fill, Stroke::NONE);
    }

    fn rect(&mut self, shape: &RectShape) {
        if let Some(brush) = &shape.brush {
            return self.picture(brush.fill_texture_id, brush.uv, shape.rect);
        }
        if shape.blur_width > 0.0 || shape.fill == Color32::TRANSPARENT && shape.stroke.is_empty() {
            return;
        }
        let radius = shape.corner_radius.average();
        let rounded = if radius > 0.0 { format!(" rx=\"{}\"", n(radius)) } else { String::new() };
        let look = look(shape.fill, shape.stroke);
        self.element(format_args!("<rect {}{rounded}{look}/>", placed(shape.rect)));
    }

    /// A mesh is a picture, or a few triangles of which each gets the mean of its corners' colours.
    fn mesh(&mut self, mesh: &Mesh) {
        if mesh.texture_id != TextureId::default() {
            let corners: Vec<Pos2> = mesh.vertices.iter().map(|vertex| vertex.uv).collect();
            return self.picture(mesh.texture_id, Rect::from_points(&corners), mesh.calc_bounds());
        }
        for corners in mesh.indices.chunks_exact(3) {
            let found: Vec<_> = corners.iter().filter_map(|&index| mesh.vertices.get(index as usize)).collect();
            let [a, b, c] = found[..] else { continue };
            let part = |index: usize| {
                let sum: u32 = [a, b, c].iter().map(|vertex| u32::from(vertex.color.to_array()[index])).sum();
                u8::try_from(sum / 3).unwrap_or(u8::MAX)
            };
            let color = Color32::from_rgba_premultiplied(part(0), part(1), part(2), part(3));
            // A hair of stroke closes the seams between neighbours.
            self.line(&[a.pos, b.pos, c.pos], true, color, Stroke::new(0.5, color));
        }
    }

    /// The part of a texture that lies between two corners of it.
    fn picture(&mut self, id: TextureId, part: Rect, rect: Rect) {
        let Some(texture) = self.textures.get(&id) else { return };
        let Some(address) = embedded(texture, part) else { return };
        let sharp = if texture.filter == TextureFilter::Nearest { " style=\"image-rendering:pixelated\"" } else { "" };
        self.element(format_args!(
            "<image {} preserveAspectRatio=\"none\"{sharp} xlink:href=\"{address}\"/>",
            placed(rect)
        ));
    }

    fn text(&mut self, shape: &TextShape) {
        let galley = &shape.galley;
        let Some(format) = galley.job.sections.first().map(|section| &section.format) else { return };
        let color = if format.color == Color32::PLACEHOLDER { shape.fallback_color } else { format.color };
        let color = shape.override_text_color.unwrap_or(color).gamma_multiply(shape.opacity_factor);
        let size = format.font_id.size;
        let face = match &format.font_id.family {
            FontFamily::Monospace => "font-family=\"monospace\"",
            FontFamily::Proportional => "font-family=\"Inter, sans-serif\"",
            FontFamily::Name(_) => "font-family=\"Inter, sans-serif\" font-weight=\"600\"",
        };
        let turned = if shape.angle == 0.0 {
            String::new()
        } else {
            let at = shape.pos;
            format!(" transform=\"rotate({} {} {})\"", n(shape.angle.to_degrees()), n(at.x), n(at.y))
        };
        let fill = fill(color);
        for row in &galley.rows {
            let (text, Some(first)) = (row.row.text(), row.row.glyphs.first()) else { continue };
            if text.trim().is_empty() {
                continue;
            }
            let at = shape.pos + row.pos.to_vec2() + first.pos.to_vec2();
            // Other faces are as wide as ours, so that nothing overlaps where Inter is not installed.
            let width = row.row.glyphs.last().map_or(0.0, |last| last.max_x() - first.pos.x);
            self.element(format_args!(
                "<text x=\"{}\" y=\"{}\" {face} font-size=\"{}\" textLength=\"{}\" xml:space=\"preserve\"{fill}{turned}>\
                 {}</text>",
                n(at.x),
                n(at.y),
                n(size),
                n(width),
                escaped(&text)
            ));
        }
    }
}

/// Places one after another, each once where a line stays.
fn listed(points: impl IntoIterator<Item = Pos2>) -> String {
    let mut places: Vec<String> = points.into_iter().map(|point| format!("{},{}", n(point.x), n(point.y))).collect();
    places.dedup();
    if let [only] = places.as_slice() { format!("{only} {only}") } else { places.join(" ") }
}

/// A number with two decimals at most.
fn n(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn placed(rect: Rect) -> String {
    let (x, y, width, height) = (n(rect.left()), n(rect.top()), n(rect.width()), n(rect.height()));
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn paint(name: &str, color: Color32) -> String {
    if color == Color32::TRANSPARENT {
        return format!(" {name}=\"none\"");
    }
    let [red, green, blue, alpha] = color.to_srgba_unmultiplied();
    let through =
        if alpha == 255 { String::new() } else { format!(" {name}-opacity=\"{}\"", n(f32::from(alpha) / 255.0)) };
    format!(" {name}=\"#{red:02x}{green:02x}{blue:02x}\"{through}")
}

fn fill(color: Color32) -> String {
    paint("fill", color)
}

fn look(inside: Color32, stroke: Stroke) -> String {
    let outline = if stroke.is_empty() {
        String::new()
    } else {
        format!("{} stroke-width=\"{}\"", paint("stroke", stroke.color), n(stroke.width))
    };
    fill(inside) + &outline
}

fn plain(stroke: &PathStroke) -> Stroke {
    match stroke.color {
        ColorMode::Solid(color) => Stroke::new(stroke.width, color),
        // The panels colour no line along its way.
        ColorMode::UV(_) => Stroke::NONE,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The address of a part of a texture.
fn embedded(texture: &Texture, part: Rect) -> Option<String> {
    let [across, down] = texture.image.size;
    let ([left, right], [top, bottom]) =
        (span(part.left(), part.right(), across), span(part.top(), part.bottom(), down));
    let (width, height) = (right - left, bottom - top);
    let row = |y: usize| texture.image.pixels.get(y * across + left..)?.get(..width);
    let rows: Vec<&[Color32]> = (top..bottom).map(row).collect::<Option<_>>()?;
    let pixels: Vec<u8> = rows.into_iter().flatten().flat_map(Color32::to_srgba_unmultiplied).collect();
    let file = lab_core::png::rgba(&pixels, [width, height]).ok()?;
    Some(lab_core::png::address(&file))
}

/// The whole pixels nearest to two shares of a side.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the side")]
fn span(from: f32, to: f32, side: usize) -> [usize; 2] {
    let place = |share: f32| ((share.clamp(0.0, 1.0) * side as f32).round() as usize).min(side);
    [place(from), place(to)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{ColorImage, Context, TextureOptions, vec2};

    #[test]
    fn only_the_part_of_a_texture_that_is_drawn_is_embedded() {
        let texture = |size, pixels| Texture { image: ColorImage::new(size, pixels), filter: TextureFilter::Nearest };
        let all = [Color32::RED, Color32::RED, Color32::GREEN, Color32::BLUE].repeat(2);
        let (all, alone) = (texture([4, 2], all), texture([2, 1], vec![Color32::GREEN, Color32::BLUE]));
        let part = Rect::from_min_max(Pos2::new(0.5, 0.0), Pos2::new(1.0, 0.5));
        let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        assert!(embedded(&alone, whole).is_some());
        assert_eq!(embedded(&all, part), embedded(&alone, whole));
    }

    #[test]
    fn dashes_are_one_path_and_what_leaves_its_part_is_not_written() {
        let drawing = Drawing::new(&Context::default(), vec2(200.0, 100.0), |ui| {
            let part = Rect::from_min_max(Pos2::new(20.0, 20.0), Pos2::new(180.0, 80.0));
            let painter = ui.painter().with_clip_rect(part);
            let way = [Pos2::new(20.0, 50.0), Pos2::new(100.0, -1e6), Pos2::new(180.0, 50.0), Pos2::new(400.0, 50.0)];
            painter.extend(Shape::dashed_line(&way, Stroke::new(1.0, Color32::RED), 6.0, 4.0));
            painter.line_segment([Pos2::new(0.0, 90.0), Pos2::new(200.0, 90.0)], Stroke::new(1.0, Color32::BLUE));
        });
        let svg = write(&drawing);
        assert_eq!(svg.matches("<path").count(), 1, "{} bytes", svg.len());
        assert!(svg.len() < 4_000 && !svg.contains("<polyline") && !svg.contains("#0000ff"), "{} bytes", svg.len());
    }

    #[test]
    fn shapes_text_and_pictures_are_all_there() {
        let drawing = Drawing::new(&Context::default(), vec2(200.0, 100.0), |ui| {
            ui.label("loss < 1 & falling");
            let points = vec![Pos2::new(10.0, 50.0), Pos2::new(60.0, 80.0), Pos2::new(90.0, 60.0)];
            ui.painter().line(points, Stroke::new(2.0, Color32::from_rgb(0, 114, 178)));
            let image = ColorImage::filled([2, 3], Color32::RED);
            let texture = ui.ctx().load_texture("map", image, TextureOptions::NEAREST);
            let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            let place = Rect::from_min_size(Pos2::new(120.0, 40.0), vec2(40.0, 30.0));
            ui.painter().image(texture.id(), place, whole, Color32::WHITE);
            ui.data_mut(|data| data.insert_temp(eframe::egui::Id::unique("kept"), texture));
        });
        let svg = write(&drawing);
        assert!(svg.contains(">loss &lt; 1 &amp; falling</text>"), "{svg}");
        assert!(
            svg.contains("points=\"10,50 60,80 90,60\" fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\""),
            "{svg}"
        );
        let data = svg.split("base64,").nth(1).and_then(|rest| rest.split('"').next());
        assert!(data.is_some_and(|data| data.starts_with("iVBORw0KGgo")), "a PNG file begins like this: {svg}");
    }
}
