//! Loss and accuracy of every arm over time: training solid, validation dashed.

use super::{chip, empty};
use crate::app::form::field::{choose, named};
use crate::app::number::{self, percent, short};
use crate::app::plot::{self, Axis};
use crate::app::state::series::{Column, Extremes, Smoothed};
use crate::app::state::{ArmCurves, Session};
use crate::app::theme::{self, Tokens, space};
use crate::train::protocol::Evaluation;
use eframe::egui::{Align, Button, Color32, Layout, RichText, Slider, Ui, vec2};
use egui_plot::{Line, LineStyle, MarkerShape, PlotBounds, PlotUi, Points, VLine};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    smoothing: f64,
    log_loss: bool,
    axis: Axis,
}

impl Default for View {
    fn default() -> Self {
        Self { smoothing: 0.8, log_loss: false, axis: Axis::Step }
    }
}

/// Which of the two plots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metric {
    Loss,
    Accuracy,
}

impl Metric {
    const ALL: [Self; 2] = [Self::Loss, Self::Accuracy];

    fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Accuracy => "Accuracy",
        }
    }
    fn column(self, arm: &ArmCurves) -> &Column {
        match self {
            Self::Loss => &arm.loss,
            Self::Accuracy => &arm.accuracy,
        }
    }
    fn validated(self, evaluation: &Evaluation) -> f64 {
        match self {
            Self::Loss => evaluation.loss,
            Self::Accuracy => evaluation.accuracy,
        }
    }
    fn in_words(self, value: f64) -> String {
        match self {
            Self::Loss => short(value),
            Self::Accuracy => percent(value),
        }
    }
}

/// The panel's state.
#[derive(Default)]
pub struct Curves {
    generation: u64,
    /// For each metric, one for each arm.
    smoothed: [Vec<Smoothed>; 2],
    /// The part of the horizontal axis in view; `None` follows the training.
    x: Option<[f64; 2]>,
    /// The part of each vertical axis in view; `None` fits.
    y: [Option<[f64; 2]>; 2],
    /// Where the pointer is on either plot.
    cursor: Option<f64>,
}

