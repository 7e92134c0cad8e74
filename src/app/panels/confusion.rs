//! Which classes are taken for which, at each arm's latest validation. Rows are actual classes, columns predicted.

use super::{chip, empty};
use crate::app::form::field::{choose, named};
use crate::app::number::{count, percent};
use crate::app::state::Session;
use crate::app::theme::{self, Tokens, space};
use crate::train::protocol::Evaluation;
use eframe::egui::{Align2, Color32, FontId, Label, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use serde::{Deserialize, Serialize};

/// What the cells say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Unit {
    #[default]
    Counts,
    OfActual,
    OfPredicted,
}

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    unit: Unit,
}

/// The panel.
pub fn ui(ui: &mut Ui, view: &mut View, session: &Session) {
    let evaluated: Vec<usize> = (0..session.arms.len()).filter(|arm| session.evaluation(*arm).is_some()).collect();
    if evaluated.is_empty() {
        return empty(
            ui,
            "Which classes are taken for which will be drawn here after the first validation: press Start.",
        );
    }
    let options = [(Unit::Counts, "Counts"), (Unit::OfActual, "% of actual"), (Unit::OfPredicted, "% of predicted")];
    ui.horizontal(|ui| {
        let label = ui.label("Cells show");
        ui.scope(|ui| {
            ui.set_max_width(140.0);
            choose(ui, &mut view.unit, &options).labelled_by(label.id);
        });
        let tokens = Tokens::of(ui);
        ui.add(Label::new(theme::caption("Rows: actual. Columns: predicted.", &tokens)).truncate());
    });
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let wide = ui.available_width() > 560.0;
        let each = if wide { (ui.available_width() - space::L) / 2.0 } else { ui.available_width() };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(space::L, space::M);
            for arm in evaluated {
                if let Some(evaluation) = session.evaluation(arm) {
                    ui.allocate_ui(vec2(each, each), |ui| {
                        ui.vertical(|ui| matrix(ui, session, arm, evaluation, view.unit, each));
                    });
                }
            }
        });
    });
}

/// A matrix as rows of shares and what its cells say.
struct Matrix<'a> {
    classes: &'a [String],
    cells: &'a [u32],
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl<'a> Matrix<'a> {
    fn new(classes: &'a [String], cells: &'a [u32]) -> Option<Self> {
        let n = classes.len();
        if n == 0 || cells.len() != n * n {
            return None;
        }
        let rows = cells.chunks(n).map(|row| row.iter().sum()).collect();
        let columns = (0..n).map(|column| cells.iter().skip(column).step_by(n).sum()).collect();
        Some(Self { classes, cells, rows, columns })
    }

    fn cell(&self, row: usize, column: usize) -> u32 {
        self.cells[row * self.classes.len() + column]
    }

    fn share(&self, row: usize, column: usize, unit: Unit) -> f64 {
        let whole = if unit == Unit::OfPredicted { self.columns[column] } else { self.rows[row] };
        if whole == 0 { 0.0 } else { f64::from(self.cell(row, column)) / f64::from(whole) }
    }

    /// The largest cell off the diagonal.
    fn worst(&self) -> Option<(usize, usize)> {
        let n = self.classes.len();
        let off = (0..n * n).map(|index| (index / n, index % n)).filter(|(row, column)| row != column);
        off.max_by_key(|&(row, column)| self.cell(row, column)).filter(|&(row, column)| self.cell(row, column) > 0)
    }
}

