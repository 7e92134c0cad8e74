//! Weights as plain numbers. Knows nothing of networks or tensors.

use std::collections::BTreeMap;

/// Weights and running statistics by PyTorch's names.
pub type StateDict = BTreeMap<String, Array>;

/// Numbers with a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes from the slowest to the fastest dimension.
    pub shape: Vec<usize>,
    /// In that order.
    pub values: Vec<f32>,
}