impl Curves {
    /// The panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &mut View, session: &Session) {
        if self.generation != session.generation {
            *self = Self { generation: session.generation, ..Self::default() };
        }
        self.tools(ui, view);
        if session.steps.is_empty() {
            return empty(ui, "Loss and accuracy of every arm will be drawn here: press Start, or Space.");
        }
        let height = (ui.available_height() / 2.0 - space::XS).max(120.0);
        let mut cursor = None;
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
                ui.set_min_height(height);
                self.smoothed[index].resize_with(session.arms.len(), Smoothed::default);
                cursor = cursor.or(self.plot(ui, index, metric, *view, session));
            });
        }
        self.cursor = cursor;
    }

    fn tools(&mut self, ui: &mut Ui, view: &mut View) {
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::ROW);
            let label = ui.label("Smoothing");
            ui.spacing_mut().slider_width = 80.0;
            let text = |value: f64, _: std::ops::RangeInclusive<usize>| {
                if value == 0.0 { "off".into() } else { format!("{value:.2}") }
            };
            let slider = Slider::new(&mut view.smoothing, 0.0..=0.99).custom_formatter(text);
            let response = ui.add(slider).labelled_by(label.id);
            response.on_hover_text("Weight of the past in a moving average; the raw values stay faintly behind");
            ui.add_space(space::S);
            let label = ui.label("Against");
            ui.scope(|ui| {
                ui.set_max_width(84.0);
                let options = [(Axis::Step, "Step"), (Axis::Epoch, "Epoch"), (Axis::Time, "Time")];
                let before = view.axis;
                choose(ui, &mut view.axis, &options).labelled_by(label.id);
                if view.axis != before {
                    self.x = None;
                }
            });
            if ui
                .toggle_value(&mut view.log_loss, "Log loss")
                .on_hover_text("A logarithmic axis for the loss")
                .changed()
            {
                self.y[0] = None;
            }
            let following = self.x.is_none() && self.y == [None, None];
            let follow = ui.add_enabled(!following, Button::new("Follow"));
            if follow.on_hover_text("Shows everything again (double click on a plot)").clicked() {
                (self.x, self.y) = (None, [None, None]);
            }
        });
    }

    /// One plot. Returns where the pointer is, if it is on it.
    fn plot(&mut self, ui: &mut Ui, index: usize, metric: Metric, view: View, session: &Session) -> Option<f64> {
        let tokens = Tokens::of(ui);
        let x = match view.axis {
            Axis::Step => &session.steps,
            Axis::Epoch => &session.epochs,
            Axis::Time => &session.seconds,
        };
        let log = view.log_loss && metric == Metric::Loss;
        summary(ui, metric, session, &self.smoothed[index], view.smoothing);
        let (first, last) = (x.first().copied().unwrap_or(0.0), x.last().copied().unwrap_or(1.0));
        let span = self.x.unwrap_or_else(|| padded(first, last, 0.02));
        let shown = visible(x, span);
        let mut smoothed: Vec<&Column> = Vec::new();
        for (curve, arm) in self.smoothed[index].iter_mut().zip(&session.arms) {
            smoothed.push(curve.follow(metric.column(arm), view.smoothing));
        }
        let fitted = fit(metric, session, shown.clone(), view.axis, span, log);
        let range = self.y[index].unwrap_or(fitted);
        let scale = |value: f64| if log { value.max(1e-12).log10() } else { value };
        let cursor = self.cursor;

        let drawn = plot::bare(metric.title(), ui)
            .x_grid_spacer(|input| plot::linear_marks(input, 80.0))
            .y_grid_spacer(move |input| if log { plot::log_marks(input) } else { plot::linear_marks(input, 40.0) })
            .x_axis_formatter(move |mark, _| view.axis.in_words(mark.value))
            .y_axis_formatter(move |mark, _| match metric {
                Metric::Loss if log => number::tick(10f64.powf(mark.value)),
                Metric::Loss => number::tick(mark.value),
                Metric::Accuracy => format!("{} %", number::tick(mark.value * 100.0)),
            })
            .show(ui, |plot| {
                plot.set_plot_bounds(PlotBounds::from_min_max([span[0], range[0]], [span[1], range[1]]));
                interventions(plot, session, x, &tokens);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels")]
                let most = plot.response().rect.width().max(100.0) as usize;
                for (arm, curves) in session.arms.iter().enumerate() {
                    let color = tokens.arm(arm);
                    let name = session.arm_name(arm);
                    let raw = metric.column(curves);
                    if view.smoothing > 0.0 {
                        let faint = color.gamma_multiply(if tokens.dark { 0.3 } else { 0.25 });
                        lines(plot, name, raw.lines(x, shown.clone(), most), scale, faint, 1.0);
                    }
                    lines(plot, name, smoothed[arm].lines(x, shown.clone(), most), scale, color, theme::CURVE);
                }
                for (arm, curves) in session.arms.iter().enumerate() {
                    let top = range[1] - 0.02 * (range[1] - range[0]);
                    validation(plot, session.arm_name(arm), metric, curves, view.axis, scale, top, tokens.arm(arm));
                }
                if let Some(x) = cursor {
                    plot.vline(VLine::new("cursor", x).color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
                }
                plot.response().hovered().then(|| plot.pointer_coordinate().map(|at| at.x)).flatten()
            });

        let bounds = drawn.transform.bounds();
        if drawn.response.double_clicked() {
            (self.x, self.y) = (None, [None, None]);
        } else {
            if moved([bounds.min()[0], bounds.max()[0]], span) {
                self.x = Some([bounds.min()[0], bounds.max()[0]]);
            }
            if moved([bounds.min()[1], bounds.max()[1]], range) {
                self.y[index] = Some([bounds.min()[1], bounds.max()[1]]);
            }
        }
        let text = in_words(metric, session);
        let response = named(ui, drawn.response, &text);
        if let Some(at) = drawn.inner.and_then(|at| plot::nearest(x, at)) {
            response.on_hover_ui_at_pointer(|ui| values(ui, session, metric, &smoothed, view, at));
        }
        drawn.inner
    }
}

