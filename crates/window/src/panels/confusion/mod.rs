//! Which classes are taken for which, at each arm's latest validation. Rows are actual classes, columns predicted. Must
//! not know other panels.

mod grid;
mod matrix;

use crate::action::Action;
use crate::give_away::{self, Exportable};
use crate::kit::chips::empty;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::choose;
use crate::scene::{Effects, Panel, Scene};
use crate::state::Monitor;
use crate::state::selected::ConfusionCell;
use eframe::egui::{Align, Label, Layout, ScrollArea, Ui, Vec2, vec2};
use grid::{Grid, LABEL};
use lab_core::table::Table;
use matrix::{Matrix, Unit, order, table};
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    unit: Unit,
    /// Whether classes that are taken for each other stand together.
    similar: bool,
}

#[derive(Default)]
pub struct Confusion;

impl Panel for Confusion {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        matrices(ui, view, scene.monitor, effects.actions);
    }
}

fn matrices(ui: &mut Ui, view: &mut View, monitor: &Monitor, actions: &mut Vec<Action>) {
    let classes = monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.dataset.classes);
    let matrix = |arm: usize| {
        let evaluation = monitor.evaluation(arm)?;
        Matrix::new(arm, monitor.arm_name(arm), classes, &evaluation.confusion)
    };
    let matrices: Vec<Matrix> = (0..monitor.arms.len()).filter_map(matrix).collect();
    if matrices.is_empty() {
        return empty(
            ui,
            "Which classes are taken for which will be drawn here after the first validation: press Start.",
        );
    }
    let mut options =
        vec![(Unit::Counts, "Counts"), (Unit::OfActual, "% of actual"), (Unit::OfPredicted, "% of predicted")];
    if matrices.len() > 1 {
        options.push((Unit::Difference, "Difference of arms"));
    } else if view.unit == Unit::Difference {
        view.unit = Unit::Counts;
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Cells show");
        ui.scope(|ui| {
            ui.set_max_width(150.0);
            choose(ui, &mut view.unit, &options).labelled_by(label.id);
        });
        ui.checkbox(&mut view.similar, "Similar classes together");
        give_away::button(ui, "Confusion", &Paper { view: *view, matrices: &matrices }, actions);
    });
    let tokens = Tokens::of(ui);
    ui.add(Label::new(theme::caption("Rows: actual. Columns: predicted. Click for the images.", &tokens)).wrap());
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let wide = ui.available_width() > 560.0;
        let each = if wide { (ui.available_width() - space::L) / 2.0 } else { ui.available_width() };
        actions.extend(figure(ui, *view, &matrices, each).map(Action::ShowCell));
    });
}

/// The matrices side by side, each this wide; gives a cell that was clicked.
fn figure(ui: &mut Ui, view: View, matrices: &[Matrix], each: f32) -> Option<ConfusionCell> {
    let first = matrices.first()?;
    let order = order(view.similar, matrices);
    let skipped = usize::from(view.unit == Unit::Difference);
    let mut clicked = None;
    ui.with_layout(Layout::left_to_right(Align::Min).with_main_wrap(true), |ui| {
        ui.spacing_mut().item_spacing = vec2(space::L, space::M);
        for matrix in &matrices[skipped..] {
            let grid = Grid { matrix, first, order: &order, unit: view.unit };
            let at = ui.allocate_ui(vec2(each, each), |ui| ui.vertical(|ui| grid.show(ui, each)).inner).inner;
            clicked = at.map(|(truth, predicted)| ConfusionCell { arm: matrix.arm, truth, predicted }).or(clicked);
        }
    });
    clicked
}

/// The matrices on their way out of the window.
struct Paper<'a> {
    view: View,
    matrices: &'a [Matrix<'a>],
}

impl Paper<'_> {
    /// Width of a matrix whose classes can all be read.
    #[allow(clippy::cast_precision_loss, reason = "a number of classes")]
    fn each(&self) -> f32 {
        let classes = self.matrices.first().map_or(0, Matrix::size);
        let side = if classes > 24 { 12.0 } else { 34.0 };
        (LABEL + space::S + side * classes as f32).max(400.0)
    }
}

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "confusion".into()
    }

    fn table(&self) -> Table {
        table(self.matrices)
    }

    fn size(&self) -> Option<Vec2> {
        let drawn = self.matrices.len() - usize::from(self.view.unit == Unit::Difference);
        let across = if drawn > 1 { 2.0 } else { 1.0 };
        Some(vec2(across * (self.each() + space::L) + 2.0 * space::L, 200.0))
    }

    fn draw(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.label(theme::heading(format!("Confusion: {}", self.view.unit.title())));
        ui.label(theme::caption("Rows: actual. Columns: predicted.", &tokens));
        figure(ui, self.view, self.matrices, self.each());
    }
}
