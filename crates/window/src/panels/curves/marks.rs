//! What is painted over a plot's lines: names at their ends, where an arm died, and what lies beyond the plot's edges.

use super::figure::{ArmCurve, Figure, Validated, label_width, unwarp, warp};
use super::source::places;
use super::usual::InView;
use crate::kit::theme::{self, Tokens, space};
use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use egui_plot::{PlotPoint, PlotTransform};
use lab_core::experiment::MAX_ARMS;

/// Text on the plots, in points.
const SMALL: f32 = theme::size::SMALL - 1.0;
/// The side of a mark at the edge, in points.
const SIDE: f32 = 10.0;
/// Rows of marks at an edge, at most.
const ROWS: usize = 8;

/// A mark at the edge: something of a curve lies beyond.
struct Beyond {
    rect: Rect,
    above: bool,
    curve: usize,
}

/// A text on the plot.
struct Caption {
    /// The middle of its left edge.
    at: Pos2,
    text: String,
    color: Color32,
}

/// Paints everything.
pub fn paint(painter: &Painter, figure: &Figure, transform: &PlotTransform, tokens: &Tokens) {
    let frame = *transform.frame();
    let mut taken: Vec<Rect> = Vec::new();
    let mut texts: Vec<Caption> = Vec::new();
    for curve in figure.curves.iter().filter(|curve| curve.source.trace.diverged_at().is_some()) {
        let Some(at) = end(figure, curve).map(|end| on_screen(transform, end)) else { continue };
        let inner = frame.shrink(SIDE);
        let at = pos2(at.x, at.y.clamp(inner.top(), inner.bottom()));
        if !frame.x_range().contains(at.x) {
            continue;
        }
        let cross = Rect::from_center_size(at, vec2(SIDE, SIDE));
        let stroke = Stroke::new(2.0, curve.source.color(tokens));
        painter.line_segment([cross.left_top(), cross.right_bottom()], stroke);
        painter.line_segment([cross.right_top(), cross.left_bottom()], stroke);
        taken.push(cross);
    }
    let marks = beyond(figure, transform, &mut taken);
    for mark in &marks {
        let color = figure.curves[mark.curve].source.color(tokens);
        let (rect, tip) = (mark.rect.shrink(1.0), if mark.above { mark.rect.top() } else { mark.rect.bottom() });
        let base = if mark.above { rect.bottom() } else { rect.top() };
        let corners = vec![pos2(rect.center().x, tip), pos2(rect.right(), base), pos2(rect.left(), base)];
        painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
    }
    // Among many lines a name in the middle of the plot hides more than it says; the legend has it.
    let crowded = figure.curves.len() > MAX_ARMS;
    let ends = figure.curves.iter().filter_map(|curve| Some(on_screen(transform, end(figure, curve)?).x));
    let farthest = ends.fold(f32::NEG_INFINITY, f32::max);
    for curve in figure.curves.iter().filter(|curve| !curve.source.ghost) {
        let Some(at) = end(figure, curve).map(|end| on_screen(transform, end)) else { continue };
        let (died, name) = (curve.source.trace.diverged_at().is_some(), &curve.source.name);
        if crowded && !died && at.x < farthest - SIDE {
            continue;
        }
        let text = if died { format!("{name}: diverged") } else { name.clone() };
        let inner = frame.shrink(SIDE);
        let at = if died { pos2(at.x, at.y.clamp(inner.top(), inner.bottom())) } else { at };
        let place = written(at, &text);
        // What died is named wherever there is room near by.
        let moved = |(rows, left): (f32, bool)| {
            let across = if left { -place.width() - 2.0 * space::S } else { 0.0 };
            place.translate(vec2(across, rows * place.height()))
        };
        let around = [(0.0, true), (1.0, false), (1.0, true), (2.0, false), (2.0, true), (3.0, false)].map(moved);
        // Names of arms that end close together stand a little apart, each in its colour.
        let beside = [0.5, -0.5, 1.0, -1.0].map(|rows| moved((rows, false)));
        let apart = beside.into_iter().filter(|_| !died && figure.curves.len() <= MAX_ARMS);
        let mut places = std::iter::once(place).chain(around.into_iter().filter(|_| died)).chain(apart);
        let free = |place: &Rect| frame.contains_rect(*place) && !taken.iter().any(|other| other.intersects(*place));
        if let Some(place) = places.find(free) {
            taken.push(place);
            texts.push(Caption { at: place.left_center(), text, color: curve.source.color(tokens) });
        }
    }
    let [_, top] = figure.range;
    for (index, curve) in figure.curves.iter().enumerate().filter(|(_, curve)| !curve.source.ghost) {
        let seen = figure.validations(curve);
        let Some(&Validated { at, value, .. }) = seen.iter().find(|seen| seen.at[1] > top) else { continue };
        let x = on_screen(transform, [at[0], top]).x;
        let mark = marks.iter().find(|mark| mark.curve == index && mark.rect.x_range().contains(x));
        let Some(mark) = mark else { continue };
        let text = format!("validation {}", figure.metric.unit().in_words(value));
        // Where there is no room to the right, it stands to the left.
        let place = written(mark.rect.center(), &text);
        let across = place.width() + 2.0 * space::S;
        let place = if place.right() > frame.right() { place.translate(vec2(-across, 0.0)) } else { place };
        if frame.x_range().contains(place.left()) && !taken.iter().any(|other| other.intersects(place)) {
            taken.push(place);
            texts.push(Caption { at: place.left_center(), text, color: curve.source.color(tokens) });
        }
    }
    for Caption { at, text, color } in texts {
        let galley = painter.layout_no_wrap(text, FontId::proportional(SMALL), color);
        let place = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        // A longer curve may run behind the name of a shorter one.
        painter.rect_filled(place.expand2(vec2(2.0, 0.0)), 0.0, tokens.background.gamma_multiply(0.8));
        painter.galley(place.min, galley, color);
    }
}