/// Indices of an ascending column that lie in view, and one more on each side.
fn visible(x: &[f64], span: [f64; 2]) -> Range<usize> {
    let first = x.partition_point(|&value| value < span[0]).saturating_sub(1);
    let last = (x.partition_point(|&value| value <= span[1]) + 1).min(x.len());
    first..last.max(first)
}

fn padded(low: f64, high: f64, share: f64) -> [f64; 2] {
    let pad = ((high - low) * share).max(1e-9 + high.abs() * 1e-6);
    [low - pad, high + pad]
}

fn moved(now: [f64; 2], before: [f64; 2]) -> bool {
    let slack = (before[1] - before[0]).abs() * 1e-6;
    (now[0] - before[0]).abs() > slack || (now[1] - before[1]).abs() > slack
}

/// Where an evaluation lies on the axis.
fn place(evaluation: &Evaluation, axis: Axis) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "steps stay far below 2^52")]
    match axis {
        Axis::Step => evaluation.step as f64,
        Axis::Epoch => evaluation.epoch,
        Axis::Time => evaluation.seconds,
    }
}

/// The vertical range that shows everything in view.
fn fit(metric: Metric, session: &Session, shown: Range<usize>, axis: Axis, span: [f64; 2], log: bool) -> [f64; 2] {
    let mut found = Extremes::NONE;
    session.arms.iter().for_each(|arm| found.merge(metric.column(arm).extremes(shown.clone())));
    // Early in training, batch norm's running statistics can throw a validation loss a thousand times too high. Such a
    // point would press everything else flat; it is drawn at the edge instead.
    let reach = if log || !found.is_some() { f64::INFINITY } else { 2.0 * (found.max - found.min) };
    let trained = found;
    for evaluation in session.arms.iter().flat_map(|arm| &arm.evaluations) {
        let value = metric.validated(evaluation);
        let near = value <= trained.max + reach && value >= trained.min - reach;
        if (near || !trained.is_some()) && (span[0]..=span[1]).contains(&place(evaluation, axis)) {
            found.add(value);
        }
    }
    if !found.is_some() {
        return [0.0, 1.0];
    }
    let (low, high) =
        if log { (found.min.max(1e-12).log10(), found.max.max(1e-12).log10()) } else { (found.min, found.max) };
    let [low, high] = padded(low, high, 0.06);
    if high - low < 1e-6 { [low - 0.5, high + 0.5] } else { [low, high] }
}

fn lines(
    plot: &mut PlotUi,
    name: &str,
    lines: Vec<Vec<[f64; 2]>>,
    scale: impl Fn(f64) -> f64,
    color: Color32,
    width: f32,
) {
    for mut points in lines {
        points.iter_mut().for_each(|point| point[1] = scale(point[1]));
        if let [only] = points.as_slice() {
            plot.points(Points::new(name, vec![*only]).color(color).radius(width * 1.5).allow_hover(false));
        } else {
            plot.line(
                Line::new(name, points).color(color).width(width).allow_band(width < theme::CURVE).allow_hover(false),
            );
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "one curve's data, its axes and its colour")]
fn validation(
    plot: &mut PlotUi,
    name: &str,
    metric: Metric,
    curves: &ArmCurves,
    axis: Axis,
    scale: impl Fn(f64) -> f64,
    top: f64,
    color: Color32,
) {
    let point = |evaluation: &Evaluation| [place(evaluation, axis), scale(metric.validated(evaluation))];
    let points: Vec<[f64; 2]> = curves.evaluations.iter().map(point).filter(|point| point[1].is_finite()).collect();
    let style = LineStyle::Dashed { length: 6.0 };
    plot.line(Line::new(name, points.clone()).color(color).width(theme::CURVE).style(style).allow_hover(false));
    plot.points(Points::new(name, points.clone()).color(color).radius(3.0).allow_hover(false));
    let beyond: Vec<[f64; 2]> = points.iter().filter(|point| point[1] > top).map(|point| [point[0], top]).collect();
    let edge = Points::new(name, beyond).shape(MarkerShape::Up).radius(5.0).filled(true);
    plot.points(edge.color(color).allow_hover(false));
    if let Some(best) = curves.evaluations.iter().rev().find(|evaluation| evaluation.best) {
        let ring = Points::new(name, vec![point(best)]).shape(MarkerShape::Diamond).radius(6.0).filled(true);
        plot.points(ring.color(color).allow_hover(false));
    }
}

fn interventions(plot: &mut PlotUi, session: &Session, x: &[f64], tokens: &Tokens) {
    for (index, intervention) in session.interventions.iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "steps stay far below 2^52")]
        let step = intervention.step as f64;
        if let Some(at) = plot::nearest(&session.steps, step).and_then(|index| x.get(index)) {
            let line = VLine::new(format!("intervention {index}"), *at).style(LineStyle::Dotted { spacing: 4.0 });
            plot.vline(line.color(tokens.weak).width(theme::HAIRLINE).allow_hover(false));
        }
    }
}

