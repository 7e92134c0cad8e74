//! The loss around weights and between them.

use super::picture::HeatMap;
use super::sheet::{Sheet, cell};
use serde::{Deserialize, Serialize};

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
    #[must_use]
    pub fn sheet(&self, name: &str) -> Sheet {
        let mut sheet = Sheet::new(name, &["at", "loss", "accuracy"]);
        for ((&at, &loss), &accuracy) in self.at.iter().zip(&self.loss).zip(&self.accuracy) {
            sheet.push([at, loss, accuracy].map(cell));
        }
        sheet
    }
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
    /// The decimal logarithm of the loss as a map.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "values for colours")]
    pub fn map(&self) -> HeatMap {
        let side = self.at.len();
        HeatMap { height: side, width: side, values: self.loss.iter().map(|loss| loss.log10() as f32).collect() }
    }

    /// A row for each place.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("landscape", &["a", "b", "loss"]);
        let side = self.at.len().max(1);
        for (index, &loss) in self.loss.iter().enumerate() {
            sheet.push([self.at[index % side], self.at[index / side], loss].map(cell));
        }
        sheet
    }
}
