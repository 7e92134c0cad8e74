//! An identity operation that notes the norm of the gradient passing through it.
//!
//! burn gives gradients of leaves only; block gradients are gradients of inner tensors. The operation costs one pass over
//! the gradient, in the steps that ask for it.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, NdArray, Wgpu, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, TensorData};
use lab_kernels::ops;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Reading = Box<dyn FnOnce() -> Option<TensorData> + Send>;

/// Where a backward pass leaves the norm of a gradient.
#[derive(Clone, Default)]
pub struct GradientSink(Arc<Mutex<Option<Reading>>>);

impl fmt::Debug for GradientSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GradientSink")
    }
}

impl GradientSink {
    /// ‖∂L/∂x‖, once the backward pass has run; waits for the device.
    #[must_use]
    pub fn take_norm(&self) -> Option<f64> {
        let reading = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        reading()?.iter::<f64>().last()
    }

    fn put(&self, reading: Reading) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }
}

/// The identity, whose backward pass fills `sink`.
pub(super) fn tap(x: Tensor<4>, sink: &GradientSink) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as GradientTap>::tap(x.into_dispatch(), sink.clone()))
}

/// The operation behind [`tap`].
#[backend_extension(Flex, NdArray, Cube, Autodiff)]
pub(super) trait GradientTap: Backend {
    /// The identity on a plain backend; notes gradients on an autodiff one.
    fn tap(x: FloatTensor<Self>, sink: GradientSink) -> FloatTensor<Self>;
}

/// Backends on which a gradient's norm can be taken.
trait Measured: Backend {
    /// Values of which the last is the Euclidean norm of `x`.
    fn measures(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_sqrt(Self::float_sum(Self::float_mul(x.clone(), x)))
    }
}

impl Measured for NdArray {}

impl Measured for Wgpu {}

impl Measured for Flex {
    fn measures(x: FloatTensor<Self>) -> FloatTensor<Self> {
        ops::measure_on_flex(x)
    }
}

impl GradientTap for Flex {
    fn tap(x: FloatTensor<Self>, _: GradientSink) -> FloatTensor<Self> {
        x
    }
}

impl GradientTap for NdArray {
    fn tap(x: FloatTensor<Self>, _: GradientSink) -> FloatTensor<Self> {
        x
    }
}

impl GradientTap for Wgpu {
    fn tap(x: FloatTensor<Self>, _: GradientSink) -> FloatTensor<Self> {
        x
    }
}

impl<B: GradientTap + Measured, C: CheckpointStrategy> GradientTap for Autodiff<B, C> {
    fn tap(x: FloatTensor<Self>, sink: GradientSink) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Note;
        impl<B: Measured> Backward<B, 1> for Note {
            type State = GradientSink;
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let [parent] = ops.parents;
                let gradient = grads.consume::<B>(&ops.node);
                let measures = B::measures(gradient.clone());
                ops.state.put(Box::new(move || burn::tensor::read_sync(B::float_into_data(measures)).ok()));
                if let Some(node) = parent {
                    grads.register::<B>(node.id, gradient);
                }
            }
        }
        let (primitive, node) = x.into_parts();
        match Note.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(sink, primitive),
            OpsKind::UnTracked(prepared) => prepared.finish(primitive),
        }
    }
}
