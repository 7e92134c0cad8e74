//! Convolutions whose weights do not change any more, as where a network is asked and not trained: the norm is folded
//! into them and the orders that the kernels read are kept, which for one image costs more than the image does.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::tensors::{Values, on_flex};
use super::{Activation, Convolution, Operands, scaled_by_channel};
use crate::filters::Packed;
use crate::precision::Precision;

/// Weights `[out, in, k, k]` and a bias `[out]` that stay as they are.
#[derive(Clone, Debug)]
pub struct Folded {
    w: Tensor<4>,
    bias: Option<Tensor<1>>,
    packed: Arc<Packed>,
}

impl Folded {
    /// Without a norm.
    #[must_use]
    pub fn new(w: Tensor<4>, bias: Option<Tensor<1>>) -> Self {
        Self { w, bias, packed: Arc::default() }
    }

    /// With a norm of fixed statistics behind it: `scale · conv(x, w) + shift`, both `[out]`. Weights that are rounded are
    /// those of training: the scale is not put into them.
    #[must_use]
    pub fn with_affine(w: Tensor<4>, scale: Tensor<1>, shift: Option<Tensor<1>>, precision: Precision) -> Self {
        match on_flex(&scale) {
            Some(scale) if precision == Precision::Bf16 => {
                let scale = Values::new(&scale).values().to_vec();
                Self { w, bias: shift, packed: Arc::new(Packed::scaled(scale)) }
            }
            _ => Self::new(scaled_by_channel(w, scale), shift),
        }
    }
}

/// [`conv_act`](super::conv_act) with folded weights. Not differentiable.
///
/// # Shapes
/// As for [`conv_act`](super::conv_act).
#[must_use]
pub fn conv_folded_act(
    x: Tensor<4>,
    folded: &Folded,
    shortcut: Option<Tensor<4>>,
    how: impl Into<Convolution>,
    activation: Activation,
) -> Tensor<4> {
    let Folded { w, bias, packed } = folded.clone();
    Operands { x, w, bias, shortcut, kept: Some(packed) }.convolve(how.into(), activation)
}

/// What tells a tensor of this backend from every other: the memory that it lies in, which is kept. While it is, no
/// operation writes there: burn writes into memory of one owner only.
#[derive(Clone, Debug)]
pub struct Mark(Option<FlexTensor>);

impl Mark {
    /// That of a tensor; of one that lives elsewhere, a mark that fits none.
    #[must_use]
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Self {
        Self(on_flex(tensor))
    }

    /// Whether the tensor is the same memory, read in the same order.
    #[must_use]
    pub fn fits<const D: usize>(&self, tensor: &Tensor<D>) -> bool {
        let (Some(a), Some(b)) = (&self.0, on_flex(tensor)) else { return false };
        std::ptr::eq(a.bytes(), b.bytes()) && a.layout() == b.layout()
    }
}
