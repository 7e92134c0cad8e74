//! Every setting as a line through all axes and what it came to. A part of an axis that is marked by dragging keeps the
//! settings that go through it.

use super::bits;
use super::dimension::{DrawnAxis, along, goodness, in_words, is_more_better, judged_name, known};
use super::view::View;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use eframe::egui::{CursorIcon, FontId, Label, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use lab_core::study::PointResult;
use std::path::PathBuf;

/// Room above the axes, in points.
const ABOVE: f32 = 22.0;
/// Room below them.
const BELOW: f32 = 18.0;
/// An axis of at most so many values has all of them written beside it.
const MARKED: usize = 6;
/// Width of a marked part, in points.
const BRUSH: f32 = 18.0;

/// The parts of the axes that are marked, as shares from the bottom; the last axis is what the settings came to.
#[derive(Default)]
pub struct Parallel {
    of: PathBuf,
    brushes: Vec<Option<[f32; 2]>>,
}

impl Parallel {
    #[allow(clippy::too_many_lines, reason = "one drawing, from top to bottom")]
    pub fn ui(&mut self, ui: &mut Ui, looked: &Looked, view: &mut View, bottom: f32) {
        let count = looked.labels.len() + 1;
        if self.of != looked.folder || self.brushes.len() != count {
            *self = Self { of: looked.folder.clone(), brushes: vec![None; count] };
        }
        ui.horizontal_wrapped(|ui| {
            bits::judged(ui, looked, view);
            if self.brushes.iter().any(Option::is_some)
                && ui.button("Keep all again").on_hover_text("Takes the marks from all axes").clicked()
            {
                self.brushes.fill(None);
            }
        });
        let points: Vec<(&PointResult, f64)> = known(looked, view.judged_by).collect();
        if looked.labels.is_empty() || points.is_empty() {
            return bits::nothing(ui, "A line appears here for each setting of which a training has ended.");
        }
        let axes = DrawnAxis::all(looked);
        let good = goodness(looked, view.judged_by);
        // The best is at the top, whether more is better or less.
        let place = |point: &PointResult, value: f64, axis: usize| match axes.get(axis) {
            Some(of) => point.values.get(axis).map_or(0.5, |value| of.share(value)),
            None => good(value),
        };
        let is_kept = |point: &PointResult, value: f64| {
            self.brushes
                .iter()
                .enumerate()
                .all(|(axis, brush)| brush.is_none_or(|[low, high]| (low..=high).contains(&place(point, value, axis))))
        };
        let (kept, left): (Vec<_>, Vec<_>) = points.iter().partition(|(point, value)| is_kept(point, *value));
        let tokens = Tokens::of(ui);
        let caption =
            "Drag along an axis to keep a part of it; click it to keep all. The best settings are the lightest.";
        let caption = if tokens.dark { caption.to_owned() } else { caption.replace("lightest", "greenest") };
        ui.add(Label::new(theme::caption(caption, &tokens)).wrap());
        let size = vec2(ui.available_width(), bits::height(ui, bottom, 1.0));
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let name = judged_name(looked, view.judged_by);
        named(
            ui,
            response,
            &format!("Settings as lines through all axes and {name}: {} of {} kept", kept.len(), points.len()),
        );
        let (top, bottom) = (rect.top() + ABOVE, rect.bottom() - BELOW);
        let edge = (0.09 * rect.width()).clamp(36.0, 80.0);
        let x =
            |axis: usize| rect.left() + edge + (rect.width() - 2.0 * edge) * axis as f32 / (count - 1).max(1) as f32;
        let y = |share: f32| bottom - (bottom - top) * share;
        let line = |(point, value): &(&PointResult, f64), stroke: Stroke| {
            let corners = (0..count).map(|axis| pos2(x(axis), y(place(point, *value, axis)))).collect();
            Shape::line(corners, stroke)
        };
        let faint = Stroke::new(1.0, tokens.weak.gamma_multiply(0.18));
        ui.painter().extend(left.iter().map(|point| line(point, faint)).collect::<Vec<_>>());
        let mut best: Vec<_> = kept.clone();
        best.sort_by(|a, b| good(a.1).total_cmp(&good(b.1)));
        let bright = |point: &(&PointResult, f64)| Stroke::new(1.5, along(&tokens, good(point.1)).gamma_multiply(0.85));
        ui.painter().extend(best.iter().map(|point| line(point, bright(point))).collect::<Vec<_>>());
        let font = FontId::proportional(theme::size::SMALL);
        let ends = {
            let values = || points.iter().map(|(_, value)| *value);
            let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
            let ends = if is_more_better(looked, view.judged_by) { [low, high] } else { [high, low] };
            ends.map(|value| in_words(looked, view.judged_by, value))
        };
        for axis in 0..count {
            let of = axes.get(axis);
            let label = of.map_or(name.as_str(), |of| of.label.as_str());
            let (at, color) = (x(axis), tokens.text.gamma_multiply(0.6));
            ui.painter().vline(at, top..=bottom, Stroke::new(1.0, color));
            // Half of the way to the next axis on either side, or what is left beyond the outermost ones.
            let midway = 0.5 * (rect.width() - 2.0 * edge) / (count - 1).max(1) as f32;
            let room = midway + if axis == 0 || axis + 1 == count { edge } else { midway } - space::XS;
            let title = theme::elided(ui.painter(), label, font.clone(), tokens.text, room);
            let half = 0.5 * title.size().x;
            let left = (at - half).clamp(rect.left(), (rect.right() - 2.0 * half).max(rect.left()));
            ui.painter().galley(pos2(left, rect.top()), title, tokens.text);
            let marks: Vec<(f32, String)> = match of {
                Some(of) => {
                    // Of a long axis the ends say enough.
                    let ends = [0, of.values.len().saturating_sub(1)];
                    let shown = of.values.iter().enumerate();
                    let shown = shown.filter(|(place, _)| of.values.len() <= MARKED || ends.contains(place));
                    shown.map(|(_, value)| (of.share(value), value.clone())).collect()
                }
                None => [0.0, 1.0].into_iter().zip(ends.clone()).collect(),
            };
            for (share, words) in marks {
                // No line goes to the left of the first axis.
                let room = if axis == 0 { edge } else { room } - space::XS;
                let beside = theme::elided(ui.painter(), &words, font.clone(), tokens.text, room);
                let right = (at + space::XS).min(rect.right() - beside.size().x);
                let left = if axis == 0 { at - space::XS - beside.size().x } else { right };
                let corner = pos2(left, y(share) - 0.5 * beside.size().y);
                // Lines go through here.
                let ground = Rect::from_min_size(corner, beside.size()).expand(1.0);
                ui.painter().rect_filled(ground, 2.0, tokens.background.gamma_multiply(0.75));
                ui.painter().galley(corner, beside, tokens.text);
            }
            self.brush(ui, axis, label, Rect::from_x_y_ranges(at - BRUSH..=at + BRUSH, top..=bottom), &tokens);
        }
        let text = match kept.iter().max_by(|a, b| good(a.1).total_cmp(&good(b.1))) {
            Some((point, value)) if self.brushes.iter().any(Option::is_some) => {
                let values = looked.labels.iter().zip(&point.values);
                let values: Vec<String> = values.map(|(label, value)| format!("{label} {value}")).collect();
                let came = in_words(looked, view.judged_by, *value);
                format!(
                    "{} of {} settings kept; the best of them: {}: {came}",
                    kept.len(),
                    points.len(),
                    values.join(", ")
                )
            }
            Some(_) => format!("{} settings", points.len()),
            None => format!("No setting of {} goes through all marks.", points.len()),
        };
        ui.add(Label::new(theme::caption(text, &tokens)).wrap());
    }

    /// The part of an axis that is marked, and marking another one.
    fn brush(&mut self, ui: &Ui, axis: usize, label: &str, rect: Rect, tokens: &Tokens) {
        let id = ui.scope_id().with(("brush", axis));
        // An end of the axis is reached from beyond it.
        let response = ui
            .interact(rect.expand2(vec2(0.0, 8.0)), id, Sense::click_and_drag())
            .on_hover_cursor(CursorIcon::ResizeVertical);
        let response = named(ui, response, &format!("Keep a part of {label}"));
        let share = |y: f32| ((rect.bottom() - y) / rect.height()).clamp(0.0, 1.0);
        let Some(brush) = self.brushes.get_mut(axis) else { return };
        if response.clicked() {
            *brush = None;
        }
        let origin = ui.input(|input| input.pointer.press_origin());
        if let (true, Some(from), Some(to)) = (response.dragged(), origin, response.interact_pointer_pos()) {
            let (from, to) = (share(from.y), share(to.y));
            *brush = Some([from.min(to), from.max(to)]);
        }
        if let Some([low, high]) = *brush {
            let y = |share: f32| rect.bottom() - rect.height() * share;
            let part = Rect::from_x_y_ranges(rect.center().x - 6.0..=rect.center().x + 6.0, y(high)..=y(low));
            ui.painter().rect_filled(part, 2.0, tokens.accent.gamma_multiply(0.35));
            let kind = eframe::egui::StrokeKind::Inside;
            ui.painter().rect_stroke(part, 2.0, Stroke::new(1.0, tokens.accent), kind);
        }
    }
}
