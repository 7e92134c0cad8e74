//! What networks call: fused operations on tensors `[n, c, h, w]` that burn differentiates.
//!
//! They run on the Flex backend only, differentiated or not; [`available`] says whether a tensor lives there.
//! Their outputs are channels-last in memory. Inputs of another order are copied, so a chain of these
//! operations copies nothing but its first input.

mod activated;
mod awaited;
mod backend;
mod descent;
mod flex;
mod folded;
mod gradients;
mod lineage;
mod memory;
mod states;
mod tensors;
mod workers;

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Dispatch, DispatchDevice, DispatchTensor, Flex};
use burn::tensor::{Device, Tensor};

use crate::activation::Smooth;
pub use crate::descent::{Descent, Rule};
use crate::filters::Packed;
pub use crate::precision::Precision;
use backend::{ConvOptions, Extra, KernelOps, NormOptions, PoolOptions};
pub use descent::descend;
pub use folded::{Folded, Mark, conv_folded_act};
pub use memory::release;
pub use workers::among_workers;

/// What follows a norm or a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(v, 0)`
    Relu,
    /// `max(v, slope · v)` for a slope from 0 to 1.
    LeakyRelu(f32),
    /// `v Φ(v)`
    Gelu,
    /// `v σ(v)`
    Silu,
    /// `tanh v`
    Tanh,
}

impl Activation {
    /// The slope below zero that a fused operation applies itself.
    fn slope(self) -> f32 {
        match self {
            Self::Relu => 0.0,
            Self::LeakyRelu(slope) => slope,
            Self::Identity | Self::Gelu | Self::Silu | Self::Tanh => 1.0,
        }
    }

    /// The rest, which is an operation of its own.
    fn finish(self, y: Tensor<4>) -> Tensor<4> {
        let kind = match self {
            Self::Identity | Self::Relu | Self::LeakyRelu(_) => return y,
            Self::Gelu => Smooth::Gelu,
            Self::Silu => Smooth::Silu,
            Self::Tanh => Smooth::Tanh,
        };
        Tensor::from_dispatch(Dispatch::kernel_smooth(y.into_dispatch(), kind))
    }
}

/// How a convolution steps over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Step between neighbouring outputs.
    pub stride: usize,
    /// Zeros around the input, on each side.
    pub padding: usize,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// How it steps over its input.
    pub steps: Steps,
    /// With how many digits it multiplies.
    pub precision: Precision,
}

impl From<Steps> for Convolution {
    /// In single precision.
    fn from(steps: Steps) -> Self {
        Self { steps, precision: Precision::F32 }
    }
}

impl Convolution {
    fn options(self, slope: f32) -> ConvOptions {
        let Self { steps: Steps { stride, padding }, precision } = self;
        ConvOptions { stride, padding, precision, slope }
    }
}

/// A map normalised by the statistics of its batch, and these statistics, which are not differentiated.
#[derive(Clone, Debug)]
pub struct Normalised {
    /// `[n, c, h, w]`
    pub output: Tensor<4>,
    /// Mean of each channel, `[c]`.
    pub mean: Tensor<1>,
    /// Biased variance of each channel, `[c]`.
    pub variance: Tensor<1>,
}

/// Whether these operations can run where `x` lives.
#[must_use]
pub fn available<const D: usize>(x: &Tensor<D>) -> bool {
    run_on(&x.device())
}

