//! Convolution, norm, activation and pooling as one unit: the only way the networks compute maps, so that fused
//! operations need one place only.

use super::blueprint::{PoolKind, PoolPlan, UnitPlan};
use super::layers::{Conv, Maker, NormLayer};
use super::pass::Pass;
use crate::experiment::{Activation, Norm};
use burn::module::Module;
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Tensor, activation, module as functional};

/// Conv → norm → activation → pool, or norm → activation → conv → pool in pre-activation nets.
#[derive(Module, Debug)]
pub struct Unit {
    /// The convolution.
    pub conv: Conv,
    /// Its norm, if there is one.
    pub norm: Option<NormLayer>,
    #[module(skip)]
    plan: UnitPlan,
    #[module(skip)]
    activation: Activation,
}

/// What is added to a unit's norm before its activation: shortcut + gain · norm(conv(x)).
pub struct Addition {
    /// [batch, channels, height, width] of the unit's output.
    pub shortcut: Tensor<4>,
    /// Factor of the branch.
    pub gain: Factor,
    /// Whether the activation comes after the sum.
    pub activate: bool,
}

/// A factor of a branch: known, or learned.
pub enum Factor {
    /// A constant.
    Fixed(f64),
    /// A parameter of shape [1].
    Learned(Tensor<1>),
}

impl Unit {
    /// Makes a unit whose norm starts with scale `gamma`.
    pub fn new(maker: &mut Maker, plan: UnitPlan, norm: Norm, activation: Activation, gamma: f32, path: &str) -> Self {
        let channels = if plan.pre { plan.conv.input[0] } else { plan.conv.output[0] };
        Self {
            conv: maker.conv(&plan.conv, path),
            norm: if plan.norm { maker.norm(norm, channels, gamma) } else { None },
            plan,
            activation,
        }
    }

    /// The unit's map: [batch, in, height, width] → [batch, out, …].
    pub fn forward(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        if self.plan.pre {
            let x = self.before(x, pass);
            return self.pool(self.conv.forward(x));
        }
        self.pool(self.activate(self.normed(x, pass)))
    }

    /// A pre-activation unit's norm and activation alone, which a projection shortcut shares with the branch.
    pub fn before(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        self.activate(self.normalise(x, pass))
    }

    /// What follows [`Self::before`].
    pub fn after(&self, x: Tensor<4>) -> Tensor<4> {
        self.pool(self.conv.forward(x))
    }

    /// The last unit of a branch together with the addition that ends the block.
    pub fn forward_add(&self, x: Tensor<4>, addition: Addition, pass: &mut Pass) -> Tensor<4> {
        let branch = self.forward(x, pass);
        let sum = add(branch, addition.shortcut, addition.gain);
        if addition.activate { activate(self.activation, sum) } else { sum }
    }

    fn normed(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        self.normalise(self.conv.forward(x), pass)
    }

    fn normalise(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        match &self.norm {
            Some(norm) => norm.forward(x, pass),
            None => x,
        }
    }

    fn activate(&self, x: Tensor<4>) -> Tensor<4> {
        if self.plan.activate { activate(self.activation, x) } else { x }
    }

    fn pool(&self, x: Tensor<4>) -> Tensor<4> {
        match &self.plan.pool {
            Some(plan) => pool(x, plan),
            None => x,
        }
    }
}

/// shortcut + gain · branch
fn add(branch: Tensor<4>, shortcut: Tensor<4>, gain: Factor) -> Tensor<4> {
    match gain {
        Factor::Fixed(1.0) => branch + shortcut,
        Factor::Fixed(gain) => branch * gain + shortcut,
        Factor::Learned(gain) => branch * gain.reshape([1, 1, 1, 1]) + shortcut,
    }
}

/// The non-linearity.
pub fn activate(kind: Activation, x: Tensor<4>) -> Tensor<4> {
    match kind {
        Activation::Relu => activation::relu(x),
        Activation::LeakyRelu => activation::leaky_relu(x, 0.01),
        Activation::Gelu => activation::gelu(x),
        Activation::Silu => activation::silu(x),
        Activation::Tanh => activation::tanh(x),
    }
}

/// Pooling; an average leaves padding out.
pub fn pool(x: Tensor<4>, plan: &PoolPlan) -> Tensor<4> {
    let (kernel_size, stride, padding) = ([plan.kernel; 2], [plan.stride; 2], [(plan.padding, plan.padding); 2]);
    let ceil_mode = plan.ceil;
    match plan.kind {
        PoolKind::Max => {
            functional::max_pool2d(x, MaxPoolOptions { kernel_size, stride, padding, dilation: [1, 1], ceil_mode })
        }
        PoolKind::Average => {
            let count_include_pad = false;
            functional::avg_pool2d(x, AvgPoolOptions { kernel_size, stride, padding, count_include_pad, ceil_mode })
        }
    }
}
