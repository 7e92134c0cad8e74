//! Paints what the layout has placed.

use super::layout::{Arch, BoxPart, Lane, Node};
use crate::kit::theme::{self, Tokens, on_viridis, viridis};
use crate::panels::block_name::short_name;
use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use lab_core::blueprint::outline::ShortcutKind;
use lab_core::experiment::Naming;

/// How a box is to look.
#[derive(Clone, Copy)]
pub struct BoxLook {
    /// Its place on the colour scale, if it has one.
    pub share: Option<f32>,
    /// Whether it is the selected block.
    pub chosen: bool,
    /// Whether it is the selected block or its twin in another arm.
    pub alike: bool,
    /// Whether the pointer or the keyboard is at it.
    pub pointed: bool,
}

/// Width of a block from which its layers are written inside.
const LAYERS: f32 = 58.0;
/// Width of a character of a name, at the most, with what its box needs beside the name.
const CHARACTER: f32 = 5.5;
const BESIDE: f32 = 3.0;

/// Stages, the main line, shortcuts and shapes.
pub fn ground(ui: &Ui, lane: &Lane, offset: Vec2, color: Color32) {
    let (tokens, painter) = (Tokens::of(ui), ui.painter());
    let font = FontId::proportional(theme::size::SMALL);
    for group in &lane.groups {
        let rect = group.rect.translate(offset);
        painter.rect_filled(rect, theme::RADIUS, tokens.panel);
        let at = rect.left_top() + vec2(6.0, 2.0);
        painter.text(at, Align2::LEFT_TOP, &group.name, font.clone(), tokens.weak);
    }
    for line in &lane.lines {
        let [from, to] = line.map(|point| point + offset);
        painter.line_segment([from, to], Stroke::new(theme::CURVE, tokens.weak));
        let tip = vec![to + vec2(6.0, 0.0), to + vec2(-1.0, -4.0), to + vec2(-1.0, 4.0)];
        painter.add(Shape::convex_polygon(tip, tokens.weak, Stroke::NONE));
    }
    for arch in &lane.arches {
        if ui.is_rect_visible(Rect::from_two_pos(arch.from + offset, pos2(arch.to.x, arch.top) + offset)) {
            shortcut(painter, arch, offset, color, &tokens);
        }
    }
    for (at, text) in &lane.shapes {
        painter.text(*at + offset, Align2::CENTER_CENTER, text, font.clone(), tokens.weak);
    }
}

fn shortcut(painter: &Painter, arch: &Arch, offset: Vec2, color: Color32, tokens: &Tokens) {
    let (from, to, top) = (arch.from + offset, arch.to + offset, arch.top + offset.y);
    let radius = ((to.x - from.x) / 2.0).min(6.0);
    let stroke = Stroke::new(theme::CURVE, color);
    let points = bent(from, to, top, radius);
    if arch.kind == ShortcutKind::Pad {
        painter.extend(Shape::dashed_line(&points, stroke, 3.0, 2.5));
    } else {
        painter.line(points, stroke);
    }
    let middle = pos2(f32::midpoint(from.x, to.x), top);
    let room = to.x - from.x;
    match arch.kind {
        ShortcutKind::Project => operation(painter, middle, room, "1×1", color, tokens),
        ShortcutKind::PoolProject => {
            let apart = vec2(room * 0.2, 0.0);
            operation(painter, middle - apart, room * 0.6, "pool", color, tokens);
            operation(painter, middle + apart, room * 0.6, "1×1", color, tokens);
        }
        _ => {}
    }
    addition(painter, to, room, color, tokens);
}

/// Up, over and down again, with rounded corners.
fn bent(from: Pos2, to: Pos2, top: f32, radius: f32) -> Vec<Pos2> {
    let mut points = vec![from];
    let corner = |center: Pos2, begin: f32| {
        (0..=4u8).map(move |step| {
            let angle = (begin + 22.5 * f32::from(step)).to_radians();
            center + radius * vec2(angle.cos(), angle.sin())
        })
    };
    points.extend(corner(pos2(from.x + radius, top + radius), 180.0));
    points.extend(corner(pos2(to.x - radius, top + radius), 270.0));
    points.push(to);
    points
}

