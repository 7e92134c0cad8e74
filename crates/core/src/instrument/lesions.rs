//! Accuracy with each block left out in turn, or with some out at once.

use super::about::{About, Focus};
use super::question::Question;
use super::score::Score;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "lesions",
    title: "Lesions",
    what: "Accuracy with each block left out in turn, its shortcut alone carrying the signal. In a residual net of 110 layers, Veit and others found that only blocks that shrink the map matter much; a shallow one loses more with each block. A plain net has no shortcut: its blocks can be left out only where input and output have one shape, and where one cannot, the line has a gap.",
    formula: "y = act(s(x)) in one block, everything else as trained",
    reference: "Veit, Wilber and Belongie 2016, section 4.1",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Lesions
}

/// A block left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lesion {
    /// `layer2.0`
    pub block: String,
    /// Whether the block changes the map's shape.
    pub reshapes: bool,
    /// The score without it; `None` for a block of a plain net that cannot be left out.
    pub score: Option<Score>,
}

/// A network with each of its blocks left out in turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lesions {
    /// The score of the whole network.
    pub whole: Score,
    /// The blocks done so far, in order.
    pub blocks: Vec<Lesion>,
}

impl Lesions {
    /// A row for the whole and each block.
    pub(super) fn table(&self) -> Table {
        let whole = ("nothing", String::new(), Some(self.whole));
        let lesions = self.blocks.iter().map(|it| (it.block.as_str(), it.reshapes.to_string(), it.score));
        let rows: Vec<(&str, String, Option<Score>)> = [whole].into_iter().chain(lesions).collect();
        let score = |of: fn(Score) -> f64| rows.iter().map(move |(.., score)| score.map_or(f64::NAN, of));
        Table::new("lesions")
            .words("without", rows.iter().map(|(without, ..)| *without))
            .words("reshapes", rows.iter().map(|(_, reshapes, _)| reshapes.as_str()))
            .numbers("images", score(|score| score.images as f64))
            .numbers("accuracy", score(|score| score.accuracy))
            .numbers("loss", score(|score| score.loss))
    }
}

/// One row: some blocks out at once.
pub(super) fn together(score: &Score) -> Table {
    Table::new("lesion")
        .counts("images", [score.images])
        .numbers("accuracy", [score.accuracy])
        .numbers("loss", [score.loss])
}
