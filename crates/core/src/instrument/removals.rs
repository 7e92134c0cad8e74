//! Error with more and more random blocks left out.

use super::about::{About, Focus};
use super::question::Question;
use super::score::Score;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "removals",
    title: "Several blocks removed",
    what: "Error with more and more random blocks left out: it grows smoothly, as if an ensemble lost members one by one.",
    formula: "y = act(s(x)) in k blocks drawn without repetition; mean, least and largest over the draws",
    reference: "Veit, Wilber and Belongie 2016, section 4.2",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Removals { draws: 3 }
}

/// Several draws with the same number of blocks left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Blocks left out.
    pub removed: usize,
    /// The score of each draw.
    pub draws: Vec<Score>,
}

impl Band {
    /// The least, the mean and the largest error.
    #[must_use]
    pub fn error(&self) -> [f64; 3] {
        let errors = || self.draws.iter().map(|score| 1.0 - score.accuracy);
        let mean = errors().sum::<f64>() / self.draws.len().max(1) as f64;
        [errors().fold(f64::INFINITY, f64::min), mean, errors().fold(f64::NEG_INFINITY, f64::max)]
    }

    /// A row for each number of blocks.
    pub(super) fn table(bands: &[Self]) -> Table {
        let error = |which: usize| bands.iter().map(move |band| band.error()[which]);
        Table::new("removals")
            .counts("removed", bands.iter().map(|band| band.removed))
            .counts("draws", bands.iter().map(|band| band.draws.len()))
            .numbers("least error", error(0))
            .numbers("mean error", error(1))
            .numbers("largest error", error(2))
    }
}
