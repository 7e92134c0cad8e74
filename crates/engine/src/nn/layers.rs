//! The layers that have parameters: convolution, normalisation, linear. Parameters have PyTorch's shapes.

use super::folded::FoldedCache;
use super::host;
use super::init::{self, Role};
use super::pass::{BatchStatistics, Pass};
use super::rounded::{factor, sum};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, module as functional, ops::ConvOptions};
use lab_core::blueprint::ConvPlan;
use lab_core::experiment::{Activation, Init, NORM_EPSILON, Norm};

/// PyTorch's default share of a new batch in the running statistics.
pub(super) const MOMENTUM: f64 = 0.1;

/// Makes parameters on one device for one network.
pub(crate) struct Maker<'a> {
    pub init: Init,
    pub seed: u64,
    /// Where they live; an autodiff device for a network that trains.
    pub device: &'a Device,
    /// Batch norms made so far.
    pub norms: usize,
}

impl Maker<'_> {
    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D], trained: bool) -> Param<Tensor<D>> {
        let tensor = host::tensor(values, shape, self.device);
        Param::initialized(ParamId::new(), tensor.set_require_grad(trained && self.device.is_autodiff()))
    }

    /// A trained vector of one value.
    pub fn vector(&self, value: f32, length: usize) -> Param<Tensor<1>> {
        self.tensor(vec![value; length], [length], true)
    }

    fn weight<const D: usize>(&self, role: Role, shape: [usize; D], path: &str) -> Param<Tensor<D>> {
        self.tensor(init::weight(self.init, role, &shape, self.seed, path), shape, true)
    }

    /// A convolution; `path` keys its initial weights.
    pub fn conv(&self, plan: &ConvPlan, path: &str) -> Conv {
        let shape = [plan.output[0], plan.input[0], plan.kernel, plan.kernel];
        Conv {
            weight: self.weight(Role::Convolution, shape, path),
            bias: plan.bias.then(|| self.vector(0.0, shape[0])),
            stride: plan.stride,
            kept: FoldedCache::default(),
        }
    }

    /// A norm whose scale starts at `gamma`; `None` where networks have none.
    pub fn norm(&mut self, kind: Norm, channels: usize, gamma: f32) -> Option<NormLayer> {
        let running = match kind {
            Norm::None => return None,
            Norm::Group(_) => None,
            Norm::Batch => {
                self.norms += 1;
                Some(Running {
                    mean: self.tensor(vec![0.0; channels], [channels], false),
                    variance: self.tensor(vec![1.0; channels], [channels], false),
                })
            }
        };
        let groups = if let Norm::Group(groups) = kind { groups } else { 0 };
        let (gamma, beta) = (self.vector(gamma, channels), self.vector(0.0, channels));
        Some(NormLayer { gamma, beta, running, groups, index: self.norms.saturating_sub(1) })
    }

    /// The linear layer of the head.
    pub fn linear(&self, inputs: usize, outputs: usize, bias: bool, path: &str) -> Linear {
        Linear {
            weight: self.weight(Role::Head, [outputs, inputs], path),
            bias: bias.then(|| self.vector(0.0, outputs)),
        }
    }
}

/// A square convolution with padding ⌊kernel / 2⌋.
#[derive(Module, Debug)]
pub(crate) struct Conv {
    /// [out, in, kernel, kernel]
    pub weight: Param<Tensor<4>>,
    /// [out]; only where no norm follows.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
    /// For passes without a graph.
    #[module(skip)]
    pub kept: FoldedCache,
}

impl Conv {
    /// The step between neighbouring outputs, in both directions.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// [batch, in, height, width] → [batch, out, ⌈height / stride⌉, ⌈width / stride⌉] for odd kernels.
    pub fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let padding = self.weight.dims()[2] / 2;
        let options = ConvOptions::new([self.stride; 2], [padding; 2], [1, 1], 1);
        let (weight, bias) = (self.weight.val(), self.bias.as_ref().map(Param::val));
        let precision = pass.precision();
        if precision.is_f32() {
            return functional::conv2d(x, weight, bias, options);
        }
        let y = functional::conv2d(factor(x, precision), factor(weight, precision), None, options);
        let y = sum(y, precision);
        match bias {
            Some(bias) => y + bias.reshape([1, -1, 1, 1]),
            None => y,
        }
    }
}

