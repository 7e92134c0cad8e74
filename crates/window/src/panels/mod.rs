//! The panels in the middle, and the dock that arranges them.

mod classify;
mod confusion;
mod curves;
mod diagram;
mod dock;
mod gradients;
mod instruments;
mod log;
mod quantity;
mod runs;

use crate::action::Action;
use crate::panel::Panel;
use crate::scene::Scene;
use crate::shelf::Shelf;
use dock::{Dock, first_layout};
use eframe::egui::Ui;
use egui_tiles::{Tile, Tree};
use serde::{Deserialize, Serialize};

/// What the panels remember from one start of the program to the next.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    tree: Tree<Panel>,
    curves: curves::View,
    diagram: diagram::View,
    runs: runs::View,
    gradients: gradients::View,
    confusion: confusion::View,
    classify: classify::View,
    instruments: instruments::View,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            tree: first_layout(),
            curves: Default::default(),
            diagram: Default::default(),
            runs: Default::default(),
            gradients: Default::default(),
            confusion: Default::default(),
            classify: Default::default(),
            instruments: Default::default(),
        }
    }
}

/// The panels and what they have drawn.
#[derive(Default)]
pub struct Panels {
    /// What is remembered.
    pub kept: Kept,
    curves: curves::Curves,
    runs: runs::Runs,
    gradients: gradients::Gradients,
    classify: classify::Classify,
    instruments: instruments::Instruments,
}

impl Panels {
    /// Panels as they were left; a layout that lost a panel starts anew.
    #[must_use]
    pub fn new(kept: Option<Kept>) -> Self {
        let mut kept = kept.unwrap_or_default();
        if Panel::ALL.iter().any(|panel| kept.tree.tiles.find_pane(panel).is_none()) {
            kept.tree = first_layout();
        }
        Self { kept, ..Self::default() }
    }

    /// Brings the panels back to where they were at first.
    pub fn reset_layout(&mut self) {
        self.kept.tree = first_layout();
    }

    /// Brings a panel to the front.
    pub fn bring(&mut self, panel: Panel) {
        self.kept.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
    }

    /// Shows the images of one cell of an arm's confusion matrix.
    pub fn show_cell(&mut self, arm: usize, truth: usize, predicted: usize) {
        instruments::Instruments::show_cell(&mut self.kept.instruments, arm, truth, predicted);
        self.bring(Panel::Predictions);
    }

    /// Draws the panels.
    pub fn ui(&mut self, ui: &mut Ui, scene: Scene, shelf: &mut Shelf, actions: &mut Vec<Action>) {
        let session = scene.session;
        let Self { kept, curves, runs, gradients, classify, instruments } = self;
        let Kept {
            tree,
            curves: curves_view,
            runs: runs_view,
            diagram,
            gradients: gradients_view,
            confusion: confusion_view,
            classify: classify_view,
            instruments: instruments_view,
        } = kept;
        let mut runs_shown = false;
        let show = |ui: &mut Ui, panel: Panel| match panel {
            Panel::Curves => curves.ui(ui, curves_view, session, &shelf.overlays, actions),
            Panel::Runs => {
                runs_shown = true;
                runs.ui(ui, runs_view, session, shelf, actions);
            }
            Panel::Diagram => diagram::ui(ui, diagram, scene, actions),
            Panel::Gradients => gradients.ui(ui, gradients_view, scene, actions),
            Panel::Confusion => confusion::ui(ui, confusion_view, session, actions),
            Panel::Predictions | Panel::Inside | Panel::Explain | Panel::Lesions | Panel::Landscape => {
                let mut bench = instruments::Bench::new(scene, actions);
                instruments.ui(ui, panel, instruments_view, &mut bench);
            }
            Panel::Classify => classify.ui(ui, classify_view, scene, actions),
            Panel::Log => log::ui(ui, session),
        };
        tree.ui(&mut Dock { show }, ui);
        shelf.watch(runs_shown, ui.ctx());
    }
}
