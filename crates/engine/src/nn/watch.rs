//! What each layer of a block answers to a batch, noted while an evaluating pass goes through it.
//!
//! Watching reads from the device after each layer and uses burn's own operations, so it is slow and for single batches.

use super::factor::Factor;
use super::host::values;
use super::ratio::{BranchRatio, scalar};
use burn::tensor::Tensor;

/// What was seen inside one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockWatch {
    /// Standard deviation of each convolution's output after norm, before activation and addition.
    pub responses: Vec<f64>,
    /// ‖αF(x)‖ / ‖x‖, in a block with a shortcut.
    pub branch_ratio: Option<f64>,
    /// Channels behind ReLUs, and how many of them are 0 everywhere.
    pub channels: [usize; 2],
    /// Values behind ReLUs, and how many of them are 0.
    pub values: [f64; 2],
}

/// All blocks of a pass, in order.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub blocks: Vec<BlockWatch>,
    /// Of the block that the pass is in.
    ratio: Option<BranchRatio<f64>>,
}

impl Watch {
    /// A block begins with this input.
    pub fn open(&mut self, x: &Tensor<4>) {
        self.blocks.push(BlockWatch::default());
        self.ratio = Some(BranchRatio::new(x));
    }

    /// The block ends.
    pub fn close(&mut self) {
        if let (Some(block), Some(ratio)) = (self.blocks.last_mut(), self.ratio.take()) {
            block.branch_ratio = ratio.get();
        }
    }

    fn block(&mut self) -> Option<&mut BlockWatch> {
        self.blocks.last_mut().filter(|_| self.ratio.is_some())
    }

    /// A convolution's output after its norm.
    pub fn response(&mut self, z: &Tensor<4>) {
        let Some(block) = self.block() else { return };
        let count: usize = z.dims().iter().product();
        let mean = scalar(z.clone().sum()) / count as f64;
        let centred = z.clone() - mean;
        block.responses.push((scalar((centred.clone() * centred).sum()) / count as f64).sqrt());
    }

    /// The output of a `ReLU`.
    pub fn relu(&mut self, y: &Tensor<4>) {
        let Some(block) = self.block() else { return };
        let [batch, channels, height, width] = y.dims();
        let alive = y.clone().greater_elem(0.0).float();
        let per_channel = alive.swap_dims(0, 1).reshape([channels, batch * height * width]).sum_dim(1);
        let Ok(alive) = values(per_channel) else {
            // A read that failed is no measurement.
            block.values = [f64::NAN; 2];
            return;
        };
        block.channels[0] += channels;
        block.channels[1] += alive.iter().filter(|&&count| count == 0.0).count();
        let all = (batch * channels * height * width) as f64;
        block.values[0] += all;
        block.values[1] += all - alive.iter().map(|&count| f64::from(count)).sum::<f64>();
    }

    /// A branch's output, before it is added.
    pub fn branch(&mut self, branch: &Tensor<4>, gain: &Factor) {
        if let Some(ratio) = &mut self.ratio {
            ratio.see(branch, gain);
        }
    }
}
