//! Taps: what is seen at the blocks' outputs, and of the gradients that arrive there, by a pass that trains.

use super::factor::Factor;
use super::host::{DeviceError, value, values};
use super::ratio::{BranchRatio, without_graph};
use super::sink::{GradientSink, tap};
use burn::tensor::Tensor;
use lab_kernels::ops;

/// What was seen at a block's output.
#[derive(Clone, Debug)]
pub struct Tap {
    /// The output itself, [batch, channels, height, width], without its graph.
    pub output: Tensor<4>,
    /// Where the backward pass leaves the norm of the gradient that arrives there.
    pub gradient: GradientSink,
    /// The same for the block's input, if asked for.
    pub input_gradient: GradientSink,
    branch_ratio: Option<Tensor<1>>,
}

impl Tap {
    /// ‖αF(x)‖ / ‖x‖, in a block that adds its branch to a shortcut.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn branch_ratio(&self) -> Result<Option<f64>, DeviceError> {
        self.branch_ratio.clone().map(value).transpose()
    }

    /// Mean and standard deviation over all values of the block's output.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn moments(&self) -> Result<(f64, f64), DeviceError> {
        let map = &self.output;
        if ops::available(map) {
            let measures = values(ops::measure(map.clone()))?;
            return Ok((f64::from(measures[0]), f64::from(measures[1])));
        }
        let count: usize = map.dims().iter().product();
        let mean_of = |x: Tensor<4>| value(x.sum()).map(|sum| sum / count as f64);
        let (mean, square) = (mean_of(map.clone())?, mean_of(map.clone() * map.clone())?);
        Ok((mean, (square - mean * mean).max(0.0).sqrt()))
    }
}

/// The taps of a pass.
#[derive(Debug, Default)]
pub(super) struct Taps {
    pub blocks: Vec<Tap>,
    /// Whether gradients that arrive at the blocks' inputs are noted as well.
    inputs: bool,
    open: Option<Open>,
}

/// The block that the pass is in.
#[derive(Debug)]
struct Open {
    input_gradient: GradientSink,
    ratio: BranchRatio<Tensor<1>>,
}

impl Taps {
    /// Taps at the blocks' outputs, and at their `inputs` if that is asked for.
    pub fn new(inputs: bool) -> Self {
        Self { inputs, ..Self::default() }
    }

    /// A block begins with this input, which goes on with the tap at it.
    pub fn open(&mut self, x: Tensor<4>) -> Tensor<4> {
        let input_gradient = GradientSink::default();
        let x = if self.inputs && x.is_autodiff() { tap(x, &input_gradient) } else { x };
        self.open = Some(Open { input_gradient, ratio: BranchRatio::new(&x) });
        x
    }

    /// A branch's output, before it is added.
    pub fn branch(&mut self, branch: &Tensor<4>, gain: &Factor) {
        if let Some(open) = &mut self.open {
            open.ratio.see(branch, gain);
        }
    }

    /// The block ends with this output, which goes on with the tap at it.
    pub fn close(&mut self, y: Tensor<4>) -> Tensor<4> {
        let Some(Open { input_gradient, ratio }) = self.open.take() else { return y };
        let gradient = GradientSink::default();
        let branch_ratio = ratio.get();
        self.blocks.push(Tap { output: without_graph(&y), gradient: gradient.clone(), input_gradient, branch_ratio });
        if y.is_autodiff() { tap(y, &gradient) } else { y }
    }
}