/// A small box on a shortcut.
fn operation(painter: &Painter, center: Pos2, room: f32, text: &str, color: Color32, tokens: &Tokens) {
    let written = room > 50.0;
    let size = if written { vec2(30.0, 14.0) } else { Vec2::splat((room * 0.4).clamp(5.0, 9.0)) };
    let rect = Rect::from_center_size(center, size);
    painter.rect(rect, 2.0, tokens.background, Stroke::new(theme::CURVE, color), StrokeKind::Inside);
    if written {
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        painter.text(center, Align2::CENTER_CENTER, text, font, tokens.text);
    }
}

/// Where a shortcut is added: a plus where there is room, else a dot.
fn addition(painter: &Painter, center: Pos2, room: f32, color: Color32, tokens: &Tokens) {
    let radius = (room * 0.07).clamp(1.5, 7.0);
    if radius < 3.5 {
        painter.circle_filled(center, radius, color);
        return;
    }
    let stroke = Stroke::new(theme::HAIRLINE, color);
    painter.circle(center, radius, tokens.background, stroke);
    for arm in [vec2(radius - 2.0, 0.0), vec2(0.0, radius - 2.0)] {
        painter.line_segment([center - arm, center + arm], stroke);
    }
}

/// A box with what it is.
pub fn node(ui: &Ui, node: &Node, rect: Rect, look: BoxLook) {
    let (tokens, painter) = (Tokens::of(ui), ui.painter());
    let radius = if rect.width() < 16.0 { 2.0 } else { 4.0 };
    let (fill, text) = match look.share {
        Some(share) => (viridis(share), on_viridis(share)),
        None if node.block().is_some() => (tokens.raised, tokens.text),
        None => (tokens.background, tokens.weak),
    };
    let stroke = match look {
        BoxLook { chosen: true, .. } => Stroke::new(3.0, tokens.accent),
        BoxLook { alike: true, .. } => Stroke::new(theme::CURVE, tokens.accent),
        BoxLook { pointed: true, .. } => Stroke::new(theme::CURVE, tokens.text),
        _ => Stroke::new(theme::HAIRLINE, if node.block().is_some() { tokens.weak } else { tokens.hairline }),
    };
    painter.rect(rect, radius, fill, stroke, StrokeKind::Inside);
    let font = FontId::proportional(theme::size::SMALL - 1.0);
    let lines = inside(node, rect.width());
    let mut y = rect.center().y - 6.5 * (lines.len() as f32 - 1.0);
    for line in lines {
        painter.text(pos2(rect.center().x, y), Align2::CENTER_CENTER, line, font.clone(), text);
        y += 13.0;
    }
}

/// What is written inside a box of this width.
fn inside(node: &Node, width: f32) -> Vec<String> {
    let own = |name: &str| !Naming::is_of_shortcut(name);
    if width >= LAYERS && !matches!(node.piece, BoxPart::Head) {
        let convolutions = node.part.layers.iter().filter(|layer| own(&layer.name) && layer.is_convolution);
        return convolutions
            .map(|layer| {
                let kind = layer.kind.replace(" conv", "");
                if width > 74.0 { format!("{kind}, {}", layer.output[0]) } else { kind }
            })
            .collect();
    }
    let short = match node.piece {
        BoxPart::Stem => "stem",
        BoxPart::Entry => "entry",
        BoxPart::Block(block) => short_name(&block.part.name),
        BoxPart::Head => "head",
    };
    let fits = short.chars().count() as f32 * CHARACTER + BESIDE <= width;
    if fits { vec![short.to_owned()] } else { Vec::new() }
}

/// A small picture of a kind of shortcut.
pub fn sample(ui: &Ui, rect: Rect, kind: ShortcutKind) {
    let (tokens, painter) = (Tokens::of(ui), ui.painter());
    let (left, right, axis) = (rect.left() + 3.0, rect.right() - 3.0, rect.bottom() - 4.0);
    painter.line_segment([pos2(left, axis), pos2(right, axis)], Stroke::new(theme::HAIRLINE, tokens.weak));
    let block = Rect::from_center_size(pos2(rect.center().x, axis), vec2(10.0, 6.0));
    painter.rect(block, 1.0, tokens.raised, Stroke::new(theme::HAIRLINE, tokens.weak), StrokeKind::Inside);
    if kind != ShortcutKind::None {
        let arch = Arch { from: pos2(left, axis), to: pos2(right, axis), top: rect.top() + 3.0, kind };
        shortcut(painter, &arch, Vec2::ZERO, tokens.text, &tokens);
    }
}
