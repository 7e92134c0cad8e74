//! The fused operations as an extension of burn's backends: what [`super`] calls, implemented for Flex in
//! [`super::flex`] and for its differentiated form in [`super::gradients`].
//!
//! Maps are `[n, c, h, w]`, vectors have one value for each channel.

use std::fmt::Debug;
use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType, backend_extension};
use burn_flex::FlexTensor;

use super::awaited::Awaited;
use crate::activation::Smooth;
use crate::filters::Packed;
use crate::precision::Precision;

/// Stride, padding, precision and the slope of the activation below zero (1 for none) of a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ConvOptions {
    pub stride: usize,
    pub padding: usize,
    pub precision: Precision,
    pub slope: f32,
}

/// What a norm adds to the variance, the slope of the activation behind it, and its groups (none: batch norm).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NormOptions {
    pub epsilon: f32,
    pub slope: f32,
    pub groups: Option<usize>,
}

/// A pool's windows, whether those that stick out at the end count, and whether it takes their mean or their largest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolOptions {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub ceil: bool,
    pub mean: bool,
}

/// An operand that may be missing.
#[derive(Clone, Debug, ExtensionType)]
pub(crate) enum Extra<B: Backend> {
    Given(FloatTensor<B>),
    Missing,
}

impl<B: Backend> Extra<B> {
    pub fn new(tensor: Option<FloatTensor<B>>) -> Self {
        tensor.map_or(Self::Missing, Self::Given)
    }

    pub fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Given(tensor) => Some(tensor),
            Self::Missing => None,
        }
    }
}

/// Operations on maps that are computed in one go.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait KernelOps: Backend {
    /// `act(conv(x, w) + bias + shortcut)`; packed forms of `w` are taken from `kept` and left there, if it is given.
    fn kernel_conv(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        #[extension_type] bias: Extra<Self>,
        #[extension_type] shortcut: Extra<Self>,
        options: ConvOptions,
        kept: Option<Arc<Packed>>,
    ) -> FloatTensor<Self>;

    /// `act(norm(conv(x, w)) + shortcut)` with batch statistics; also mean and biased variance, not tracked.
    fn kernel_conv_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        #[extension_type] shortcut: Extra<Self>,
        conv: ConvOptions,
        norm: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// `act(norm(x) + shortcut)`; also mean and biased variance of the batch, not tracked (empty for groups).
    fn kernel_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        #[extension_type] shortcut: Extra<Self>,
        norm: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// `act(scale · x + shift + shortcut)`
    fn kernel_affine(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        #[extension_type] shortcut: Extra<Self>,
        slope: f32,
    ) -> FloatTensor<Self>;

    /// `act(x + shortcut)`
    fn kernel_add(x: FloatTensor<Self>, #[extension_type] shortcut: Extra<Self>, slope: f32) -> FloatTensor<Self>;

    /// The shortcut without parameters, to `channels` channels.
    fn kernel_pad(x: FloatTensor<Self>, stride: usize, channels: usize) -> FloatTensor<Self>;

    /// Largest value or mean of windows.
    fn kernel_pool(x: FloatTensor<Self>, options: PoolOptions) -> FloatTensor<Self>;

    /// Mean of whole maps, `[n, c]`.
    fn kernel_global_average(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// A smooth activation, value by value.
    fn kernel_smooth(x: FloatTensor<Self>, kind: Smooth) -> FloatTensor<Self>;

    /// Mean, standard deviation and Euclidean norm of all values, `[3]`, not tracked.
    fn kernel_measure(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What an operation keeps for its backward pass. Its first parent is the map it works on.
pub(super) trait Differentiate: Clone + Debug + Send + 'static {
    /// Parents of the operation.
    const PARENTS: usize;
    /// Which of them is the shortcut that it adds, if it adds one.
    const SHORTCUT: Option<usize> = None;

    /// The gradients of the parents, in their order.
    fn differentiate(self, given: Given) -> Vec<Option<FlexTensor>>;

    /// What it needs of the gradient of its output as soon as that is made.
    fn awaited(&self) -> Option<&Arc<Awaited>> {
        None
    }
}

/// What a backward pass starts from.
pub(super) struct Given<'a> {
    /// The gradient of the operation's output.
    pub gradient: FlexTensor,
    /// For each parent, whether its gradient is used.
    pub wanted: &'a [bool],
    /// What is to be added to the gradient of the first parent.
    pub share: Option<FlexTensor>,
    /// Who awaits that gradient, which is whole then.
    pub awaited: Option<Arc<Awaited>>,
}
