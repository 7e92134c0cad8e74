//! What the plots say in words: a line beside each, a sentence for those who cannot see it, and all values under the
//! crosshair.

use super::figure::{ArmCurve, Figure, label_width, unwarp, warp};
use super::source::places;
use crate::kit::chips::{DOT, line_sample, paint_dot};
use crate::kit::plot::{Places, TimeAxis};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::state::series::SeriesColumn;
use eframe::egui::{Align2, FontId, Grid, Label, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use lab_core::number;
use lab_core::protocol::Evaluation;

/// One arm's values.
struct ArmValues {
    /// At which step, where a place was asked for.
    step: Option<f64>,
    training: Option<f64>,
    smoothed: Option<f64>,
    validation: Option<f64>,
    /// The step of that validation, where it is another one.
    validated: Option<u64>,
}

impl ArmValues {
    /// The newest ones.
    fn last(figure: &Figure, curve: &ArmCurve) -> Self {
        Self {
            step: None,
            training: curve.raw.and_then(|(_, column)| column.last()),
            smoothed: curve.smoothed.and_then(SeriesColumn::last),
            validation: curve.source.trace.sparse(figure.metric).next_back().map(|(_, value)| value),
            validated: None,
        }
    }

    /// Those at a place on the horizontal axis: of the curve's own nearest step, and of the last validation before it.
    /// Beyond a curve's ends there are none.
    fn at(figure: &Figure, curve: &ArmCurve, x: f64) -> Self {
        let none = Self { step: None, training: None, smoothed: None, validation: None, validated: None };
        let axis = figure.common.axis;
        let source = curve.source;
        let place = |step: f64, seconds: f64| axis.place(step, seconds, source.pace);
        let index = curve.raw.and_then(|(times, _)| places(axis, times, source.pace).nearest(x));
        let Some(((times, raw), index)) = curve.raw.zip(index) else {
            // Validations alone: they are as far apart as they are.
            let evaluation = || source.trace.sparse(figure.metric);
            let last = evaluation().next_back().map(|(last, _)| place(last.step as f64, last.seconds));
            let before = evaluation().rev().find(|(before, _)| place(before.step as f64, before.seconds) <= x);
            let found = before.filter(|_| last.is_some_and(|last| x <= last * 1.02));
            return Self {
                step: found.as_ref().map(|(evaluation, _)| evaluation.step as f64),
                validation: found.map(|(_, value)| value),
                ..none
            };
        };
        let at = places(axis, times, source.pace).at(index);
        if is_beyond(&places(axis, times, source.pace), times.steps.len(), index, x) {
            return none;
        }
        let value = |column: &SeriesColumn| column.values().get(index).copied();
        // The nearest step may lie a little to the right of the crosshair; its validation belongs to it.
        let before = source.trace.sparse(figure.metric).rev();
        let before = before.into_iter().find(|(before, _)| place(before.step as f64, before.seconds) <= x.max(at));
        let step = times.steps.get(index).copied();
        let other = |(before, _): &(&Evaluation, f64)| Some(before.step).filter(|at| Some(*at as f64) != step);
        Self {
            step,
            training: value(raw),
            smoothed: curve.smoothed.and_then(value),
            validated: before.as_ref().and_then(other),
            validation: before.map(|(_, value)| value),
        }
    }
}

/// Whether a place lies so far from the nearest of a curve's entries, the first or the last one, that the curve is not
/// there.
fn is_beyond(places: &Places, count: usize, nearest: usize, x: f64) -> bool {
    let at = places.at(nearest);
    let apart = match nearest {
        0 if count > 1 => places.at(1) - at,
        index if index > 0 && index + 1 == count => at - places.at(index - 1),
        0 => at.abs(),
        _ => return false,
    };
    let outside = if nearest == 0 { x < at } else { x > at } || count == 1;
    outside && (x - at).abs() > apart
}

/// What is said of one arm, in five lengths: with all names and whether a value is a moving average, without the
/// latter, without what the second value is, with the values alone, with one value.
struct Readout {
    color: eframe::egui::Color32,
    forms: [String; FORMS],
}

const FORMS: usize = 5;

impl Readout {
    fn new(figure: &Figure, curve: &ArmCurve, at: Option<f64>, tokens: &Tokens) -> Self {
        let values = at.map_or_else(|| ArmValues::last(figure, curve), |x| ArmValues::at(figure, curve, x));
        let words = |value: f64| figure.metric.unit().in_words(value);
        let name = &curve.source.name;
        let smoothed = if values.smoothed.is_some() { " (moving average)" } else { "" };
        let forms = match (values.smoothed.or(values.training), values.validation) {
            (Some(main), Some(validation)) => {
                let (main, validation) = (words(main), words(validation));
                let short = format!("{name} {main}, validation {validation}");
                let long = format!("{name} {main}{smoothed}, validation {validation}");
                [long, short, format!("{name} {main} / {validation}"), format!("{main} / {validation}"), main]
            }
            (Some(only), None) | (None, Some(only)) => {
                let only = words(only);
                let named = format!("{name} {only}");
                [format!("{name} {only}{smoothed}"), named.clone(), named, only.clone(), only]
            }
            (None, None) => {
                let [named, nothing] = [format!("{name} –"), "–".to_owned()];
                [named.clone(), named.clone(), named, nothing.clone(), nothing]
            }
        };
        Self { color: curve.source.color(tokens), forms }
    }
}

/// The line beside a plot, in a rectangle: every arm's newest values, or those under the crosshair. It is one widget,
/// for there are many plots.
pub fn line(ui: &mut Ui, rect: Rect, figure: &Figure) {
    let tokens = Tokens::of(ui);
    let at = figure.common.cursor.map(|x| unwarp(x, figure.common.log_x));
    // Of many arms only those for which there is room are put into words.
    let readouts = || figure.described().map(|curve| Readout::new(figure, curve, at, &tokens));
    // The longest form for which there is room; in the shortest one what has no room is left out.
    let wide = |text: &str| label_width(text) + 28.0;
    let fits = |form: &usize| {
        let mut left = rect.width();
        readouts().all(|readout| {
            left -= wide(&readout.forms[*form]);
            left >= 0.0
        })
    };
    let form = (0..FORMS).find(fits).unwrap_or(FORMS - 1);
    let all = || readouts().map(|readout| readout.forms[0].clone()).collect::<Vec<_>>().join("; ");
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, all()));
    response.on_hover_ui(|ui| {
        readouts().for_each(|readout| {
            ui.label(&readout.forms[0]);
        });
    });
    let painter = ui.painter();
    let mut left = rect.left();
    for (index, readout) in readouts().enumerate() {
        let text = &readout.forms[form];
        if index > 0 && rect.right() - left < wide(text) {
            let font = FontId::proportional(theme::size::SMALL);
            let at = pos2(left.min(rect.right() - space::M), rect.center().y);
            painter.text(at, Align2::LEFT_CENTER, "…", font, tokens.weak);
            break;
        }
        paint_dot(painter, pos2(left + 0.5 * DOT, rect.center().y), readout.color);
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
    let part = figure.part.map_or_else(String::new, |images| format!(" on {}", part_in_words(images)));
    let mut text = format!("{} after step {}{part}:", figure.metric.title(), number::count(step));
    for (index, curve) in figure.described().enumerate() {
        let values = ArmValues::last(figure, curve);
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
        if curve.source.trace.diverged_at().is_some() {
            text += ", diverged";
        }
    }
    text
}

