//! Convolution, norm, activation and pooling as one unit: the only way the networks compute maps, and the one place
//! that chooses between burn's operations and the fused ones.

use super::factor::Factor;
use super::layers::{Conv, ConvNormAct, Maker, NormLayer};
use super::pass::Pass;
use super::{fused, stock};
use burn::module::Module;
use burn::tensor::Tensor;
use lab_core::blueprint::{PoolPlan, UnitPlan};
use lab_core::experiment::{Activation, Norm};

/// Conv → norm → activation → pool, or norm → activation → conv → pool in pre-activation nets.
#[derive(Module, Debug)]
pub(crate) struct Unit {
    pub conv: Conv,
    pub norm: Option<NormLayer>,
    #[module(skip)]
    plan: UnitPlan,
    #[module(skip)]
    activation: Activation,
}

/// What a block adds to the map of its last unit: act(shortcut + gain · branch).
pub(crate) struct Addition {
    /// [batch, channels, height, width] of the unit's output.
    pub shortcut: Tensor<4>,
    pub gain: Factor,
    pub activation: Option<Activation>,
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

    fn act(&self) -> Option<Activation> {
        self.plan.activate.then_some(self.activation)
    }

    /// The convolution, the norm if it comes behind it, and an activation behind both.
    fn layers(&self, act: Option<Activation>) -> ConvNormAct<'_> {
        ConvNormAct { conv: &self.conv, norm: self.norm.as_ref().filter(|_| !self.plan.pre), act }
    }

    /// The unit's map: [batch, in, height, width] → [batch, out, …].
    pub fn forward(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        if self.plan.pre {
            let x = self.before(x, pass);
            return self.after(x, pass);
        }
        let y = conv_norm_act(self.layers(self.act()), x, pass);
        self.pool(y, pass)
    }

    /// A pre-activation unit's norm and activation alone, which a projection shortcut shares with the branch.
    pub fn before(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        norm_act(self.norm.as_ref(), self.act(), x, pass)
    }

    /// What follows [`Self::before`].
    pub fn after(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let y = conv_norm_act(self.layers(None), x, pass);
        self.pool(y, pass)
    }

    /// The last unit of a branch together with the addition that ends the block.
    pub fn forward_add(&self, x: Tensor<4>, addition: Addition, pass: &mut Pass) -> Tensor<4> {
        let Addition { shortcut, gain, activation } = addition;
        let fused = pass.is_fused(&x);
        // An activation between convolution and sum keeps the sum from being folded into the convolution.
        let foldable = fused && self.plan.pool.is_none() && (self.plan.pre || !self.plan.activate);
        if !foldable {
            let branch = self.forward(x, pass);
            pass.see_branch(&branch, &gain);
            return if fused {
                fused::add(branch, shortcut, &gain, activation)
            } else {
                stock::add(branch, shortcut, gain, activation)
            };
        }
        let x = if self.plan.pre { self.before(x, pass) } else { x };
        if pass.has_taps() {
            // Alone, the branch can be measured; the sum comes out the same to the last bit.
            let branch = fused::conv_norm_act(self.layers(None), x, &gain, None, pass);
            pass.see_branch(&branch, &Factor::ONE);
            return fused::add(branch, shortcut, &Factor::ONE, activation);
        }
        fused::conv_norm_act(self.layers(activation), x, &gain, Some(shortcut), pass)
    }

    fn pool(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        match &self.plan.pool {
            Some(plan) => pool(x, plan, pass),
            None => x,
        }
    }
}

fn conv_norm_act(layers: ConvNormAct, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    if pass.is_fused(&x) {
        fused::conv_norm_act(layers, x, &Factor::ONE, None, pass)
    } else {
        stock::conv_norm_act(layers, x, pass)
    }
}

/// act(norm(x)) for a norm that belongs to no convolution before it.
pub(super) fn norm_act(norm: Option<&NormLayer>, act: Option<Activation>, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    if pass.is_fused(&x) { fused::norm_act(norm, act, x, pass) } else { stock::norm_act(norm, act, x, pass) }
}

/// The non-linearity, if there is one.
pub(super) fn activate(act: Option<Activation>, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
    if pass.is_fused(&x) { fused::activate(act, x) } else { stock::activate(act, x) }
}

/// Pooling; an average leaves padding out.
pub(super) fn pool(x: Tensor<4>, plan: &PoolPlan, pass: &Pass) -> Tensor<4> {
    if pass.is_fused(&x) { fused::pool(x, plan) } else { stock::pool(x, plan) }
}

/// Option A's shortcut to `channels` channels.
pub(super) fn pad(x: Tensor<4>, stride: usize, channels: usize, pass: &Pass) -> Tensor<4> {
    if pass.is_fused(&x) { fused::pad(x, stride, channels) } else { stock::pad(x, stride, channels) }
}

/// [batch, channels, height, width] → the mean of each map, [batch, channels].
pub(super) fn global_average(x: Tensor<4>, pass: &Pass) -> Tensor<2> {
    if pass.is_fused(&x) { fused::global_average(x) } else { stock::global_average(x) }
}
