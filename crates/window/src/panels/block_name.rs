//! The names of blocks where there is little room.

use lab_core::experiment::Naming;

/// A block's name without what all have in common: `2.0` of `layer2.0`.
pub fn short_name(block: &str) -> &str {
    Naming::in_stages(block).unwrap_or(block)
}