/// Whether these operations run on the device.
#[must_use]
pub fn run_on(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// `act(conv(x, w) + bias + shortcut)`
///
/// # Shapes
/// - `x`: `[n, in, h, w]`
/// - `w`: `[out, in, k, k]`
/// - `bias`: `[out]`
/// - `shortcut` and result: `[n, out, h', w']`
#[must_use]
pub fn conv_act(
    x: Tensor<4>,
    w: Tensor<4>,
    bias: Option<Tensor<1>>,
    shortcut: Option<Tensor<4>>,
    how: impl Into<Convolution>,
    activation: Activation,
) -> Tensor<4> {
    Operands { x, w, bias, shortcut, kept: None }.convolve(how.into(), activation)
}

/// What a convolution without statistics works on.
struct Operands {
    x: Tensor<4>,
    w: Tensor<4>,
    bias: Option<Tensor<1>>,
    shortcut: Option<Tensor<4>>,
    /// Where the packed forms of `w` are kept, where it does not change.
    kept: Option<Arc<Packed>>,
}

impl Operands {
    fn convolve(self, how: Convolution, activation: Activation) -> Tensor<4> {
        let Self { x, w, bias, shortcut, kept } = self;
        let options = how.options(activation.slope());
        let (bias, shortcut) = (extra(bias), extra(shortcut));
        let y = Dispatch::kernel_conv(x.into_dispatch(), w.into_dispatch(), bias, shortcut, options, kept);
        activation.finish(Tensor::from_dispatch(y))
    }
}

/// `act(norm(conv(x, w)) + shortcut)` with the statistics of the batch, for training:
/// `norm(z) = γ (z − mean) / √(variance + ε) + β`.
///
/// # Shapes
/// - `x`: `[n, in, h, w]`
/// - `w`: `[out, in, k, k]`
/// - `gamma`, `beta`: `[out]`
/// - `shortcut` and output: `[n, out, h', w']`
#[must_use]
#[allow(clippy::too_many_arguments, reason = "they are the operands of the formula")]
pub fn conv_norm_act(
    x: Tensor<4>,
    w: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    shortcut: Option<Tensor<4>>,
    how: impl Into<Convolution>,
    activation: Activation,
) -> Normalised {
    let slope = activation.slope();
    let (output, mean, variance) = Dispatch::kernel_conv_norm(
        x.into_dispatch(),
        w.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        extra(shortcut),
        how.into().options(slope),
        norm_options(epsilon, slope, None),
    );
    normalised(output, mean, variance, activation)
}

/// `act(scale · conv(x, w) + shift + shortcut)`, each factor per output channel: the form of [`conv_norm_act`]
/// whose statistics are fixed, for inference. Differentiable in all of its operands.
///
/// # Shapes
/// As for [`conv_norm_act`].
#[must_use]
pub fn conv_affine_act(
    x: Tensor<4>,
    w: Tensor<4>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    shortcut: Option<Tensor<4>>,
    how: impl Into<Convolution>,
    activation: Activation,
) -> Tensor<4> {
    let how = how.into();
    match how.precision {
        Precision::F32 => conv_act(x, scaled_by_channel(w, scale), Some(shift), shortcut, how, activation),
        // Scaled weights would not be the ones that are rounded in training.
        Precision::Bf16 => {
            affine_act(conv_act(x, w, None, None, how, Activation::Identity), scale, shift, shortcut, activation)
        }
    }
}

/// `act(norm(x) + shortcut)` with the statistics of the batch, for training.
///
/// # Shapes
/// - `x`, `shortcut` and output: `[n, c, h, w]`
/// - `gamma`, `beta`: `[c]`
#[must_use]
pub fn norm_act(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    shortcut: Option<Tensor<4>>,
    activation: Activation,
) -> Normalised {
    let (output, mean, variance) = Dispatch::kernel_norm(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        extra(shortcut),
        norm_options(epsilon, activation.slope(), None),
    );
    normalised(output, mean, variance, activation)
}

/// `act(norm(x) + shortcut)` with statistics over `groups` groups of neighbouring channels of each image (Wu and
/// He 2018), for training and inference alike.
///
/// # Shapes
/// - `x`, `shortcut` and result: `[n, c, h, w]`; `groups` divides `c`
/// - `gamma`, `beta`: `[c]`
#[must_use]
pub fn group_norm_act(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
    shortcut: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let (output, _, _) = Dispatch::kernel_norm(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        extra(shortcut),
        norm_options(epsilon, activation.slope(), Some(groups)),
    );
    activation.finish(Tensor::from_dispatch(output))
}

/// `act(scale · x + shift + shortcut)`, each factor per channel: [`norm_act`] with fixed statistics, for
/// inference.
///
/// # Shapes
/// - `x`, `shortcut` and result: `[n, c, h, w]`
/// - `scale`, `shift`: `[c]`
#[must_use]
pub fn affine_act(
    x: Tensor<4>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    shortcut: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let y = Dispatch::kernel_affine(
        x.into_dispatch(),
        scale.into_dispatch(),
        shift.into_dispatch(),
        extra(shortcut),
        activation.slope(),
    );
    activation.finish(Tensor::from_dispatch(y))
}

/// `act(x + shortcut)`
///
/// # Shapes
/// All `[n, c, h, w]`.
#[must_use]
pub fn add_act(x: Tensor<4>, shortcut: Tensor<4>, activation: Activation) -> Tensor<4> {
    let y = Dispatch::kernel_add(x.into_dispatch(), extra(Some(shortcut)), activation.slope());
    activation.finish(Tensor::from_dispatch(y))
}

/// `act(x)`
///
/// # Shapes
/// Both `[n, c, h, w]`.
#[must_use]
pub fn activate(x: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::Identity => x,
        Activation::Relu | Activation::LeakyRelu(_) => {
            Tensor::from_dispatch(Dispatch::kernel_add(x.into_dispatch(), Extra::Missing, activation.slope()))
        }
        Activation::Gelu | Activation::Silu | Activation::Tanh => activation.finish(x),
    }
}

