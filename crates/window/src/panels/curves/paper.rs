//! A plot as it is given away: all its data as a table in long form, and its picture with title, legend and units.

use super::figure::{CommonSettings, Figure, label_width};
use super::fit::Fitted;
use super::readout;
use super::source::PlottedArm;
use crate::give_away::Exportable;
use crate::kit::chips::line_sample;
use crate::kit::line::Dash;
use crate::kit::plot::TimeAxis;
use crate::kit::theme::{self, Tokens, space};
use crate::state::trace::Times;
use eframe::egui::{Color32, Label, Sense, Ui, Vec2, vec2};
use lab_core::table::Table;
use std::sync::Arc;

/// A plot on its way out of the window.
pub struct Paper<'a> {
    pub figure: &'a Figure<'a>,
}

/// Size of a picture in points.
const SIZE: Vec2 = vec2(800.0, 500.0);
/// Height of the axis' name, in points.
const TITLE: f32 = 20.0;

/// Rows of the table before they become columns.
#[derive(Default)]
struct LongTable {
    arm: Vec<Arc<str>>,
    kind: Vec<Arc<str>>,
    step: Vec<f64>,
    epoch: Vec<f64>,
    seconds: Vec<f64>,
    images: Vec<f64>,
    value: Vec<f64>,
}

impl LongTable {
    fn push(&mut self, source: &PlottedArm, [arm, kind]: [&Arc<str>; 2], step: f64, seconds: f64, value: f64) {
        self.arm.push(Arc::clone(arm));
        self.kind.push(Arc::clone(kind));
        self.step.push(step);
        self.epoch.push(TimeAxis::Epoch.place(step, seconds, source.pace));
        self.seconds.push(seconds);
        self.images.push(TimeAxis::Images.place(step, seconds, source.pace));
        self.value.push(value);
    }

    fn column(&mut self, source: &PlottedArm, names: [&Arc<str>; 2], times: &Times, values: &[f64]) {
        for ((&step, &seconds), &value) in times.steps.iter().zip(&times.seconds).zip(values) {
            self.push(source, names, step, seconds, value);
        }
    }
}

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        self.figure.metric.id().replace('_', "-")
    }

    fn table(&self) -> Table {
        let mut rows = LongTable::default();
        let [training, smoothed, validation] = ["training", "smoothed", "validation"].map(Arc::<str>::from);
        for curve in &self.figure.curves {
            let arm = Arc::from(curve.source.name.as_str());
            if let Some((times, column)) = curve.raw {
                rows.column(curve.source, [&arm, &training], times, column.values());
                if let Some(column) = curve.smoothed {
                    rows.column(curve.source, [&arm, &smoothed], times, column.values());
                }
            }
            for (evaluation, value) in curve.source.trace.sparse(self.figure.metric) {
                let (step, seconds) = (evaluation.step as f64, evaluation.seconds);
                rows.push(curve.source, [&arm, &validation], step, seconds, value);
            }
        }
        Table::default()
            .words("arm", rows.arm)
            .words("kind", rows.kind)
            .numbers("step", rows.step)
            .numbers("epoch", rows.epoch)
            .numbers("seconds", rows.seconds)
            .numbers("images", rows.images)
            .numbers(self.figure.metric.id(), rows.value)
    }

    fn size(&self) -> Option<Vec2> {
        Some(SIZE)
    }

    fn draw(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let (metric, axis) = (self.figure.metric, self.figure.common.axis);
        ui.horizontal(|ui| {
            let unit = metric.unit().symbol();
            let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
            ui.label(theme::heading(format!("{}{unit}", metric.title())));
            if self.figure.log_y {
                ui.label(theme::caption("logarithmic", &tokens));
            }
            if let Some(images) = self.figure.part {
                ui.label(theme::caption(format!("on {}", readout::part_in_words(images)), &tokens));
            }
            let fitted = Fitted::of(self.figure);
            if self.figure.fits && fitted.leaves_out() {
                ui.label(theme::caption(format!("{} {}", fitted.marks(), fitted.in_words()), &tokens));
            }
        });
        ui.horizontal_wrapped(|ui| {
            for curve in self.figure.described() {
                let (color, dash) = (curve.source.color(&tokens), curve.source.ink.dash);
                if curve.raw.is_some() {
                    let training = if metric.is_validated() { ", training" } else { "" };
                    key(ui, color, dash, format!("{}{training}", curve.source.name));
                }
                if metric.is_validated() {
                    key(ui, color, Dash::Validation, format!("{}, validation", curve.source.name));
                }
            }
            if self.figure.curves.iter().any(|curve| curve.source.ghost) {
                ui.label(theme::caption("faint: the attempt before", &tokens));
            }
            if self.figure.curves.iter().any(|curve| curve.smoothed.is_some()) {
                let text = format!("moving average {:.2}, raw values behind", self.figure.common.smoothing);
                ui.label(theme::caption(text, &tokens));
            }
        });
        ui.add_space(space::XS);
        let mut figure = self.figure.clone();
        figure.common = CommonSettings { cursor: None, ..figure.common };
        figure.memory = None;
        // What is in view is what is drawn, also where it fits by itself.
        figure.draw(ui, ui.available_height() - TITLE);
        ui.vertical_centered(|ui| {
            let log = if figure.common.log_x { ", logarithmic" } else { "" };
            ui.label(theme::caption(format!("{}{log}", axis.title()), &tokens));
        });
    }
}

/// A piece of a line with what it stands for; in the next row where it would be torn.
fn key(ui: &mut Ui, color: Color32, dash: Dash, text: String) {
    if ui.available_size_before_wrap().x < label_width(&text) + 40.0 {
        ui.end_row();
    }
    let (rect, _) = ui.allocate_exact_size(vec2(24.0, 14.0), Sense::hover());
    line_sample(ui.painter(), rect, color, dash);
    if dash == Dash::Validation {
        ui.painter().circle_filled(rect.center(), 2.5, color);
    }
    ui.add(Label::new(theme::caption(text, &Tokens::of(ui))).extend());
}