/// So many images, as it stands on the plots.
#[must_use]
pub fn part_in_words(images: usize) -> String {
    format!("{} images", number::count(images as u64))
}

/// Exact values of all arms under the crosshair, in columns. Names may be cut, values never.
pub fn tooltip(ui: &mut Ui, figure: &Figure, x: f64) {
    let tokens = Tokens::of(ui);
    let x = unwarp(x, figure.common.log_x);
    ui.set_max_width(f32::INFINITY);
    let curves: Vec<(&ArmCurve, ArmValues)> =
        figure.described().map(|curve| (curve, ArmValues::at(figure, curve, x))).collect();
    ui.add(Label::new(theme::caption(heading(figure, &curves, x), &tokens)).extend());
    let steps = || curves.iter().filter_map(|(_, values)| values.step);
    let own_steps = figure.metric.is_validated() && !figure.curves.iter().any(|curve| curve.raw.is_some())
        || steps().any(|step| steps().any(|other| other.to_bits() != step.to_bits()));
    let columns: Vec<ValueColumn> =
        [ValueColumn::Step, ValueColumn::Training, ValueColumn::Smoothed, ValueColumn::Validation]
            .into_iter()
            .filter(|column| {
                (*column != ValueColumn::Step || own_steps) && curves.iter().any(|(_, it)| column.of(it).is_some())
            })
            .collect();
    let words = |value: f64| figure.metric.unit().in_words(value);
    Grid::new("values").num_columns(columns.len() + 2).spacing([space::M, 2.0]).min_row_height(16.0).show(ui, |ui| {
        ui.label("");
        ui.label("");
        for column in &columns {
            let title = match column {
                ValueColumn::Step => "step",
                ValueColumn::Training if figure.metric.is_validated() => "training",
                ValueColumn::Training => "value",
                ValueColumn::Smoothed => "smoothed",
                ValueColumn::Validation => "validation",
            };
            ui.add(Label::new(theme::caption(title, &tokens)).extend());
        }
        ui.end_row();
        for (curve, values) in &curves {
            let source = curve.source;
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 14.0), Sense::hover());
            line_sample(ui.painter(), rect, source.color(&tokens), source.ink.dash);
            let died = source.trace.diverged_at().is_some();
            let text = if died { format!("{}: diverged", source.name) } else { source.name.clone() };
            let small = |text: String| RichText::new(text).size(theme::size::SMALL);
            let parts = [
                values.training.map(words),
                values.smoothed.map(|value| format!("smoothed {}", words(value))),
                values.validation.map(|value| match values.training {
                    Some(_) => format!("validation {}", words(value)),
                    None => words(value),
                }),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let said = if parts.is_empty() { number::or_dash(None) } else { parts.join(", ") };
            let name = ui.scope(|ui| {
                ui.set_max_width(220.0);
                ui.add(Label::new(small(text.clone())).truncate())
            });
            named(ui, name.inner, &format!("{text}: {said}"));
            for column in &columns {
                let in_words = |value| if *column == ValueColumn::Step { number::setting(value) } else { words(value) };
                let mut value = number::or_dash(column.of(values).map(in_words));
                if let Some(step) = values.validated.filter(|_| *column == ValueColumn::Validation) {
                    value += &format!(" at {}", number::count(step));
                }
                ui.add(Label::new(small(value)).extend());
            }
            ui.end_row();
        }
    });
    let reach = (figure.common.span[1] - figure.common.span[0]).abs() / 100.0;
    for intervention in figure.interventions {
        let Some(first) = figure.curves.first() else { continue };
        let at = intervention.place(figure.common.axis, first.source.pace);
        if (warp(at, figure.common.log_x) - warp(x, figure.common.log_x)).abs() <= reach {
            ui.label(theme::caption(intervention.what(), &tokens));
        }
    }
}