/// The shortcut without parameters, option A of He et al. (2015): every `stride`-th pixel, and zeros for the
/// channels that are missing, half of them (rounded down) before the others.
///
/// # Shapes
/// `[n, c, h, w]` to `[n, channels, ⌈h / stride⌉, ⌈w / stride⌉]`
#[must_use]
pub fn pad_shortcut(x: Tensor<4>, stride: usize, channels: usize) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::kernel_pad(x.into_dispatch(), stride, channels))
}

/// Windows of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Rows and columns of a window.
    pub kernel: usize,
    /// From one window to the next, and the pixels around the map.
    pub steps: Steps,
    /// Whether a window that sticks out at the end still counts.
    pub ceil: bool,
}

impl Windows {
    fn options(self, mean: bool) -> PoolOptions {
        let Self { kernel, steps: Steps { stride, padding }, ceil } = self;
        PoolOptions { kernel, stride, padding, ceil, mean }
    }
}

/// The largest value under each window; padding never wins.
///
/// # Shapes
/// `[n, c, h, w]` to `[n, c, h', w']`
#[must_use]
pub fn max_pool(x: Tensor<4>, windows: Windows) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::kernel_pool(x.into_dispatch(), windows.options(false)))
}

/// The mean of each window; padding is left out.
///
/// # Shapes
/// `[n, c, h, w]` to `[n, c, h', w']`
#[must_use]
pub fn average_pool(x: Tensor<4>, windows: Windows) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::kernel_pool(x.into_dispatch(), windows.options(true)))
}

/// The mean of each map.
///
/// # Shapes
/// `[n, c, h, w]` to `[n, c]`
#[must_use]
pub fn global_average_pool(x: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::kernel_global_average(x.into_dispatch()))
}

/// Mean, standard deviation and Euclidean norm of all values.
///
/// # Shapes
/// `[n, c, h, w]` to `[3]`
#[must_use]
pub fn measure(x: Tensor<4>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::kernel_measure(x.into_dispatch()))
}

/// [`measure`] of a tensor of the backend itself, for operations that extend burn's backends.
///
/// # Shapes
/// `[n, c, h, w]` to `[3]`
#[must_use]
pub fn measure_on_flex(x: FloatTensor<Flex>) -> FloatTensor<Flex> {
    Flex::kernel_measure(x)
}

/// Weights `[out, …]` times a factor for each output channel.
fn scaled_by_channel(w: Tensor<4>, scale: Tensor<1>) -> Tensor<4> {
    let channels = w.dims()[0];
    w * scale.reshape([channels, 1, 1, 1])
}

fn extra<const D: usize>(tensor: Option<Tensor<D>>) -> Extra<Dispatch> {
    Extra::new(tensor.map(Tensor::into_dispatch))
}

fn norm_options(epsilon: f64, slope: f32, groups: Option<usize>) -> NormOptions {
    NormOptions { epsilon: epsilon as f32, slope, groups }
}

fn normalised(
    output: DispatchTensor,
    mean: DispatchTensor,
    variance: DispatchTensor,
    activation: Activation,
) -> Normalised {
    Normalised {
        output: activation.finish(Tensor::from_dispatch(output)),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}
