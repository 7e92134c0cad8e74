//! Which classes are taken for which, at each arm's latest validation. Rows are actual classes, columns predicted. Must
//! not know other panels.

mod grid;
mod matrix;

use crate::action::Action;
use crate::give_away::{self, Exportable};
use crate::kit::chips::{dot, together, within};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::panels::beginning::by_training;
use crate::scene::{Effects, Panel, Scene};
use crate::state::selected::ConfusionCell;
use eframe::egui::{Checkbox, ScrollArea, TextStyle, Ui, Vec2, vec2};
use grid::{LABEL, MatrixGrid, least};
use lab_core::instrument::WHOLE;
use lab_core::table::Table;
use matrix::{CellUnit, Matrix, order, table};
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    unit: CellUnit,
    /// Whether classes that are taken for each other stand together.
    similar: bool,
    /// Whether the arms' matrices stand side by side rather than one at a time; where there is room if absent.
    beside: Option<bool>,
    /// The arm that is shown where they do not.
    arm: usize,
}

#[derive(Default)]
pub struct ConfusionPanel;

impl Panel for ConfusionPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        matrices(ui, view, scene, effects.actions);
    }
}

fn matrices(ui: &mut Ui, view: &mut View, scene: Scene, actions: &mut Vec<Action>) {
    let monitor = scene.monitor;
    let classes = monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.dataset.classes);
    let matrix = |arm: usize| {
        let evaluation = monitor.evaluation(arm)?;
        Matrix::new(arm, monitor.arm_name(arm), classes, &evaluation.confusion)
    };
    let matrices: Vec<Matrix> = (0..monitor.arms.len()).filter_map(matrix).collect();
    if matrices.is_empty() {
        return nothing_yet(ui, scene, actions);
    }
    let mut options = vec![
        (CellUnit::Counts, "Counts"),
        (CellUnit::OfActual, "% of actual"),
        (CellUnit::OfPredicted, "% of predicted"),
    ];
    if matrices.len() > 1 {
        options.push((CellUnit::Difference, "Difference of arms"));
    } else if view.unit == CellUnit::Difference {
        view.unit = CellUnit::Counts;
    }
    let skipped = usize::from(view.unit == CellUnit::Difference);
    let drawn = &matrices[skipped.min(matrices.len() - 1)..];
    let (many, least) = (drawn.len() as f32, least(ui, classes));
    let fits = ui.available_width() >= many * (least + space::L);
    let mut beside = drawn.len() == 1 || view.beside.unwrap_or(fits);
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Cells show");
        within(ui, "unit", 150.0, |ui| {
            choose(ui, &mut view.unit, &options).labelled_by(label.id);
        });
        let many = classes.len() > WHOLE;
        let similar = ui.add_enabled(!many, Checkbox::new(&mut view.similar, "Similar classes together"));
        similar.on_disabled_hover_text("Up to 1,000 classes");
    });
    if drawn.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            if ui.checkbox(&mut beside, "Side by side").changed() {
                view.beside = Some(beside);
            }
            if !beside {
                switch(ui, view, drawn);
            }
        });
    }
    ui.horizontal_wrapped(|ui| {
        let rule = ui.label(theme::caption("Rows: actual. Columns: predicted.", &Tokens::of(ui)));
        rule.on_hover_text("A click on a cell shows its images");
        give_away::button(ui, "Confusion", &Paper { view: *view, matrices: &matrices }, actions);
    });
    let height = ui.available_height();
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let room = ui.available_width();
        let each = if beside { (room / many - space::L).max(if fits { 0.0 } else { least }) } else { room };
        let each = if drawn.len() == 1 { room } else { each };
        let shown = |matrix: &&Matrix| beside || matrix.arm == view.arm;
        actions
            .extend(figure(ui, *view, &matrices, drawn.iter().filter(shown), vec2(each, height)).map(Action::ShowCell));
    });
}

/// Chooses the arm that is shown where there is room for one only.
fn switch(ui: &mut Ui, view: &mut View, drawn: &[Matrix]) {
    if !drawn.iter().any(|matrix| matrix.arm == view.arm) {
        view.arm = drawn.first().map_or(0, |matrix| matrix.arm);
    }
    ui.spacing_mut().item_spacing.x = space::XS;
    for matrix in drawn {
        // An arm's colour stays beside its name.
        let font = TextStyle::Button.resolve(ui.style());
        let name = ui.painter().layout_no_wrap(matrix.name.to_owned(), font, Tokens::of(ui).text).size().x;
        together(ui, name + space::XL);
        dot(ui, matrix.arm);
        let button = ui.selectable_label(matrix.arm == view.arm, matrix.name);
        if named(ui, button, &format!("Show the matrix of {}", matrix.name)).clicked() {
            view.arm = matrix.arm;
        }
    }
}

/// What will be drawn, and what makes it appear.
fn nothing_yet(ui: &mut Ui, scene: Scene, actions: &mut Vec<Action>) {
    let what = "Which classes are taken for which, a cell for each pair of them.";
    let when = match &scene.monitor.prepared {
        None => "",
        Some(_) if scene.monitor.is_active() => "It is drawn after the first validation.",
        Some(_) if scene.monitor.unfinished().is_some() => "The run was interrupted before its first validation.",
        Some(prepared) if prepared.is_of_weights() => "Weights from a file bring no validation along.",
        Some(_) => "Nothing was validated in this run.",
    };
    let text = format!("{what} {when}");
    by_training(ui, scene, "Confusion", text.trim_end(), actions);
}

/// Some of the matrices side by side, each with this much room; gives a cell that was clicked.
fn figure<'a>(
    ui: &mut Ui,
    view: View,
    all: &[Matrix],
    shown: impl Iterator<Item = &'a Matrix<'a>>,
    room: Vec2,
) -> Option<ConfusionCell> {
    let first = all.first()?;
    let order = order(view.similar, all);
    let mut clicked = None;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::L, space::M);
        let grid = |matrix, title| MatrixGrid { matrix, first, order: &order, unit: view.unit, title };
        let shown: Vec<&Matrix> = shown.collect();
        // As high for each, so that the matrices stand in a row.
        let title = shown.iter().map(|matrix| grid(matrix, 0.0).title_height(ui, room.x)).fold(0.0, f32::max);
        for matrix in shown {
            let grid = grid(matrix, title);
            let at = ui.allocate_ui(Vec2::splat(room.x), |ui| ui.vertical(|ui| grid.show(ui, room)).inner).inner;
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
    fn drawn(&self) -> &[Matrix<'_>] {
        &self.matrices[usize::from(self.view.unit == CellUnit::Difference).min(self.matrices.len())..]
    }

    /// Width of a matrix whose classes can all be read.
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
        let across = self.drawn().len().min(2) as f32;
        Some(vec2(across * (self.each() + space::L) + 2.0 * space::L, 200.0))
    }

    fn draw(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.label(theme::heading(format!("Confusion: {}", self.view.unit.title())));
        ui.label(theme::caption("Rows: actual. Columns: predicted.", &tokens));
        for pair in self.drawn().chunks(2) {
            figure(ui, self.view, self.matrices, pair.iter(), vec2(self.each(), f32::INFINITY));
        }
    }
}
