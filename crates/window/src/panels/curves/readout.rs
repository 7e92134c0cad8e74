//! What the plots say in words: a line beside each, a sentence for those who cannot see it, and all values under the
//! crosshair.

use super::figure::{Curve, Figure, label_width, unwarp, warp};
use super::source::places;
use crate::kit::chips::{DOT, chip, paint_dot};
use crate::kit::plot::Axis;
use crate::kit::theme::{self, Tokens, space};
use eframe::egui::{FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2};
use lab_core::number;

/// One arm's values.
struct Values {
    training: Option<f64>,
    smoothed: Option<f64>,
    validation: Option<f64>,
}

impl Values {
    /// The newest ones.
    fn last(figure: &Figure, curve: &Curve) -> Self {
        Self {
            training: curve.raw.and_then(|(_, column)| column.last()),
            smoothed: curve.smoothed.and_then(crate::state::series::Column::last),
            validation: curve.source.trace.sparse(figure.metric).next_back().map(|(_, value)| value),
        }
    }

    /// Those at a place on the horizontal axis: of the nearest step, and of the last validation before it.
    fn at(figure: &Figure, curve: &Curve, x: f64) -> Self {
        let axis = figure.frame.axis;
        let index = curve.raw.and_then(|(times, _)| places(axis, times, curve.source.pace).nearest(x));
        let value = |column: &crate::state::series::Column| column.values().get(index?).copied();
        // The nearest step may lie a little to the right of the crosshair; its validation belongs to it.
        let slack =
            curve.raw.zip(index).map_or(x, |((times, _), index)| places(axis, times, curve.source.pace).at(index));
        let before = curve.source.trace.sparse(figure.metric).rev().find(|(evaluation, _)| {
            axis.place(evaluation.step as f64, evaluation.seconds, curve.source.pace) <= x.max(slack)
        });
        Self {
            training: curve.raw.and_then(|(_, column)| value(column)),
            smoothed: curve.smoothed.and_then(value),
            validation: before.map(|(_, value)| value),
        }
    }
}

/// What is told of one arm, in three lengths: with all names, with the values alone, with one value.
struct Told {
    color: usize,
    forms: [String; 3],
}

impl Told {
    fn new(figure: &Figure, curve: &Curve, at: Option<f64>) -> Self {
        let values = at.map_or_else(|| Values::last(figure, curve), |x| Values::at(figure, curve, x));
        let words = |value: f64| figure.metric.unit().in_words(value);
        let name = &curve.source.name;
        let forms = match (values.smoothed.or(values.training), values.validation) {
            (Some(main), Some(validation)) => {
                let (main, validation) = (words(main), words(validation));
                [format!("{name} {main}, validation {validation}"), format!("{main} / {validation}"), main]
            }
            (Some(only), None) | (None, Some(only)) => {
                let only = words(only);
                [format!("{name} {only}"), only.clone(), only]
            }
            (None, None) => [name.clone(), "–".into(), "–".into()],
        };
        Self { color: curve.source.color, forms }
    }
}

/// The line beside a plot, in a rectangle: every arm's newest values, or those under the crosshair. It is one widget,
/// for there are many plots.
pub fn line(ui: &mut Ui, rect: Rect, figure: &Figure) {
    let tokens = Tokens::of(ui);
    let at = figure.frame.cursor.map(|x| unwarp(x, figure.frame.log_x));
    let told: Vec<Told> = figure.curves.iter().map(|curve| Told::new(figure, curve, at)).collect();
    // The longest form for which there is room; in the shortest one what has no room is left out.
    let wide = |text: &str| label_width(text) + 28.0;
    let fits = |form: &usize| told.iter().map(|told| wide(&told.forms[*form])).sum::<f32>() <= rect.width();
    let form = (0..3).find(fits).unwrap_or(2);
    let all = || told.iter().map(|told| told.forms[0].as_str()).collect::<Vec<_>>().join("; ");
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, all()));
    let painter = ui.painter();
    let mut left = rect.left();
    for (index, told) in told.iter().enumerate() {
        let text = &told.forms[form];
        if index > 0 && rect.right() - left < wide(text) {
            break;
        }
        paint_dot(painter, pos2(left + 0.5 * DOT, rect.center().y), tokens.arm(told.color));
        left += DOT + space::S;
        let font = FontId::proportional(theme::size::SMALL);
        let galley = theme::elided(painter, text, font, tokens.text, (rect.right() - left).max(0.0));
        let width = galley.size().x;
        painter.galley(pos2(left, rect.center().y - 0.5 * galley.size().y), galley, tokens.text);
        left += width + space::S;
    }
}

/// The plot in one sentence.
#[must_use]
pub fn sentence(figure: &Figure, step: u64) -> String {
    let mut text = format!("{} after step {}:", figure.metric.title(), number::count(step));
    for (index, curve) in figure.curves.iter().enumerate() {
        let values = Values::last(figure, curve);
        let words = |value: f64| figure.metric.unit().in_words(value);
        let separator = if index == 0 { "" } else { ";" };
        text += &format!("{separator} {} ", curve.source.name);
        text += &match (values.training, values.validation) {
            (Some(training), Some(validation)) => {
                format!("{} in training and {} in validation", words(training), words(validation))
            }
            (Some(only), None) | (None, Some(only)) => words(only),
            (None, None) => "nothing yet".into(),
        };
    }
    text
}

/// Exact values of all arms under the crosshair.
pub fn tooltip(ui: &mut Ui, figure: &Figure, x: f64) {
    let tokens = Tokens::of(ui);
    let x = unwarp(x, figure.frame.log_x);
    ui.label(theme::caption(heading(figure, x), &tokens));
    for curve in &figure.curves {
        let values = Values::at(figure, curve, x);
        let words = |value: f64| figure.metric.unit().in_words(value);
        let parts = [
            values.training.map(words),
            values.smoothed.map(|value| format!("smoothed {}", words(value))),
            values.validation.map(|value| {
                if values.training.is_some() { format!("validation {}", words(value)) } else { words(value) }
            }),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        ui.horizontal(|ui| chip(ui, curve.source.color, &format!("{}: {}", curve.source.name, parts.join(", "))));
    }
    let reach = (figure.frame.span[1] - figure.frame.span[0]).abs() / 100.0;
    for (step, seconds, what) in figure.interventions {
        let Some(first) = figure.curves.first() else { continue };
        let at = figure.frame.axis.place(*step, *seconds, first.source.pace);
        if (warp(at, figure.frame.log_x) - warp(x, figure.frame.log_x)).abs() <= reach {
            ui.label(theme::caption(&what.what, &tokens));
        }
    }
}

/// Where the crosshair is, in all measures of the first arm.
fn heading(figure: &Figure, x: f64) -> String {
    let own = || format!("{} {}", figure.frame.axis.title(), figure.frame.axis.in_words(x));
    let Some(curve) = figure.curves.first() else { return own() };
    let trace = curve.source.trace;
    let times = curve.raw.map_or(&trace.times, |(times, _)| times);
    let Some(index) = places(figure.frame.axis, times, curve.source.pace).nearest(x) else { return own() };
    let (step, seconds) = (times.steps[index], times.seconds[index]);
    let words = |axis: Axis| axis.in_words(axis.place(step, seconds, curve.source.pace));
    format!("Step {} · epoch {} · {}", words(Axis::Step), words(Axis::Epoch), words(Axis::Time))
}
