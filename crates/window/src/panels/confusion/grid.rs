//! One confusion matrix as it is drawn: cells, names of classes, and what is shown under the pointer.

use super::matrix::{CellUnit, Matrix};
use crate::kit::chips::{arm_sentence, sentence_height};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::epaint::TextShape;
use eframe::egui::{Align2, FontId, Label, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use lab_core::number::{count, percent};
use std::f32::consts::FRAC_1_SQRT_2;

/// One matrix as it is drawn.
pub struct MatrixGrid<'a> {
    pub matrix: &'a Matrix<'a>,
    /// What differences are taken from.
    pub first: &'a Matrix<'a>,
    /// The classes from top to bottom and from left to right.
    pub order: &'a [usize],
    /// What the cells say.
    pub unit: CellUnit,
    /// How high the sentence above is at least, in points.
    pub title: f32,
}

/// The names of the classes.
fn font() -> FontId {
    FontId::proportional(theme::size::SMALL - 1.0)
}

/// Room for the names beside the rows.
fn gutter(ui: &Ui, classes: &[String]) -> f32 {
    let wide = |class: &String| ui.painter().layout_no_wrap(class.clone(), font(), Tokens::of(ui).weak).size().x;
    classes.iter().map(wide).fold(0.0, f32::max).min(LABEL) + space::XS
}

/// The least width of a matrix whose names and cells can be read; where classes are too many for that, of one whose cells
/// can be pointed at.
pub fn least(ui: &Ui, classes: &[String]) -> f32 {
    match classes.len() {
        few @ ..=FEW => gutter(ui, classes) * (1.0 + FRAC_1_SQRT_2) + SLANTED * few as f32,
        many => 3.0 * many as f32,
    }
}

/// Classes that are read rather than pointed at, at the most.
const FEW: usize = 24;

/// Where the cells are drawn.
#[derive(Clone, Copy)]
struct CellPlaces {
    /// The left upper corner of the first one.
    origin: Pos2,
    side: f32,
    /// By how much the names above are turned.
    slant: f32,
}