/// The plot's heading, with the newest values of every arm.
fn summary(ui: &mut Ui, metric: Metric, session: &Session, smoothed: &[Smoothed], weight: f64) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.label(theme::strong(metric.title()));
        for (arm, curves) in session.arms.iter().enumerate() {
            let last = smoothed
                .get(arm)
                .filter(|_| weight > 0.0)
                .and_then(super::super::state::series::Smoothed::last)
                .or(metric.column(curves).last());
            let mut text = session.arm_name(arm).to_owned();
            if let Some(last) = last {
                text += &format!(" {}", metric.in_words(last));
            }
            if let Some(evaluation) = curves.evaluations.last() {
                text += &format!(", validation {}", metric.in_words(metric.validated(evaluation)));
            }
            chip(ui, arm, &text);
        }
        if metric == Metric::Loss {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = "solid: training · dashed: validation · ◆ best · ▲ above";
                if ui.available_width() > 300.0 {
                    ui.label(RichText::new(text).size(theme::size::SMALL).color(tokens.weak));
                }
            });
        }
    });
}

/// The plot in one sentence, for those who cannot see it.
fn in_words(metric: Metric, session: &Session) -> String {
    let mut text = format!("{} after step {}:", metric.title(), number::count(session.step()));
    for (arm, curves) in session.arms.iter().enumerate() {
        let last = metric.column(curves).last().map_or_else(|| "nothing".into(), |value| metric.in_words(value));
        let separator = if arm == 0 { "" } else { ";" };
        text += &format!("{separator} {} {last}", session.arm_name(arm));
        if let Some(evaluation) = curves.evaluations.last() {
            text += &format!(" in training and {} in validation", metric.in_words(metric.validated(evaluation)));
        }
    }
    text
}

/// Exact values of every arm at one step.
fn values(ui: &mut Ui, session: &Session, metric: Metric, smoothed: &[&Column], view: View, at: usize) {
    let tokens = Tokens::of(ui);
    let step = session.steps[at];
    let text = format!(
        "Step {} · epoch {} · {}",
        Axis::Step.in_words(step),
        Axis::Epoch.in_words(session.epochs[at]),
        Axis::Time.in_words(session.seconds[at])
    );
    ui.label(theme::caption(text, &tokens));
    for (arm, curves) in session.arms.iter().enumerate() {
        let value = metric.column(curves).values().get(at).copied().unwrap_or(f64::NAN);
        let mut text = format!("{}: {}", session.arm_name(arm), metric.in_words(value));
        if view.smoothing > 0.0 {
            let mean = smoothed[arm].values().get(at).copied().unwrap_or(f64::NAN);
            text += &format!(", smoothed {}", metric.in_words(mean));
        }
        #[allow(clippy::cast_precision_loss, reason = "steps stay far below 2^52")]
        if let Some(before) = curves.evaluations.iter().rev().find(|evaluation| evaluation.step as f64 <= step) {
            text += &format!(", validation {}", metric.in_words(metric.validated(before)));
        }
        ui.horizontal(|ui| chip(ui, arm, &text));
    }
    for intervention in &session.interventions {
        #[allow(clippy::cast_precision_loss, reason = "steps stay far below 2^52")]
        if (intervention.step as f64 - step).abs() <= (session.steps.len() as f64 / 200.0).max(1.0) {
            ui.label(theme::caption(&intervention.what, &tokens));
        }
    }
}