/// The room of a text that stands to the right of a place.
fn written(at: Pos2, text: &str) -> Rect {
    Rect::from_min_size(at + vec2(space::S, -7.0), vec2(label_width(text), 14.0))
}

fn on_screen(transform: &PlotTransform, [x, y]: [f64; 2]) -> Pos2 {
    transform.position_from_point(&PlotPoint::new(x, y))
}

/// A mark for what lies beyond each edge, of each curve where there is room: those of several arms stand below each
/// other, and what one arm has close together is one mark.
fn beyond(figure: &Figure, transform: &PlotTransform, taken: &mut Vec<Rect>) -> Vec<Beyond> {
    let frame = *transform.frame();
    let [low, high] = figure.range;
    let mut marks: Vec<Beyond> = Vec::new();
    for (index, curve) in figure.curves.iter().enumerate().filter(|(_, curve)| !curve.source.ghost) {
        let mut found: Vec<(f64, bool)> = Vec::new();
        for &Validated { at: [x, y], .. } in figure.validations(curve).iter() {
            if y > high || y < low {
                found.push((x, y > high));
            }
        }
        if let Some(((times, column), InView { range, extremes, .. })) =
            curve.raw.filter(|_| figure.fits).zip(figure.seen(curve))
        {
            let bounds = [low, high].map(|y| unwarp(y, figure.log_y));
            if extremes.is_some() && (extremes.min < bounds[0] || extremes.max > bounds[1]) {
                let places = places(figure.common.axis, times, curve.source.pace);
                let sorted = column.sorted(range.clone(), bounds, range.len() / 64);
                let x = |at: usize| warp(places.at(at), figure.common.log_x);
                found.extend(sorted.places.iter().map(|(at, above)| (x(*at), *above)));
            }
        }
        for (x, above) in found {
            let x = on_screen(transform, [x, low]).x;
            if !frame.x_range().contains(x) {
                continue;
            }
            let own = |mark: &Beyond| {
                mark.curve == index && mark.above == above && (mark.rect.center().x - x).abs() < SIDE + 2.0
            };
            if marks.iter().any(own) {
                continue;
            }
            let row = |row: usize| {
                let down = (row as f32 + 0.5) * SIDE + 1.0;
                let y = if above { frame.top() + down } else { frame.bottom() - down };
                Rect::from_center_size(pos2(x, y), vec2(SIDE, SIDE))
            };
            let free = |rect: &Rect| !taken.iter().any(|other| other.shrink(0.5).intersects(*rect));
            if let Some(rect) = (0..ROWS).map(row).find(free) {
                taken.push(rect);
                marks.push(Beyond { rect, above, curve: index });
            }
        }
    }
    marks
}

/// Where a curve ends, as drawn: at its last number.
fn end(figure: &Figure, curve: &ArmCurve) -> Option<[f64; 2]> {
    let [x, y] = if let Some((times, column)) = curve.main() {
        // Of an arm that has diverged only the last value is none.
        let (index, value) = column.values().iter().enumerate().rev().take(8).find(|(_, value)| value.is_finite())?;
        let x = places(figure.common.axis, times, curve.source.pace).at(index);
        [warp(x, figure.common.log_x), *value]
    } else {
        let (evaluation, value) = curve.source.trace.sparse(figure.metric).next_back()?;
        [figure.place(evaluation, curve.source), value]
    };
    y.is_finite().then(|| [x, warp(y, figure.log_y)])
}
