//! Accuracy when every branch is weighed by one factor.

use super::about::{About, Focus};
use super::question::Question;
use super::score::Score;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "gains",
    title: "Branch gain",
    what: "Accuracy when every branch is weighed by α: at 0 only shortcuts are left, at 1 the network is as trained.",
    formula: "y = act(s(x) + α · F(x)) in every block",
    reference: "",
};

/// From shortcuts alone to half as much again as the network was trained with.
pub(super) fn question(_: &Focus) -> Question {
    Question::Gains { gains: (0..=12).map(|step| f64::from(step) * 0.125).collect() }
}

/// Every branch weighed once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    pub gain: f64,
    pub score: Score,
}

impl Gain {
    /// A row for each factor.
    pub(super) fn table(all: &[Self]) -> Table {
        Table::new("gains")
            .numbers("gain", all.iter().map(|gain| gain.gain))
            .numbers("accuracy", all.iter().map(|gain| gain.score.accuracy))
            .numbers("loss", all.iter().map(|gain| gain.score.loss))
    }
}
