//! The names of blocks where there is little room.

/// A block's name without what all have in common: `2.0` of `layer2.0`.
pub fn short_name(block: &str) -> &str {
    block.strip_prefix("layer").unwrap_or(block)
}