fn matrix(ui: &mut Ui, session: &Session, arm: usize, evaluation: &Evaluation, unit: Unit, width: f32) {
    let tokens = Tokens::of(ui);
    let Some(prepared) = &session.prepared else { return };
    let Some(matrix) = Matrix::new(&prepared.dataset.classes, &evaluation.confusion) else { return };
    let correct: u32 = (0..matrix.classes.len()).map(|class| matrix.cell(class, class)).sum();
    let total: u32 = matrix.rows.iter().sum();
    let mut text = format!("{}: {} of {} correct", session.arm_name(arm), count(correct.into()), count(total.into()));
    if let Some((actual, predicted)) = matrix.worst() {
        let many = matrix.cell(actual, predicted);
        text += &format!("; most often {} taken for {} ({many})", matrix.classes[actual], matrix.classes[predicted]);
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        chip(ui, arm, &text);
    });
    let font = FontId::proportional(theme::size::SMALL - 1.0);
    let longest = matrix
        .classes
        .iter()
        .map(|class| ui.painter().layout_no_wrap(class.clone(), font.clone(), tokens.weak).size().x);
    let labels = longest.fold(0.0, f32::max).min(88.0) + space::XS;
    #[allow(clippy::cast_precision_loss, reason = "a few hundred classes at most")]
    let n = matrix.classes.len() as f32;
    let side = ((width - labels) / n).clamp(4.0, 34.0);
    let (outer, response) = ui.allocate_exact_size(Vec2::splat(labels + side * n), Sense::hover());
    let origin = outer.min + vec2(labels, 0.0);
    let painter = ui.painter().with_clip_rect(outer.expand(2.0).intersect(ui.clip_rect()));
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "places and shades in a small grid"
    )]
    for (row, class) in matrix.classes.iter().enumerate() {
        let y = origin.y + side * row as f32;
        if side >= 9.0 {
            let label = elided(&painter, class, labels - space::XS, &font, tokens.weak);
            painter.galley(
                pos2(origin.x - space::XS - label.size().x, y + (side - label.size().y) / 2.0),
                label,
                tokens.weak,
            );
            let label = elided(&painter, class, labels - space::XS, &font, tokens.weak);
            let below = pos2(
                origin.x + side * row as f32 + f32::midpoint(side, label.size().y),
                origin.y + side * n + space::XS,
            );
            let turned =
                eframe::egui::epaint::TextShape::new(below, label, tokens.weak).with_angle(std::f32::consts::FRAC_PI_2);
            painter.add(turned);
        }
        for column in 0..matrix.classes.len() {
            let cell = Rect::from_min_size(pos2(origin.x + side * column as f32, y), Vec2::splat(side));
            let share = matrix.share(row, column, unit) as f32;
            painter.rect_filled(cell, 0.0, tokens.share(share));
            if side >= 22.0 && matrix.cell(row, column) > 0 {
                let text = match unit {
                    Unit::Counts => matrix.cell(row, column).to_string(),
                    _ => format!("{:.0}", 100.0 * share),
                };
                painter.text(cell.center(), Align2::CENTER_CENTER, text, font.clone(), tokens.on_share(share));
            }
        }
    }
    let grid = Rect::from_min_size(origin, Vec2::splat(side * n));
    painter.rect_stroke(grid, 0.0, Stroke::new(theme::HAIRLINE, tokens.hairline), StrokeKind::Outside);
    let response = named(ui, response, &format!("Confusion matrix. {text}"));
    let Some(at) = response.hover_pos().filter(|at| grid.contains(*at)) else { return };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a small grid")]
    let place = |distance: f32| ((distance / side) as usize).min(matrix.classes.len() - 1);
    let (row, column) = (place(at.y - origin.y), place(at.x - origin.x));
    response.on_hover_ui_at_pointer(|ui| {
        ui.label(theme::strong(format!("{} taken for {}", matrix.classes[row], matrix.classes[column])));
        ui.label(format!("{} images", count(matrix.cell(row, column).into())));
        ui.label(format!(
            "{} of actual, {} of predicted",
            percent(matrix.share(row, column, Unit::OfActual)),
            percent(matrix.share(row, column, Unit::OfPredicted))
        ));
    });
}

fn elided(
    painter: &eframe::egui::Painter,
    text: &str,
    width: f32,
    font: &FontId,
    color: Color32,
) -> std::sync::Arc<eframe::egui::Galley> {
    let mut job = eframe::egui::text::LayoutJob::simple_singleline(text.to_owned(), font.clone(), color);
    job.wrap = eframe::egui::text::TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}
