//! How well a linear classifier does on each block's pooled output.

use super::about::{About, Focus};
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "exits",
    title: "Early exits",
    what: "How well the classes can be told apart by a linear classifier after each block. Where the curve is flat, blocks refine; where it jumps, they compute something new.",
    formula: "softmax regression on the standardised, pooled output of each block, ridge 1e-3",
    reference: "Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Exits { images: 2000 }
}

/// A linear classifier behind a block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// `layer2.0`
    pub block: String,
    /// On the images it was fitted to.
    pub train_accuracy: f64,
    /// On the validation images.
    pub accuracy: f64,
}

impl Exit {
    /// A row for each block.
    pub(super) fn table(all: &[Self]) -> Table {
        Table::new("exits")
            .words("block", all.iter().map(|exit| exit.block.as_str()))
            .numbers("training accuracy", all.iter().map(|exit| exit.train_accuracy))
            .numbers("validation accuracy", all.iter().map(|exit| exit.accuracy))
    }
}
