//! Error with random pairs of equally shaped blocks in each other's place.

use super::about::{About, Focus};
use super::question::Question;
use super::score::Score;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "swaps",
    title: "Blocks swapped",
    what: "Error with random pairs of equally shaped blocks in each other's place, against how far the order is from the trained one. Residual nets degrade smoothly.",
    formula: "Kendall's τ = (pairs in order − pairs out of order) / all pairs; where there are no more other orders than draws, each of them comes once",
    reference: "Veit, Wilber and Belongie 2016, section 4.3",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Swaps { draws: 3 }
}

/// Blocks in another order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Swap {
    /// Pairs swapped; the fewest that make this order where each order comes once.
    pub swaps: usize,
    /// Kendall's τ between this order and the trained one: 1 for the same.
    pub tau: f64,
    pub score: Score,
}

impl Swap {
    /// A row for each draw.
    pub(super) fn table(all: &[Self]) -> Table {
        Table::new("swaps")
            .counts("swaps", all.iter().map(|swap| swap.swaps))
            .numbers("Kendall tau", all.iter().map(|swap| swap.tau))
            .numbers("accuracy", all.iter().map(|swap| swap.score.accuracy))
            .numbers("loss", all.iter().map(|swap| swap.score.loss))
    }
}
