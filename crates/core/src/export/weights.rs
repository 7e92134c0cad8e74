//! A network's weights as whoever exports them sees them.

use std::collections::BTreeMap;

/// Numbers with a shape, from the slowest to the fastest dimension.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    pub shape: &'a [usize],
    /// In that order.
    pub values: &'a [f32],
}

/// Weights and running statistics by PyTorch's names.
pub type Weights<'a> = BTreeMap<&'a str, Weight<'a>>;
