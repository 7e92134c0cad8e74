//! The schedule's rows, and a picture of the learning rate over the whole training.

use super::field::Fields;
use super::kind;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::{choose, named};
use eframe::egui::{Shape, Stroke, Ui, pos2, vec2};
use lab_core::experiment::field;
use lab_core::experiment::{Curve, Schedule, Unit};
use lab_core::number;
use std::mem::discriminant;

/// Rows of a schedule.
pub fn ui(ui: &mut Ui, fields: &Fields, schedule: &mut Schedule, preset: Option<&Schedule>) {
    curve(ui, fields, schedule, preset);
    let is_same = |curve: &Curve| discriminant(curve) == discriminant(&schedule.curve);
    let mut base = preset.map(|p| p.curve.clone()).filter(is_same);
    let base = base.as_mut().map(Curve::settings).unwrap_or_default();
    kind::ui(ui, &fields.below("curve"), schedule.curve.settings(), base);
    let units = [(Unit::Epochs, "Epochs"), (Unit::Steps, "Steps")];
    fields.choice(ui, &field::UNIT, &mut schedule.unit, preset.map(|p| &p.unit), &units);
    fields.number(ui, &field::WARMUP, &mut schedule.warmup, preset.map(|p| &p.warmup));
    if schedule.warmup > 0.0 {
        let base = preset.map(|p| &p.warmup_from);
        fields.number(ui, &field::WARMUP_FROM, &mut schedule.warmup_from, base);
    }
}

fn curve(ui: &mut Ui, fields: &Fields, schedule: &mut Schedule, preset: Option<&Schedule>) {
    let before = discriminant(&schedule.curve);
    let (mut chosen, base) = (before, preset.map(|p| discriminant(&p.curve)));
    fields.row(ui, &field::CURVE, &mut chosen, base.as_ref(), |ui, chosen| {
        let options = Curve::all().map(|curve| (discriminant(&curve), curve.label()));
        choose(ui, chosen, &options)
    });
    if chosen != before {
        let kept = preset.map(|p| p.curve.clone()).filter(|curve| discriminant(curve) == chosen);
        if let Some(curve) = kept.or_else(|| Curve::all().into_iter().find(|curve| discriminant(curve) == chosen)) {
            schedule.curve = curve;
        }
    }
}

/// The learning rate over the training, drawn small.
#[allow(clippy::cast_possible_truncation, reason = "a picture some hundred points wide")]
pub fn preview(ui: &mut Ui, schedule: &Schedule, learning_rate: f64, steps: u64, steps_per_epoch: u64) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 56.0), eframe::egui::Sense::hover());
    let count = 160;
    let at = |index: u64| (steps.saturating_sub(1)) * index / count;
    let factors: Vec<f64> = (0..=count).map(|index| schedule.factor(at(index), steps, steps_per_epoch)).collect();
    let top = factors.iter().copied().fold(0.0, f64::max).max(1e-12);
    let inner = rect.shrink2(vec2(1.0, 6.0));
    let point = |(index, factor): (usize, &f64)| {
        let x = inner.left() + inner.width() * index as f32 / count as f32;
        pos2(x, inner.bottom() - inner.height() * (*factor / top) as f32)
    };
    let points = factors.iter().enumerate().map(point).collect();
    ui.painter().hline(rect.x_range(), inner.bottom(), tokens.line());
    ui.painter().add(Shape::line(points, Stroke::new(theme::CURVE, tokens.accent)));
    let last = factors.last().copied().unwrap_or(0.0);
    let [first, top, last] = [factors[0], top, last].map(|factor| number::short(factor * learning_rate));
    let summary = if first == top && last == top {
        format!("Learning rate {} throughout", number::setting(learning_rate))
    } else {
        format!("Learning rate from {first} over at most {top} to {last} in {}", number::plural(steps, "step"))
    };
    named(ui, response.on_hover_text(&summary), &summary);
    ui.label(theme::caption(summary, &tokens));
}