/// Batch or group normalisation with scale and shift per channel.
#[derive(Module, Debug)]
pub(crate) struct NormLayer {
    /// Scale, [channels].
    pub gamma: Param<Tensor<1>>,
    /// Shift, [channels].
    pub beta: Param<Tensor<1>>,
    /// Batch norm's running statistics; a group norm has none.
    pub running: Option<Running>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    index: usize,
}

/// A convolution with what follows it: act(norm(conv(x))).
#[derive(Clone, Copy)]
pub(super) struct ConvNormAct<'a> {
    pub conv: &'a Conv,
    pub norm: Option<&'a NormLayer>,
    pub act: Option<Activation>,
}

/// What a norm takes its statistics over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// A channel of the whole batch.
    Batch,
    /// A group of channels of each image.
    Group(usize),
}

/// Running statistics of a batch norm, not trained.
#[derive(Module, Debug)]
pub(crate) struct Running {
    /// [channels]
    pub mean: Param<Tensor<1>>,
    /// Unbiased, as PyTorch keeps it; [channels].
    pub variance: Param<Tensor<1>>,
}

impl NormLayer {
    /// [batch, channels, height, width] → the same shape.
    pub fn forward(&self, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        match &self.running {
            None => self.group_norm(x, gamma, beta),
            Some(running) if !pass.is_training() => {
                functional::batch_norm(x, gamma, beta, running.mean.val(), running.variance.val(), NORM_EPSILON)
            }
            Some(_) => {
                let [batch, _, height, width] = x.dims();
                let measured = functional::batch_norm_train(x, gamma, beta, NORM_EPSILON);
                self.record(pass, measured.mean, measured.variance, batch * height * width);
                measured.output
            }
        }
    }

    pub fn kind(&self) -> NormKind {
        if self.running.is_some() { NormKind::Batch } else { NormKind::Group(self.groups) }
    }

    /// Leaves what a training pass measured for [`Self::absorb`].
    pub fn record(&self, pass: &mut Pass, mean: Tensor<1>, variance: Tensor<1>, count: usize) {
        pass.statistics.push((self.index, BatchStatistics { mean, variance, count }));
    }

    /// Batch norm by running statistics as (scale, shift): γ / √(σ² + ε) and β − μ · scale.
    pub fn affine(&self, gamma: Tensor<1>, beta: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
        let Some(running) = &self.running else { return (gamma, beta) };
        let scale = gamma / (running.variance.val() + NORM_EPSILON).sqrt();
        let shift = beta - running.mean.val() * scale.clone();
        (scale, shift)
    }

    fn group_norm(&self, x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let grouped = x.reshape([batch, self.groups, channels / self.groups * height * width]);
        let (variance, mean) = grouped.clone().var_mean_bias(2);
        let normalised = (grouped - mean) / (variance + NORM_EPSILON).sqrt();
        let per_channel = |values: Tensor<1>| values.reshape([1, channels, 1, 1]);
        normalised.reshape([batch, channels, height, width]) * per_channel(gamma) + per_channel(beta)
    }

    /// Moves the running statistics towards what the last training pass measured (PyTorch: the variance unbiased).
    pub fn absorb(&mut self, pass: &Pass) {
        let Some(running) = &mut self.running else { return };
        let Some((_, seen)) = pass.statistics.iter().find(|(index, _)| *index == self.index) else { return };
        let unbias = seen.count as f64 / seen.count.saturating_sub(1).max(1) as f64;
        blend(&mut running.mean, &seen.mean, 1.0);
        blend(&mut running.variance, &seen.variance, unbias);
    }
}

fn blend(running: &mut Param<Tensor<1>>, seen: &Tensor<1>, factor: f64) {
    let autodiff = running.device().is_autodiff();
    let seen = if autodiff { seen.clone().inner() } else { seen.clone() };
    *running = running.clone().map(|old| {
        let old = if autodiff { old.inner() } else { old };
        let new = old * (1.0 - MOMENTUM) + seen * (MOMENTUM * factor);
        if autodiff { Tensor::from_inner(new) } else { new }
    });
}

/// The linear layer of the head, with PyTorch's [out, in] weight.
#[derive(Module, Debug)]
pub(crate) struct Linear {
    /// [out, in]
    pub weight: Param<Tensor<2>>,
    /// [out]
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// [batch, in] → [batch, out]
    pub fn forward(&self, x: Tensor<2>, pass: &Pass) -> Tensor<2> {
        let precision = pass.precision();
        // This way round the weight's gradient has the weight's own order in memory, and is not copied for the optimiser.
        let y = factor(self.weight.val(), precision).matmul(factor(x, precision).transpose()).transpose();
        let y = sum(y, precision);
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }
}
