//! The loss along one line through weights: in a random direction, or from other weights to these.

use super::about::{About, Focus};
use super::question::Question;
use super::tables::TablesOf;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "slice",
    title: "Loss along a line",
    what: "The loss along one random direction through the weights, where the step of each filter has the filter's own length, so that large weights do not look flat: flat and round is easy to train, sharp and chaotic is not.",
    formula: "L(θ + a·d), d[i] ← d[i] · ‖θ[i]‖ / ‖d[i]‖ for each filter, 0 for biases and norms; a in [−1, 1]",
    reference: "Li, Xu, Taylor, Studer and Goldstein 2018, Visualizing the loss landscape of neural nets",
};

pub(super) const PATH: About = About {
    id: "path",
    title: "Straight path",
    what: "The loss and accuracy on the straight line from one set of weights to another: from where training began to where it is, or between two checkpoints. Running statistics are blended in the same way.",
    formula: "L((1 − t) · θ₀ + t · θ₁), t in [0, 1]",
    reference: "Goodfellow, Vinyals and Saxe 2015, Qualitatively characterizing neural network optimization problems",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Slice { half: 20, images: 256 }
}

pub(super) fn path(focus: &Focus) -> Question {
    Question::Path { from: focus.from, points: 21, images: 256 }
}

/// The tables of a path, which is a slice by another name and lies beside one.
pub(super) fn of_path(mut tables: Vec<TablesOf>) -> Vec<TablesOf> {
    let all = tables.iter_mut().filter_map(|of| of.tables.as_mut().ok()).flatten();
    all.for_each(|table| PATH.id.clone_into(&mut table.name));
    tables
}

/// The loss on a line through weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Places on the line, ascending; 0 is where the weights are, or where the path starts.
    pub at: Vec<f64>,
    /// Mean cross-entropy at each place.
    pub loss: Vec<f64>,
    /// Share classified correctly at each place.
    pub accuracy: Vec<f64>,
}

impl Slice {
    /// A row for each place.
    pub(super) fn table(&self) -> Table {
        Table::new("slice")
            .numbers("at", self.at.iter().copied())
            .numbers("loss", self.loss.iter().copied())
            .numbers("accuracy", self.accuracy.iter().copied())
    }
}
