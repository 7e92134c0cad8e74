//! The units' arithmetic by the fused CPU operations: the same functions as `stock`, with fewer passes over memory.

use super::factor::Factor;
use super::folded::Origin;
use super::layers::{Conv, ConvNormAct, NormKind, NormLayer};
use super::pass::Pass;
use super::{rounded, stock};
use burn::module::Param;
use burn::tensor::Tensor;
use lab_core::blueprint::{PoolKind, PoolPlan};
use lab_core::experiment::{Activation, LEAKY_SLOPE, NORM_EPSILON, Precision};
use lab_kernels::ops::{self, Convolution, Folded, Steps, Windows};

fn kernel(act: Option<Activation>) -> ops::Activation {
    match act {
        None => ops::Activation::Identity,
        Some(Activation::Relu) => ops::Activation::Relu,
        Some(Activation::LeakyRelu) => ops::Activation::LeakyRelu(LEAKY_SLOPE),
        Some(Activation::Gelu) => ops::Activation::Gelu,
        Some(Activation::Silu) => ops::Activation::Silu,
        Some(Activation::Tanh) => ops::Activation::Tanh,
    }
}

fn convolution(conv: &Conv, precision: Precision) -> Convolution {
    let steps = Steps { stride: conv.stride(), padding: conv.weight.dims()[2] / 2 };
    Convolution { steps, precision: rounded::kernel(precision) }
}

/// x times a factor of the branch, for vectors over channels.
fn scaled<const D: usize>(x: Tensor<D>, gain: &Factor) -> Tensor<D> {
    match gain {
        Factor::Fixed(1.0) => x,
        Factor::Fixed(gain) => x * *gain,
        Factor::Learned(gain) => x * (**gain).clone().reshape([1; D]),
    }
}

/// act(gain · norm(conv(x)) + shortcut). The gain goes into scale and shift, or into the weights where there is no
/// norm, so that the sum costs no pass of its own.
pub(super) fn conv_norm_act(
    ConvNormAct { conv, norm, act }: ConvNormAct,
    x: Tensor<4>,
    gain: &Factor,
    shortcut: Option<Tensor<4>>,
    pass: &mut Pass,
) -> Tensor<4> {
    let act = kernel(act);
    let precision = pass.precision();
    let Some(norm) = norm else { return conv_act(conv, x, gain, shortcut, act, precision) };
    let how = convolution(conv, precision);
    match norm.kind() {
        NormKind::Group(groups) => {
            let z = conv_act(conv, x, &Factor::ONE, None, ops::Activation::Identity, precision);
            let (gamma, beta) = (scaled(norm.gamma.val(), gain), scaled(norm.beta.val(), gain));
            ops::group_norm_act(z, gamma, beta, groups, NORM_EPSILON, shortcut, act)
        }
        NormKind::Batch if pass.is_training() => {
            let [batch, ..] = x.dims();
            let (gamma, beta) = (scaled(norm.gamma.val(), gain), scaled(norm.beta.val(), gain));
            let y = ops::conv_norm_act(x, conv.weight.val(), gamma, beta, NORM_EPSILON, shortcut, how, act);
            let [.., height, width] = y.output.dims();
            norm.record(pass, y.mean, y.variance, batch * height * width);
            y.output
        }
        NormKind::Batch => {
            let affine = || norm.affine(scaled(norm.gamma.val(), gain), scaled(norm.beta.val(), gain));
            let Some(factor) = kept_factor(&x, &conv.weight, gain) else {
                let (scale, shift) = affine();
                return ops::conv_affine_act(x, conv.weight.val(), scale, shift, shortcut, how, act);
            };
            let running = norm.running.as_ref();
            let (mean, variance) = (running.map(|of| &*of.mean), running.map(|of| &*of.variance));
            let vectors = [Some(&*norm.gamma), Some(&*norm.beta), mean, variance];
            let folded = conv.kept.get(Origin { weight: &conv.weight, vectors, gain: factor, precision }, || {
                let (scale, shift) = affine();
                Folded::with_affine(conv.weight.val(), scale, Some(shift), rounded::kernel(precision))
            });
            ops::conv_folded_act(x, &folded, shortcut, how, act)
        }
    }
}

