//! Which classes are taken for which, at each arm's latest validation. Rows are actual classes, columns predicted.

use super::{chip, empty};
use crate::app::action::Action;
use crate::app::form::field::{choose, named};
use crate::app::number::{count, percent};
use crate::app::state::Session;
use crate::app::theme::{self, Tokens, space};
use crate::instrument::similar_order;
use eframe::egui::{
    Align2, Color32, FontId, Label, Pos2, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use serde::{Deserialize, Serialize};

/// What the cells say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Unit {
    #[default]
    Counts,
    OfActual,
    OfPredicted,
    /// Share of the actual class in this arm less that in the first one.
    Difference,
}

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    unit: Unit,
    /// Whether classes that are taken for each other stand together.
    similar: bool,
}

/// The panel.
pub fn ui(ui: &mut Ui, view: &mut View, session: &Session, actions: &mut Vec<Action>) {
    let evaluated: Vec<usize> = (0..session.arms.len()).filter(|arm| session.evaluation(*arm).is_some()).collect();
    if evaluated.is_empty() {
        return empty(
            ui,
            "Which classes are taken for which will be drawn here after the first validation: press Start.",
        );
    }
    let mut options =
        vec![(Unit::Counts, "Counts"), (Unit::OfActual, "% of actual"), (Unit::OfPredicted, "% of predicted")];
    if evaluated.len() > 1 {
        options.push((Unit::Difference, "Difference of arms"));
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Cells show");
        ui.scope(|ui| {
            ui.set_max_width(150.0);
            choose(ui, &mut view.unit, &options).labelled_by(label.id);
        });
        ui.checkbox(&mut view.similar, "Similar classes together");
        let tokens = Tokens::of(ui);
        ui.add(
            Label::new(theme::caption("Rows: actual. Columns: predicted. Click for the images.", &tokens)).truncate(),
        );
    });
    let Some(prepared) = &session.prepared else { return };
    let matrix = |arm: usize| {
        session.evaluation(arm).and_then(|evaluation| Matrix::new(&prepared.dataset.classes, &evaluation.confusion))
    };
    let matrices: Vec<(usize, Matrix)> = evaluated.into_iter().filter_map(|arm| Some((arm, matrix(arm)?))).collect();
    let Some((_, first)) = matrices.first() else { return };
    let order = order(view.similar, &matrices);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let wide = ui.available_width() > 560.0;
        let each = if wide { (ui.available_width() - space::L) / 2.0 } else { ui.available_width() };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(space::L, space::M);
            let skipped = usize::from(view.unit == Unit::Difference && matrices.len() > 1);
            for (arm, matrix) in &matrices[skipped..] {
                let grid = Grid { arm: *arm, matrix, first, order: &order, unit: view.unit };
                let clicked =
                    ui.allocate_ui(vec2(each, each), |ui| ui.vertical(|ui| grid.show(ui, session, each)).inner);
                if let Some((truth, predicted)) = clicked.inner {
                    actions.push(Action::ShowCell { arm: *arm, truth, predicted });
                }
            }
        });
    });
}

