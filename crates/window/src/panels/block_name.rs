//! The names of blocks as they are shown, which are [`Naming`]'s.

use lab_core::experiment::Naming;

/// A block's name where there is little room and others stand beside it: `2.0` of `layer2.0`.
pub fn short_name(block: &str) -> &str {
    Naming::in_stages(block).unwrap_or(block)
}

/// A block's name with what PyTorch calls it: `block 2.0 (PyTorch: layer2.0)`.
pub fn in_full(block: &str) -> String {
    let shown = Naming::in_words(block);
    if shown == block { shown } else { format!("{shown} (PyTorch: {block})") }
}

/// The short names of blocks that stand below a plot, where all these networks have the same; else none, and blocks are
/// numbered from the input.
pub fn shared<'a>(mut networks: impl Iterator<Item = &'a [String]>) -> Vec<String> {
    let Some(first) = networks.next() else { return Vec::new() };
    if networks.any(|blocks| blocks != first) {
        return Vec::new();
    }
    first.iter().map(|block| short_name(block).to_owned()).collect()
}