/// A column of the values under the crosshair.
#[derive(Clone, Copy, PartialEq)]
enum ValueColumn {
    Step,
    Training,
    Smoothed,
    Validation,
}

impl ValueColumn {
    fn of(self, values: &ArmValues) -> Option<f64> {
        match self {
            Self::Step => values.step,
            Self::Training => values.training,
            Self::Smoothed => values.smoothed,
            Self::Validation => values.validation,
        }
    }
}

/// Where the crosshair is, in all measures of the first arm that has come so far.
fn heading(figure: &Figure, curves: &[(&ArmCurve, ArmValues)], x: f64) -> String {
    let own = || format!("{} {}", figure.common.axis.title(), figure.common.axis.in_words(x));
    let here = curves.iter().find(|(_, values)| values.step.is_some());
    let Some((curve, step)) = here.and_then(|(curve, values)| Some((curve, values.step?))) else { return own() };
    let trace = curve.source.trace;
    let times = curve.raw.map_or(&trace.times, |(times, _)| times);
    let Some(index) = crate::kit::plot::nearest(&times.steps, step) else { return own() };
    let seconds = times.seconds[index];
    let words = |axis: TimeAxis| axis.in_words(axis.place(step, seconds, curve.source.pace));
    format!("Step {} · epoch {} · {}", words(TimeAxis::Step), words(TimeAxis::Epoch), words(TimeAxis::Time))
}
