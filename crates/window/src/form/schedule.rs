//! The schedule's rows, and a picture of the learning rate over the whole training.

use super::field::Fields;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::{choose, named, numbers};
use eframe::egui::{Shape, Stroke, Ui, pos2, vec2};
use lab_core::experiment::field::{self, Field};
use lab_core::experiment::{Curve, Schedule, Unit};
use lab_core::number;
use std::mem::discriminant;

/// Rows of a schedule.
pub fn ui(ui: &mut Ui, fields: &Fields, schedule: &mut Schedule, preset: Option<&Schedule>) {
    curve(ui, fields, schedule, preset);
    let below = fields.below("curve");
    let base = preset.map(|p| &p.curve).filter(|p| discriminant(*p) == discriminant(&schedule.curve));
    values(ui, &below, &mut schedule.curve, base);
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
    let (mut kind, base) = (before, preset.map(|p| discriminant(&p.curve)));
    fields.row(ui, &field::CURVE, &mut kind, base.as_ref(), |ui, kind| {
        let options = Curve::all().map(|curve| (discriminant(&curve), curve.label()));
        choose(ui, kind, &options)
    });
    if kind != before {
        let kept = preset.map(|p| p.curve.clone()).filter(|curve| discriminant(curve) == kind);
        if let Some(curve) = kept.or_else(|| Curve::all().into_iter().find(|curve| discriminant(curve) == kind)) {
            schedule.curve = curve;
        }
    }
}

/// The rows of one curve. Its values go back to the preset's together, with the curve.
fn values(ui: &mut Ui, fields: &Fields, curve: &mut Curve, preset: Option<&Curve>) {
    let base = preset.cloned();
    let mut number = |row: &'static Field, value: &mut f64, preset: Option<f64>| {
        fields.number(ui, row, value, preset.as_ref());
    };
    match (curve, base) {
        (Curve::Constant, _) => {}
        (Curve::Step { every, factor }, base) => {
            let base = if let Some(Curve::Step { every, factor }) = base { Some((every, factor)) } else { None };
            number(&field::EVERY, every, base.map(|b| b.0));
            number(&field::FACTOR, factor, base.map(|b| b.1));
        }
        (Curve::MultiStep { milestones: times, factor }, base) => {
            let base = if let Some(Curve::MultiStep { milestones, factor }) = base {
                Some((milestones, factor))
            } else {
                None
            };
            number(&field::FACTOR, factor, base.as_ref().map(|b| b.1));
            let row = &field::MILESTONES;
            fields.row(ui, row, times, base.as_ref().map(|b| &b.0), numbers);
        }
        (Curve::Exponential { factor }, base) => {
            let base = if let Some(Curve::Exponential { factor }) = base { Some(factor) } else { None };
            number(&field::FACTOR, factor, base);
        }
        (Curve::Polynomial { power }, base) => {
            let base = if let Some(Curve::Polynomial { power }) = base { Some(power) } else { None };
            number(&field::POWER, power, base);
        }
        (Curve::Cosine { end }, base) => {
            let base = if let Some(Curve::Cosine { end }) = base { Some(end) } else { None };
            number(&field::END, end, base);
        }
        (Curve::CosineRestarts { period, growth, end }, base) => {
            let base = if let Some(Curve::CosineRestarts { period, growth, end }) = base {
                Some((period, growth, end))
            } else {
                None
            };
            number(&field::PERIOD, period, base.map(|b| b.0));
            number(&field::GROWTH, growth, base.map(|b| b.1));
            number(&field::END, end, base.map(|b| b.2));
        }
        (Curve::OneCycle { rise, start_div, final_div }, base) => {
            let base = if let Some(Curve::OneCycle { rise, start_div, final_div }) = base {
                Some((rise, start_div, final_div))
            } else {
                None
            };
            number(&field::RISE, rise, base.map(|b| b.0));
            number(&field::START_DIV, start_div, base.map(|b| b.1));
            number(&field::FINAL_DIV, final_div, base.map(|b| b.2));
        }
        (Curve::Plateau { factor, patience, threshold }, base) => {
            let base = if let Some(Curve::Plateau { factor, patience, threshold }) = base {
                Some((factor, patience, threshold))
            } else {
                None
            };
            number(&field::FACTOR, factor, base.map(|b| b.0));
            number(&field::THRESHOLD, threshold, base.map(|b| b.2));
            fields.whole(ui, &field::PATIENCE, patience, base.as_ref().map(|b| &b.1), "");
        }
    }
}

/// The learning rate over the training, drawn small.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a picture some hundred points wide")]
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
