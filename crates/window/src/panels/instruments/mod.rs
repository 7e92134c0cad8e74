//! The instruments' panels: what is asked of the networks, and what comes back, arm beside arm on shared scales.

mod bench;
mod explain;
mod histograms;
mod histories;
mod inside;
mod landscape;
mod lesions;
mod maps;
mod paper;
mod predictions;
mod several;
mod sieve;
mod tiles;
mod verdict;

pub use bench::Bench;

use crate::panel::Panel;
use eframe::egui::Ui;
use lab_core::checkpoint::Checkpoint;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// The checkpoint whose weights are asked; the weights as they are now if absent.
    pub checkpoint: Option<Checkpoint>,
    predictions: predictions::View,
    inside: inside::View,
    explain: explain::View,
    lesions: lesions::View,
    landscape: landscape::View,
}

/// What the panels have drawn and what is being typed.
#[derive(Default)]
pub struct Instruments {
    predictions: predictions::Predictions,
    inside: inside::Inside,
    explain: explain::Explain,
    lesions: lesions::Lesions,
    landscape: landscape::Landscape,
}

impl Instruments {
    /// One of the panels.
    pub fn ui(&mut self, ui: &mut Ui, panel: Panel, view: &mut View, bench: &mut Bench) {
        bench.checkpoint = view.checkpoint;
        match panel {
            Panel::Predictions => self.predictions.ui(ui, &mut view.predictions, bench),
            Panel::Inside => self.inside.ui(ui, &mut view.inside, bench),
            Panel::Explain => self.explain.ui(ui, &mut view.explain, bench),
            Panel::Lesions => self.lesions.ui(ui, &mut view.lesions, bench),
            Panel::Landscape => self.landscape.ui(ui, &mut view.landscape, bench),
            _ => {}
        }
        view.checkpoint = bench.checkpoint;
    }

    /// Shows the images of one cell of an arm's confusion matrix.
    pub fn show_cell(view: &mut View, arm: usize, truth: usize, predicted: usize) {
        view.predictions.show_cell(arm, truth, predicted);
    }
}
