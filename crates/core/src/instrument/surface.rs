//! The loss on a plane through weights.

use super::about::{About, Focus};
use super::heat_map::HeatMap;
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "landscape",
    title: "Loss landscape",
    what: "The loss on a plane of two random directions through the weights, where the step of each filter has the filter's own length, so that large weights do not look flat. Li and others found deep plain nets in chaos and residual nets in a smooth bowl; what is found here stands above each plane.",
    formula: "L(θ + a·d + b·e), d and e filter-normalised, 0 for biases and norms; a and b in [−1, 1]",
    reference: "Li, Xu, Taylor, Studer and Goldstein 2018",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Surface { half: 8, images: 256 }
}

/// The loss on a square grid through weights, which are in its middle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Surface {
    /// Places along both directions, ascending.
    pub at: Vec<f64>,
    /// Mean cross-entropy, row by row; the second direction grows downwards. Where it is not computed yet, it is the
    /// value of the nearest coarser place.
    pub loss: Vec<f64>,
    /// Places computed so far.
    pub done: usize,
}

impl Surface {
    /// The share of the places whose loss is below another one.
    #[must_use]
    pub fn below(&self, loss: f64) -> f64 {
        self.loss.iter().filter(|&&at| at < loss).count() as f64 / self.loss.len().max(1) as f64
    }

    /// The decimal logarithm of the loss as a map.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "values for colours")]
    pub fn map(&self) -> HeatMap {
        let side = self.at.len();
        HeatMap { height: side, width: side, values: self.loss.iter().map(|loss| loss.log10() as f32).collect() }
    }

    /// A row for each place.
    pub(super) fn table(&self) -> Table {
        let side = self.at.len().max(1);
        let places = || 0..self.loss.len();
        Table::new("landscape")
            .numbers("a", places().map(|place| self.at[place % side]))
            .numbers("b", places().map(|place| self.at[place / side]))
            .numbers("loss", self.loss.iter().copied())
    }
}