/// Least side of a cell whose class is named beside it.
const NAMED: f32 = 10.0;
/// Least side of cells below which slanted names do not touch each other; where there is no room for these, names stand
/// upright.
const SLANTED: f32 = 19.0;
/// Largest side of a cell.
const LARGEST: f32 = 34.0;
/// Height of a line of a name.
const LINE: f32 = 14.0;
/// Least side of a cell that says its number, where the number fits.
const WRITTEN: f32 = 22.0;
/// Widest name of a class beside its row, in points.
pub const LABEL: f32 = 88.0;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places and shades in a small grid")]
impl MatrixGrid<'_> {
    /// How high the sentence above the matrix is, in points.
    pub fn title_height(&self, ui: &Ui, width: f32) -> f32 {
        sentence_height(ui, &self.matrix.summary(self.first, self.unit), width)
    }

    /// Draws the matrix, whole where its cells can still be read then, and gives the actual and predicted class of a cell
    /// that was clicked.
    pub fn show(&self, ui: &mut Ui, room: Vec2) -> Option<(usize, usize)> {
        let (width, top) = (room.x, ui.cursor().top());
        let tokens = Tokens::of(ui);
        let classes = self.matrix.classes;
        let text = self.matrix.summary(self.first, self.unit);
        ui.set_max_width(width);
        ui.scope(|ui| {
            ui.set_min_height(self.title);
            arm_sentence(ui, self.matrix.arm, &text);
        });
        let n = classes.len() as f32;
        // Of classes without room for their names, nobody measures these.
        let mut labels = if width / n < NAMED { 0.0 } else { gutter(ui, classes) };
        // Slanted, the last name reaches beyond its column.
        let beyond = (labels * FRAC_1_SQRT_2 - SLANTED / 2.0).max(0.0);
        let below = room.y - (ui.cursor().top() - top) - space::S;
        let widest = |across: f32, above: f32| (across / n).min(LARGEST).min(((below - above) / n).max(WRITTEN));
        let mut side = widest(width - labels - beyond, (labels + LINE) * FRAC_1_SQRT_2);
        let is_slanted = side >= SLANTED;
        if !is_slanted {
            side = widest(width - labels, labels);
        }
        let named_classes = side >= NAMED;
        if !named_classes {
            (labels, side) = (0.0, (width / n).clamp(3.0, NAMED));
            let text = "More classes than names have room for: point at a cell, or make the panel larger.";
            ui.add(Label::new(theme::caption(text, &tokens)).wrap());
        }
        let slant = if is_slanted { std::f32::consts::FRAC_PI_4 } else { std::f32::consts::FRAC_PI_2 };
        let above = if named_classes { space::XS + labels * slant.sin() + LINE * slant.cos() } else { 0.0 };
        let (outer, response) = ui.allocate_exact_size(vec2(labels + side * n, side * n + above), Sense::click());
        let origin = outer.min + vec2(labels, above);
        let painter = ui.painter();
        let cells = CellPlaces { origin, side, slant };
        if named_classes {
            let names = self.order.iter().enumerate();
            names.for_each(|(place, &class)| label(painter, &classes[class], place, cells, labels, &tokens));
        }
        let mut places = vec![0; classes.len()];
        self.order.iter().enumerate().for_each(|(place, &class)| places[class] = place);
        for (row, column) in self.matrix.cells(self.first, self.unit) {
            let corner = origin + side * vec2(places[column] as f32, places[row] as f32);
            let cell = Rect::from_min_size(corner, Vec2::splat(side));
            if ui.clip_rect().intersects(cell) {
                self.cell(painter, cell, row, column, &tokens);
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
                percent(self.matrix.share(row, column, CellUnit::OfActual)),
                percent(self.matrix.share(row, column, CellUnit::OfPredicted))
            ));
            ui.label(theme::caption("Click for the images", &tokens));
        });
        clicked.then_some((row, column))
    }

    fn cell(&self, painter: &Painter, cell: Rect, row: usize, column: usize, tokens: &Tokens) {
        let counted = self.matrix.cell(row, column);
        let share = self.matrix.share(row, column, self.unit) as f32;
        let difference = self.matrix.difference(self.first, row, column) as f32;
        let (fill, ink, text) = match self.unit {
            CellUnit::Counts => (tokens.share(share), tokens.on_share(share), counted.to_string()),
            CellUnit::Difference => {
                let arm = if difference > 0.0 { self.matrix.arm } else { self.first.arm };
                let fill = tokens.background.lerp_to_gamma(tokens.arm(arm), difference.abs().sqrt().min(1.0));
                (fill, tokens.text, format!("{:+.0}", 100.0 * difference).replace('-', "−"))
            }
            _ => (tokens.share(share), tokens.on_share(share), format!("{:.0}", 100.0 * share)),
        };
        let empty = if self.unit == CellUnit::Difference { difference == 0.0 } else { counted == 0 };
        if empty {
            return;
        }
        painter.rect_filled(cell, 0.0, fill);
        if cell.width() >= WRITTEN {
            let text = painter.layout_no_wrap(text, font(), ink);
            if text.size().x <= cell.width() - 2.0 {
                painter.galley(cell.center() - text.size() / 2.0, text, ink);
            }
        }
    }
}

/// A class's name beside its row and, turned so that there is room, above its column.
fn label(painter: &Painter, class: &str, place: usize, cells: CellPlaces, room: f32, tokens: &Tokens) {
    let (CellPlaces { origin, side, slant }, color) = (cells, tokens.weak);
    let place = place as f32;
    let label = theme::elided(painter, class, font(), color, room - space::XS);
    let beside = pos2(origin.x - space::XS - label.size().x, origin.y + side * place + (side - label.size().y) / 2.0);
    let start = origin + vec2(side * (place + 0.5), -space::XS - LINE / 4.0 * slant.cos());
    let corner = start - Align2::LEFT_CENTER.pos_in_rect(&label.rect).to_vec2();
    painter.galley(beside, label.clone(), color);
    let turned = TextShape::new(corner, label, color);
    painter.add(turned.with_angle_and_anchor(-slant, Align2::LEFT_CENTER));
}