/// The order of the classes: as in the data, or by how often all arms take them for each other.
fn order(similar: bool, matrices: &[(usize, Matrix)]) -> Vec<usize> {
    let classes = matrices.first().map_or(0, |(_, matrix)| matrix.classes.len());
    if !similar {
        return (0..classes).collect();
    }
    let mut sum = vec![0; classes * classes];
    for (_, matrix) in matrices {
        sum.iter_mut().zip(matrix.cells).for_each(|(sum, cell)| *sum += cell);
    }
    similar_order(&sum, classes)
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

/// One matrix as it is drawn.
struct Grid<'a> {
    arm: usize,
    matrix: &'a Matrix<'a>,
    /// What differences are taken from.
    first: &'a Matrix<'a>,
    order: &'a [usize],
    unit: Unit,
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places and shades in a small grid"
)]
impl Grid<'_> {
    /// Draws the matrix and gives the actual and predicted class of a cell that was clicked.
    fn show(&self, ui: &mut Ui, session: &Session, width: f32) -> Option<(usize, usize)> {
        let tokens = Tokens::of(ui);
        let classes = self.matrix.classes;
        let text = self.summary(session.arm_name(self.arm));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            chip(ui, self.arm, &text);
        });
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let wide = |class: &String| ui.painter().layout_no_wrap(class.clone(), font.clone(), tokens.weak).size().x;
        let labels = classes.iter().map(wide).fold(0.0, f32::max).min(88.0) + space::XS;
        let n = classes.len() as f32;
        let side = ((width - labels) / n).clamp(4.0, 34.0);
        let (outer, response) = ui.allocate_exact_size(Vec2::splat(labels + side * n), Sense::click());
        let origin = outer.min + vec2(labels, 0.0);
        let painter = ui.painter().with_clip_rect(outer.expand(2.0).intersect(ui.clip_rect()));
        for (place, &row) in self.order.iter().enumerate() {
            let y = origin.y + side * place as f32;
            if side >= 9.0 {
                self.label(&painter, &classes[row], (origin, place, side), labels, &tokens);
            }
            for (column_place, &column) in self.order.iter().enumerate() {
                let cell = Rect::from_min_size(pos2(origin.x + side * column_place as f32, y), Vec2::splat(side));
                self.cell(&painter, cell, (row, column), &tokens);
            }
        }
        let grid = Rect::from_min_size(origin, Vec2::splat(side * n));
        painter.rect_stroke(grid, 0.0, Stroke::new(theme::HAIRLINE, tokens.hairline), StrokeKind::Outside);
        let response = named(ui, response, &format!("Confusion matrix. {text}"));
        let at = response.hover_pos().filter(|at| grid.contains(*at))?;
        let place = |distance: f32| self.order[((distance / side) as usize).min(classes.len() - 1)];
        let (row, column) = (place(at.y - origin.y), place(at.x - origin.x));
        let clicked = response.clicked();
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(theme::strong(format!("{} taken for {}", classes[row], classes[column])));
            ui.label(format!("{} images", count(self.matrix.cell(row, column).into())));
            ui.label(format!(
                "{} of actual, {} of predicted",
                percent(self.matrix.share(row, column, Unit::OfActual)),
                percent(self.matrix.share(row, column, Unit::OfPredicted))
            ));
        });
        clicked.then_some((row, column))
    }

    fn summary(&self, name: &str) -> String {
        let matrix = self.matrix;
        let correct: u32 = (0..matrix.classes.len()).map(|class| matrix.cell(class, class)).sum();
        let total: u32 = matrix.rows.iter().sum();
        let mut text = format!("{name}: {} of {} correct", count(correct.into()), count(total.into()));
        if let Some((actual, predicted)) = matrix.worst() {
            let many = matrix.cell(actual, predicted);
            text +=
                &format!("; most often {} taken for {} ({many})", matrix.classes[actual], matrix.classes[predicted]);
        }
        if self.unit == Unit::Difference {
            format!("{text}; cells: this arm less the first, % of actual")
        } else {
            text
        }
    }

    /// A class's name beside its row and below its column.
    fn label(
        &self,
        painter: &eframe::egui::Painter,
        class: &str,
        (origin, place, side): (Pos2, usize, f32),
        room: f32,
        tokens: &Tokens,
    ) {
        let font = FontId::proportional(theme::size::SMALL - 1.0);
        let (n, place) = (self.order.len() as f32, place as f32);
        let label = elided(painter, class, room - space::XS, &font, tokens.weak);
        let beside =
            pos2(origin.x - space::XS - label.size().x, origin.y + side * place + (side - label.size().y) / 2.0);
        let below =
            pos2(origin.x + side * place + f32::midpoint(side, label.size().y), origin.y + side * n + space::XS);
        painter.galley(beside, label.clone(), tokens.weak);
        let turned = eframe::egui::epaint::TextShape::new(below, label, tokens.weak);
        painter.add(turned.with_angle(std::f32::consts::FRAC_PI_2));
    }

    fn cell(&self, painter: &eframe::egui::Painter, cell: Rect, (row, column): (usize, usize), tokens: &Tokens) {
        let counted = self.matrix.cell(row, column);
        let share = self.matrix.share(row, column, self.unit) as f32;
        let difference = share - self.first.share(row, column, self.unit) as f32;
        let (fill, ink, text) = match self.unit {
            Unit::Counts => (tokens.share(share), tokens.on_share(share), counted.to_string()),
            Unit::Difference => {
                let arm = usize::from(difference > 0.0) * self.arm;
                let fill = tokens.background.lerp_to_gamma(tokens.arm(arm), difference.abs().sqrt().min(1.0));
                (fill, tokens.text, format!("{:+.0}", 100.0 * difference).replace('-', "−"))
            }
            _ => (tokens.share(share), tokens.on_share(share), format!("{:.0}", 100.0 * share)),
        };
        let empty = if self.unit == Unit::Difference { difference == 0.0 } else { counted == 0 };
        if empty {
            return;
        }
        painter.rect_filled(cell, 0.0, fill);
        if cell.width() >= 22.0 {
            let font = FontId::proportional(theme::size::SMALL - 1.0);
            painter.text(cell.center(), Align2::CENTER_CENTER, text, font, ink);
        }
    }
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