/// act(gain · conv(x) + shortcut)
fn conv_act(
    conv: &Conv,
    x: Tensor<4>,
    gain: &Factor,
    shortcut: Option<Tensor<4>>,
    act: ops::Activation,
    precision: Precision,
) -> Tensor<4> {
    let how = convolution(conv, precision);
    let weight = || conv.weight.val();
    let bias = || conv.bias.as_ref().map(|bias| scaled(bias.val(), gain));
    let Some(factor) = kept_factor(&x, &conv.weight, gain) else {
        if !precision.is_f32() && !matches!(gain, Factor::Fixed(1.0)) {
            // Folded into the weights, the factor would not be in the gradient when that is rounded.
            let plain = conv.bias.as_ref().map(Param::val);
            let branch = scaled(ops::conv_act(x, weight(), plain, None, how, ops::Activation::Identity), gain);
            return match shortcut {
                Some(shortcut) => ops::add_act(branch, shortcut, act),
                None => ops::activate(branch, act),
            };
        }
        return ops::conv_act(x, scaled(weight(), gain), bias(), shortcut, how, act);
    };
    let vectors = [conv.bias.as_deref(), None, None, None];
    let origin = Origin { weight: &conv.weight, vectors, gain: factor, precision };
    let folded = conv.kept.get(origin, || {
        if factor == 1.0 {
            return Folded::new(weight(), bias());
        }
        let scale = Tensor::full([conv.weight.dims()[0]], factor, &x.device());
        Folded::with_affine(weight(), scale, bias(), rounded::kernel(precision))
    });
    ops::conv_folded_act(x, &folded, shortcut, how, act)
}

/// The factor under which a convolution's folded form is kept: where nothing is differentiated, and the factor known.
fn kept_factor(x: &Tensor<4>, weight: &Tensor<4>, gain: &Factor) -> Option<f64> {
    match *gain {
        Factor::Fixed(factor) if !x.is_autodiff() && !weight.is_autodiff() => Some(factor),
        _ => None,
    }
}

/// act(norm(x))
pub(super) fn norm_act(norm: Option<&NormLayer>, act: Option<Activation>, x: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    let act = kernel(act);
    let Some(norm) = norm else { return ops::activate(x, act) };
    let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
    match norm.kind() {
        NormKind::Group(groups) => ops::group_norm_act(x, gamma, beta, groups, NORM_EPSILON, None, act),
        NormKind::Batch if pass.is_training() => {
            let [batch, _, height, width] = x.dims();
            let y = ops::norm_act(x, gamma, beta, NORM_EPSILON, None, act);
            norm.record(pass, y.mean, y.variance, batch * height * width);
            y.output
        }
        NormKind::Batch => {
            let (scale, shift) = norm.affine(gamma, beta);
            ops::affine_act(x, scale, shift, None, act)
        }
    }
}

/// act(shortcut + gain · branch), where the branch could not take the shortcut in.
pub(super) fn add(branch: Tensor<4>, shortcut: Tensor<4>, gain: &Factor, act: Option<Activation>) -> Tensor<4> {
    ops::add_act(scaled(branch, gain), shortcut, kernel(act))
}

/// The non-linearity, if there is one.
pub(super) fn activate(act: Option<Activation>, x: Tensor<4>) -> Tensor<4> {
    ops::activate(x, kernel(act))
}

/// Pooling; an average leaves padding out.
pub(super) fn pool(x: Tensor<4>, plan: &PoolPlan) -> Tensor<4> {
    let steps = Steps { stride: plan.stride, padding: plan.padding };
    let windows = Windows { kernel: plan.kernel, steps, ceil: plan.ceil };
    match plan.kind {
        PoolKind::Max => ops::max_pool(x, windows),
        PoolKind::Average => ops::average_pool(x, windows),
    }
}

/// Option A: every stride-th pixel, zeros for new channels, half of them before.
pub(super) fn pad(x: Tensor<4>, stride: usize, channels: usize) -> Tensor<4> {
    if x.dims()[1] > channels { stock::pad(x, stride, channels) } else { ops::pad_shortcut(x, stride, channels) }
}

/// [batch, channels, height, width] → the mean of each map, [batch, channels].
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    ops::global_average_pool(x)
}
