//! How the input's gradient keeps its value along a line between two images.

use super::about::{About, Focus};
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "shattered",
    title: "Shattered gradients",
    what: "How long the gradient keeps its value as the input moves along a line: in deep plain nets it becomes white noise, with shortcuts it stays correlated.",
    formula: "ACF(k) = Σ z[i]·z[i+k] / Σ z[i]², z = g − mean g, g = the derivative of the class's logit along the line",
    reference: "Balduzzi, Frean, Leary, Lewis, Ma and McWilliams 2017, The shattered gradients problem",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Shattered { points: 256, lines: 5 }
}

/// How the input's gradient keeps its value along lines between images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shattered {
    /// ACF(k) of each line, from k = 0 on.
    pub lines: Vec<Vec<f64>>,
}

impl Shattered {
    /// The mean over the lines of each ACF(k).
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let length = self.lines.iter().map(Vec::len).min().unwrap_or(0);
        let at = |k: usize| self.lines.iter().map(|line| line[k]).sum::<f64>() / self.lines.len() as f64;
        (0..length).map(at).collect()
    }

    /// A row for each lag.
    pub(super) fn table(&self) -> Table {
        let mean = self.mean();
        let lags = mean.len();
        let table = Table::new("shattered").counts("lag", 0..lags).numbers("mean", mean);
        self.lines.iter().enumerate().fold(table, |table, (index, line)| {
            table.numbers(&format!("line {}", index + 1), line.iter().copied().take(lags))
        })
    }
}
