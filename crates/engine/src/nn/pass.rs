//! What one forward pass needs to know and leaves behind besides its logits.

use super::factor::Factor;
use super::tap::{Tap, Taps};
use super::watch::{BlockWatch, Watch};
use burn::tensor::Tensor;
use lab_core::experiment::{Activation, Precision};
use lab_core::random::{Purpose, Random};
use lab_kernels::ops;

/// One forward pass through a network.
#[derive(Debug, Default)]
pub struct Pass {
    training: bool,
    stock: bool,
    /// Whether the pass is in a part of the network that is not trained, and evaluates it whatever it does elsewhere.
    frozen: bool,
    /// How many digits the network multiplies with.
    precision: Precision,
    key: Option<(u64, u64)>,
    branch_gains: Vec<f64>,
    routes: Vec<Route>,
    without_shortcut: Option<usize>,
    /// What each layer answers; filled if asked for.
    pub(super) watch: Option<Watch>,
    /// What the batch norms measured, by their index; filled in training.
    pub(super) statistics: Vec<(usize, BatchStatistics)>,
    /// What was seen at the blocks' outputs; filled if asked for.
    taps: Option<Taps>,
}

/// Which way gradients take back through a block; the values that go forward stay the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Both,
    Branch,
    Shortcut,
}

/// What a batch norm measured on a batch.
#[derive(Clone, Debug)]
pub(super) struct BatchStatistics {
    /// Mean per channel, [channels].
    pub mean: Tensor<1>,
    /// Variance per channel over n values, divided by n; [channels].
    pub variance: Tensor<1>,
    /// Values per channel.
    pub count: usize,
}

impl Pass {
    /// A pass that uses running statistics and drops nothing.
    #[must_use]
    pub fn evaluate() -> Self {
        Self::default()
    }

    /// A pass that uses the batch's own statistics and drops nothing: for networks whose running statistics mean
    /// nothing yet, and for gradients as training sees them.
    #[must_use]
    pub fn measure() -> Self {
        Self { training: true, ..Self::default() }
    }

    /// A training pass: batch statistics, and dropout and stochastic depth drawn for this seed and step.
    #[must_use]
    pub fn train(seed: u64, step: u64) -> Self {
        Self { training: true, key: Some((seed, step)), ..Self::default() }
    }

    /// Also looks at the blocks' outputs and at the gradients that arrive there.
    #[must_use]
    pub fn with_taps(mut self) -> Self {
        self.taps = Some(Taps::new(false));
        self
    }

    /// Also notes the gradients that arrive at the blocks' inputs; asks for taps.
    #[must_use]
    pub fn with_input_taps(mut self) -> Self {
        self.taps = Some(Taps::new(true));
        self
    }

    /// Also notes what each layer answers. For passes without a graph, by burn's own operations.
    #[must_use]
    pub fn with_watch(mut self) -> Self {
        self.watch = Some(Watch::default());
        self.with_stock_operations(true)
    }

    /// Lets gradients take only these ways back through the blocks, in order, as Veit et al. 2016 do to single out a
    /// path. Blocks beyond the list let them take both.
    #[must_use]
    pub fn with_routes(mut self, routes: Vec<Route>) -> Self {
        self.routes = routes;
        self
    }

    /// Leaves out the shortcut of one block, which then passes its branch alone.
    #[must_use]
    pub fn without_shortcut(mut self, block: usize) -> Self {
        self.without_shortcut = Some(block);
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

    /// Which way gradients take back through a block.
    pub(super) fn route(&self, block: usize) -> Route {
        self.routes.get(block).copied().unwrap_or_default()
    }

    /// Whether a block's shortcut is left out.
    pub(super) fn cuts_shortcut(&self, block: usize) -> bool {
        self.without_shortcut == Some(block)
    }

    /// A block begins with this input, which comes back as the block is to go on with it.
    pub(super) fn open_block(&mut self, x: Tensor<4>) -> Tensor<4> {
        let x = match &mut self.taps {
            Some(taps) => taps.open(x),
            None => x,
        };
        if let Some(watch) = &mut self.watch {
            watch.open(&x);
        }
        x
    }

    /// A branch's output, before it is multiplied by its factor and added.
    pub(super) fn see_branch(&mut self, branch: &Tensor<4>, gain: &Factor) {
        if let Some(watch) = &mut self.watch {
            watch.branch(branch, gain);
        }
        if let Some(taps) = &mut self.taps {
            taps.branch(branch, gain);
        }
    }

    /// The block ends with this output, behind the activation `after` the addition; it comes back as the network is to go
    /// on with it.
    pub(super) fn close_block(&mut self, y: Tensor<4>, after: Option<Activation>) -> Tensor<4> {
        if let Some(watch) = &mut self.watch {
            if after == Some(Activation::Relu) {
                watch.relu(&y);
            }
            watch.close();
        }
        match &mut self.taps {
            Some(taps) => taps.close(y),
            None => y,
        }
    }

    /// What was seen inside the blocks, in order.
    #[must_use]
    pub fn watched(&self) -> &[BlockWatch] {
        self.watch.as_ref().map_or(&[], |watch| &watch.blocks)
    }

    /// Whether fused operations apply to `x`.
    pub(super) fn is_fused(&self, x: &Tensor<4>) -> bool {
        !self.stock && ops::available(x)
    }

    /// Whether this is a training pass, in a part of the network that is trained.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.training && !self.frozen
    }

    /// The pass enters a part of a network of this precision that is frozen or not.
    pub(super) fn enter(&mut self, precision: Precision, frozen: bool) {
        (self.precision, self.frozen) = (precision, frozen);
    }

    /// How many digits the network multiplies with.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// Whether the blocks' outputs are looked at.
    pub(crate) fn has_taps(&self) -> bool {
        self.taps.is_some()
    }

    /// What was seen at the blocks' outputs, in order.
    #[must_use]
    pub fn taps(&self) -> &[Tap] {
        self.taps.as_ref().map_or(&[], |taps| &taps.blocks)
    }

    /// The generator for something random in this pass; `None` when evaluating.
    pub(super) fn random(&self, purpose: Purpose, index: u64) -> Option<Random> {
        self.key.filter(|_| !self.frozen).map(|(seed, step)| Random::new(seed, purpose, step, index))
    }
}
