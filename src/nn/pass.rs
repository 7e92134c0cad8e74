//! What one forward pass needs to know and leaves behind besides its logits.

use super::kernels::ops;
use super::tap::GradientSink;
use crate::random::{Purpose, Random};
use burn::tensor::Tensor;

/// One forward pass through a network.
#[derive(Debug, Default)]
pub struct Pass {
    training: bool,
    stock: bool,
    key: Option<(u64, u64)>,
    branch_gains: Vec<f64>,
    /// What the batch norms measured, by their index; filled in training.
    pub(super) statistics: Vec<(usize, BatchStatistics)>,
    /// What was seen at the blocks' outputs, in order; filled if asked for.
    pub(super) taps: Option<Vec<Tap>>,
}

/// What a batch norm measured on a batch.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// Mean per channel, [channels].
    pub mean: Tensor<1>,
    /// Variance per channel over n values, divided by n; [channels].
    pub variance: Tensor<1>,
    /// Values per channel.
    pub count: usize,
}

/// What was seen at a block's output.
#[derive(Clone, Debug)]
pub struct Tap {
    /// The output itself, [batch, channels, height, width], without its graph.
    pub output: Tensor<4>,
    /// Where the backward pass leaves the norm of the gradient that arrives there.
    pub gradient: GradientSink,
}

impl Pass {
    /// A pass that uses running statistics and drops nothing.
    #[must_use]
    pub fn evaluate() -> Self {
        Self::default()
    }

    /// A training pass: batch statistics, and dropout and stochastic depth drawn for this seed and step.
    #[must_use]
    pub fn train(seed: u64, step: u64) -> Self {
        Self { training: true, key: Some((seed, step)), ..Self::default() }
    }

    /// Also looks at the blocks' outputs and at the gradients that arrive there.
    #[must_use]
    pub fn with_taps(mut self) -> Self {
        self.taps = Some(Vec::new());
        self
    }

    /// Uses burn's own operations even where there are fused ones, to compare the two.
    #[must_use]
    pub fn with_stock_operations(mut self, stock: bool) -> Self {
        self.stock = stock;
        self
    }

    /// Weighs each block's branch once more, in order: 0 takes the branch out, as a lesion does (Veit et al. 2016).
    /// Blocks beyond the list keep their branch.
    #[must_use]
    pub fn with_branch_gains(mut self, gains: Vec<f64>) -> Self {
        self.branch_gains = gains;
        self
    }

    /// The extra weight of a block's branch.
    pub(super) fn branch_gain(&self, block: usize) -> f64 {
        self.branch_gains.get(block).copied().unwrap_or(1.0)
    }

    /// Whether fused operations apply to `x`.
    pub(super) fn is_fused(&self, x: &Tensor<4>) -> bool {
        !self.stock && ops::available(x)
    }

    /// Whether this is a training pass.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// What was seen at the blocks' outputs, in order.
    #[must_use]
    pub fn taps(&self) -> &[Tap] {
        self.taps.as_deref().unwrap_or(&[])
    }

    /// The generator for something random in this pass; `None` when evaluating.
    pub(super) fn random(&self, purpose: Purpose, index: u64) -> Option<Random> {
        self.key.map(|(seed, step)| Random::new(seed, purpose, step, index))
    }
}
