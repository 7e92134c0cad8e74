//! What a person chose in one panel and others look at, too.

use lab_core::protocol::Prepared;

/// A block of an arm, chosen by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedBlock {
    pub arm: String,
    /// The block's name: `layer1.0`.
    pub block: String,
}

impl SelectedBlock {
    /// Its arm's place among the arms of an experiment under way, and its own among that arm's blocks.
    #[must_use]
    pub fn place(&self, prepared: &Prepared) -> Option<(usize, usize)> {
        let arm = prepared.arms.iter().position(|arm| arm.name == self.arm)?;
        let block = prepared.arms[arm].blocks.iter().position(|block| *block == self.block)?;
        Some((arm, block))
    }
}

/// A cell of an arm's confusion matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfusionCell {
    pub arm: usize,
    pub truth: usize,
    pub predicted: usize,
}
