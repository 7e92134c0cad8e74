//! What is plotted over time of what probes see: in the network as a whole, in its first and in its last block.

use super::table::table;
use crate::protocol::{ArmProbe, BlockProbe};
use serde::{Deserialize, Serialize};

/// Where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    Whole,
    /// In the first block.
    First,
    /// In the last block.
    Last,
}

impl Part {
    /// All of them, the whole first.
    pub const ALL: [Self; 3] = [Self::Whole, Self::First, Self::Last];
}

struct Curve {
    /// One for each part.
    ids: [&'static str; 3],
    titles: [&'static str; 3],
    about: &'static str,
    log: bool,
    /// `None` where a network as a whole has no such thing.
    whole: Option<fn(&ArmProbe) -> f64>,
    block: fn(&BlockProbe) -> f64,
}

/// The names of the parts, one after the other.
macro_rules! parts {
    ($whole:literal, $first:literal, $last:literal) => {
        [$whole, concat!($whole, $first), concat!($whole, $last)]
    };
}

macro_rules! ids {
    ($id:literal) => {
        parts!($id, "_first_block", "_last_block")
    };
}

macro_rules! titles {
    ($title:literal) => {
        parts!($title, ", first block", ", last block")
    };
}

table! {
    /// What is plotted of probes.
    Probed: Curve {
        /// ‖∂L/∂W‖
        Gradient => Curve {
            ids: ids!("gradient_norm"),
            titles: titles!("Gradient norm"),
            about: "‖∂L/∂W‖ over all weights, before clipping.",
            log: true,
            whole: Some(|arm| arm.gradient_norm),
            block: |block| block.weight_gradient_norm,
        },
        /// ‖ΔW‖ / ‖W‖
        Update => Curve {
            ids: ids!("update_ratio"),
            titles: titles!("Update ratio"),
            about: "‖ΔW‖ / ‖W‖: how far one step moves the weights. Around 0.001 is usual.",
            log: true,
            whole: Some(|arm| arm.update_norm / arm.weight_norm),
            block: |block| block.update_norm / block.weight_norm,
        },
        /// ‖W‖
        Weight => Curve {
            ids: ids!("weight_norm"),
            titles: titles!("Weight norm"),
            about: "‖W‖ over all weights.",
            log: false,
            whole: Some(|arm| arm.weight_norm),
            block: |block| block.weight_norm,
        },
        /// Standard deviation of the output.
        Activation => Curve {
            ids: ids!("activation_std"),
            titles: titles!("Activation std"),
            about: "Standard deviation of the block's output.",
            log: false,
            whole: None,
            block: |block| block.activation_std,
        },
        /// ‖∂L/∂y‖ of the output y.
        OutputGradient => Curve {
            ids: ids!("output_gradient"),
            titles: titles!("Output gradient"),
            about: "‖∂L/∂y‖ of the block's output y.",
            log: true,
            whole: None,
            block: |block| block.output_gradient_norm,
        },
    }
}

impl Probed {
    /// Where there is such a thing.
    pub(super) fn parts(self) -> impl Iterator<Item = Part> {
        let whole = self.row().whole.is_some();
        Part::ALL.into_iter().filter(move |part| whole || *part != Part::Whole)
    }

    pub(super) fn id(self, part: Part) -> &'static str {
        self.row().ids[part as usize]
    }

    pub(super) fn title(self, part: Part) -> &'static str {
        self.row().titles[part as usize]
    }

    pub(super) fn about(self) -> &'static str {
        self.row().about
    }

    pub(super) fn is_log(self) -> bool {
        self.row().log
    }

    /// What a probe saw of it; `None` where there is no such thing.
    #[must_use]
    pub fn of(self, part: Part, seen: &ArmProbe) -> Option<f64> {
        let row = self.row();
        match part {
            Part::Whole => row.whole.map(|of| of(seen)),
            Part::First => seen.blocks.first().map(row.block),
            Part::Last => seen.blocks.last().map(row.block),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_update_ratio_is_how_far_a_step_moved_the_weights() {
        let first = BlockProbe { weight_norm: 4.0, update_norm: 0.02, ..BlockProbe::default() };
        let last = BlockProbe { weight_norm: 2.0, update_norm: 0.02, ..BlockProbe::default() };
        let seen = ArmProbe { gradient_norm: 3.0, weight_norm: 10.0, update_norm: 0.1, blocks: vec![first, last] };
        assert_eq!(Probed::Update.of(Part::Whole, &seen), Some(0.01));
        assert_eq!(Probed::Update.of(Part::First, &seen), Some(0.005));
        assert_eq!(Probed::Update.of(Part::Last, &seen), Some(0.01));
        assert_eq!(Probed::Gradient.of(Part::Whole, &seen), Some(3.0));
        assert_eq!(Probed::Activation.of(Part::Whole, &seen), None, "a network as a whole has no output map");
    }
}
