//! The factor of a branch.

use burn::tensor::Tensor;

/// A factor of a branch: known, or learned.
pub(crate) enum Factor {
    Fixed(f64),
    /// A parameter of shape [1].
    Learned(Box<Tensor<1>>),
}

impl Factor {
    /// That of a branch that is added as it is.
    pub const ONE: Self = Self::Fixed(1.0);
}
