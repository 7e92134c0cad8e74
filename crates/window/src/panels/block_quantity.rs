//! What can be known of a block at every probe.

use lab_core::protocol::BlockProbe;
use serde::{Deserialize, Serialize};

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockQuantity {
    /// Of the block's weights, for the batch's mean loss.
    #[default]
    WeightGradient,
    /// Of the block's output.
    OutputGradient,
    /// The size of the weights themselves.
    WeightNorm,
    /// How far the block's output spreads.
    ActivationStd,
    /// How much the branch changes what it is added to.
    BranchRatio,
}

impl BlockQuantity {
    /// Each with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::WeightGradient, "Weight gradient ‖∂L/∂W‖"),
        (Self::OutputGradient, "Output gradient ‖∂L/∂y‖"),
        (Self::WeightNorm, "Weights ‖W‖"),
        (Self::ActivationStd, "Output std"),
        (Self::BranchRatio, "Branch ratio ‖αF(x)‖/‖x‖"),
    ];

    /// Whether a block has it: a branch without a shortcut is added to nothing.
    #[must_use]
    pub fn is_of(self, probe: &BlockProbe) -> bool {
        self != Self::BranchRatio || probe.branch_ratio.is_some()
    }

    /// Its value in a block; no number where a block does not have it.
    #[must_use]
    pub fn of(self, probe: &BlockProbe) -> f64 {
        match self {
            Self::WeightGradient => probe.weight_gradient_norm,
            Self::OutputGradient => probe.output_gradient_norm,
            Self::WeightNorm => probe.weight_norm,
            Self::ActivationStd => probe.activation_std,
            Self::BranchRatio => probe.branch_ratio.unwrap_or(f64::NAN),
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(quantity, _)| *quantity == self).map_or("", |(_, title)| title)
    }
}
