//! The gradient that arrives at the input through paths of each length.

use super::about::{About, Focus};
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "path-lengths",
    title: "Gradient by path length",
    what: "Which paths through a residual net carry the gradient, by the number of branches that they take. A net with n blocks is a sum over 2^n paths. The gradient through a single path shrinks with the number of branches it takes; most paths take n/2. Their product shows that short paths carry nearly all of the gradient.",
    formula: "C(n, k) / 2^n · mean ‖∂L/∂input‖ through k random branches, the others passed by their shortcut",
    reference: "Veit, Wilber and Belongie 2016, section 5",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::PathLengths { draws: 5, images: 32 }
}

/// The gradient through paths of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PathLength {
    /// Branches that the path takes; the other blocks are passed by their shortcut.
    pub branches: usize,
    /// C(n, k) / 2ⁿ: the share of all paths that have this length.
    pub share: f64,
    /// ‖∂L/∂input‖ of each random path.
    pub norms: Vec<f64>,
}

impl PathLength {
    /// The mean norm.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.norms.iter().sum::<f64>() / self.norms.len().max(1) as f64
    }

    /// A row for each length.
    pub(super) fn table(all: &[Self]) -> Table {
        Table::new("path-lengths")
            .counts("branches", all.iter().map(|length| length.branches))
            .numbers("share of paths", all.iter().map(|length| length.share))
            .numbers("mean gradient", all.iter().map(Self::mean))
            .numbers("contribution", all.iter().map(|length| length.share * length.mean()))
    }
}
