//! The units' arithmetic by burn's own operations: on every device, and the measure of the fused operations.

use super::factor::Factor;
use super::layers::{ConvNormAct, NormLayer};
use super::pass::Pass;
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Slice, Tensor, activation, module as functional, s};
use lab_core::blueprint::{PoolKind, PoolPlan};
use lab_core::experiment::{Activation, LEAKY_SLOPE};

/// act(norm(conv(x)))
pub(super) fn conv_norm_act(ConvNormAct { conv, norm, act }: ConvNormAct, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    let z = normed(norm, conv.forward(x, pass), pass);
    if let Some(watch) = &mut pass.watch {
        watch.response(&z);
    }
    activated(act, z, pass)
}

/// act(norm(x))
pub(super) fn norm_act(norm: Option<&NormLayer>, act: Option<Activation>, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    let x = normed(norm, x, pass);
    activated(act, x, pass)
}

fn normed(norm: Option<&NormLayer>, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    match norm {
        Some(norm) => norm.forward(x, pass),
        None => x,
    }
}

fn activated(act: Option<Activation>, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    let y = activate(act, x);
    if let (Some(watch), Some(Activation::Relu)) = (&mut pass.watch, act) {
        watch.relu(&y);
    }
    y
}

/// act(shortcut + gain · branch)
pub(super) fn add(branch: Tensor<4>, shortcut: Tensor<4>, gain: Factor, act: Option<Activation>) -> Tensor<4> {
    let sum = match gain {
        Factor::Fixed(1.0) => branch + shortcut,
        Factor::Fixed(gain) => branch * gain + shortcut,
        Factor::Learned(gain) => branch * (*gain).reshape([1, 1, 1, 1]) + shortcut,
    };
    activate(act, sum)
}

/// The non-linearity, if there is one.
pub(super) fn activate(kind: Option<Activation>, x: Tensor<4>) -> Tensor<4> {
    match kind {
        None => x,
        Some(Activation::Relu) => activation::relu(x),
        Some(Activation::LeakyRelu) => activation::leaky_relu(x, LEAKY_SLOPE.into()),
        Some(Activation::Gelu) => activation::gelu(x),
        Some(Activation::Silu) => activation::silu(x),
        Some(Activation::Tanh) => activation::tanh(x),
    }
}

/// Pooling; an average leaves padding out.
pub(super) fn pool(x: Tensor<4>, plan: &PoolPlan) -> Tensor<4> {
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

/// Option A: every stride-th pixel, zeros for new channels, half of them before; surplus channels are left out.
pub(super) fn pad(x: Tensor<4>, stride: usize, channels: usize) -> Tensor<4> {
    let step = Slice::with_step(0, None, isize::try_from(stride).unwrap_or(1));
    let x = if stride > 1 { x.slice(s![.., .., step, step]) } else { x };
    let [batch, available, height, width] = x.dims();
    if available >= channels {
        return x.narrow(1, 0, channels);
    }
    let (device, before) = (x.device(), (channels - available) / 2);
    let zeros = |count: usize| Tensor::<4>::zeros([batch, count, height, width], &device);
    let mut parts = vec![x, zeros(channels - available - before)];
    if before > 0 {
        parts.insert(0, zeros(before));
    }
    Tensor::cat(parts, 1)
}

/// [batch, channels, height, width] → the mean of each map, [batch, channels].
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
}
