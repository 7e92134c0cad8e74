//! Products in bfloat16: rounds what goes into a product, and the gradients that come back to it.
//!
//! The fused convolutions round what they multiply themselves; what goes through burn's own operations is rounded here.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchDevice, Flex, NdArray, backend_extension, tensor::FloatTensor,
};
use burn::tensor::{Device, Tensor, read_sync};
use lab_core::experiment::Precision;
use lab_kernels::{ops, precision};

/// Why a network cannot compute in bfloat16 on a device.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "recipe.precision is bf16, which is computed on the processor alone: choose the device flex, or the precision f32"
)]
pub struct NotOnThisDevice;

/// Whether a device computes in a precision.
///
/// # Errors
/// One that does not.
pub(super) fn check(precision: Precision, device: &Device) -> Result<(), NotOnThisDevice> {
    let plain = device.clone().without_autodiff();
    let processor = matches!(plain.as_dispatch(), DispatchDevice::Flex(_) | DispatchDevice::NdArray(_));
    if precision.is_f32() || processor { Ok(()) } else { Err(NotOnThisDevice) }
}

/// A factor of a product. Gradients pass as they are.
pub(super) fn factor<const D: usize>(x: Tensor<D>, precision: Precision) -> Tensor<D> {
    match precision {
        Precision::F32 => x,
        Precision::Bf16 => Tensor::from_dispatch(Dispatch::round(x.into_dispatch(), Direction::Forward)),
    }
}

/// A sum of products, whose gradient is a factor on the way back.
pub(super) fn sum<const D: usize>(y: Tensor<D>, precision: Precision) -> Tensor<D> {
    match precision {
        Precision::F32 => y,
        Precision::Bf16 => Tensor::from_dispatch(Dispatch::round(y.into_dispatch(), Direction::Back)),
    }
}

/// The precision as the fused operations call it.
pub(super) fn kernel(precision: Precision) -> ops::Precision {
    match precision {
        Precision::F32 => ops::Precision::F32,
        Precision::Bf16 => ops::Precision::Bf16,
    }
}

/// Which way values are rounded; the other way they pass as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Back,
}

/// The operation behind [`factor`] and [`sum`].
#[backend_extension(Flex, NdArray, Autodiff)]
pub(super) trait Rounding: Backend {
    /// Rounds values or their gradients to bfloat16.
    fn round(x: FloatTensor<Self>, way: Direction) -> FloatTensor<Self>;
}

impl Rounding for Flex {
    fn round(x: FloatTensor<Self>, way: Direction) -> FloatTensor<Self> {
        if way == Direction::Forward { rounded::<Self>(x) } else { x }
    }
}

impl Rounding for NdArray {
    fn round(x: FloatTensor<Self>, way: Direction) -> FloatTensor<Self> {
        if way == Direction::Forward { rounded::<Self>(x) } else { x }
    }
}

/// The values of a processor's tensor; it is the backend's only device.
fn rounded<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let Ok(mut data) = read_sync(B::float_into_data(x.clone())) else { return x };
    let Ok(values) = data.as_mut_slice::<f32>() else { return x };
    precision::round(values);
    B::float_from_data(data, &B::Device::default())
}

impl<B: Rounding, C: CheckpointStrategy> Rounding for Autodiff<B, C> {
    fn round(x: FloatTensor<Self>, way: Direction) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Back;
        impl<B: Rounding> Backward<B, 1> for Back {
            type State = Direction;
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let [parent] = ops.parents;
                let gradient = grads.consume::<B>(&ops.node);
                if let Some(node) = parent {
                    let gradient =
                        if ops.state == Direction::Back { B::round(gradient, Direction::Forward) } else { gradient };
                    grads.register::<B>(node.id, gradient);
                }
            }
        }
        let (primitive, node) = x.into_parts();
        let rounded = B::round(primitive, way);
        match Back.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(way, rounded),
            OpsKind::UnTracked(prepared) => prepared.finish(rounded),
        }
    }
}
