//! An identity operation that notes the norm of the gradient passing through it, and what is measured of the map there.
//!
//! burn gives gradients of leaves only; block gradients are gradients of inner tensors. The tap costs one pass over
//! the gradient, in the steps that ask for it.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]

use super::pass::Tap;
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

impl Tap {
    /// ‖αF(x)‖ / ‖x‖, in a block that adds its branch to a shortcut.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn branch_ratio(&self) -> Result<Option<f64>, String> {
        let read = |ratio: &Tensor<1>| ratio.clone().try_into_scalar::<f32>().map_err(|error| error.to_string());
        Ok(self.branch_ratio.as_ref().map(read).transpose()?.map(f64::from))
    }

    /// Mean and standard deviation over all values of the block's output.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn moments(&self) -> Result<(f64, f64), String> {
        let read = |x: Tensor<1>| x.try_into_vec_as::<f32>().map_err(|error| error.to_string());
        let map = &self.output;
        if ops::available(map) {
            let measures = read(ops::measure(map.clone()))?;
            return Ok((f64::from(measures[0]), f64::from(measures[1])));
        }
        let count: usize = map.dims().iter().product();
        let mean_of = |x: Tensor<4>| Ok::<f64, String>(f64::from(read(x.sum())?[0]) / count as f64);
        let (mean, square) = (mean_of(map.clone())?, mean_of(map.clone() * map.clone())?);
        Ok((mean, (square - mean * mean).max(0.0).sqrt()))
    }
}

/// The values without what led to them.
#[must_use]
pub fn without_graph<const D: usize>(x: &Tensor<D>) -> Tensor<D> {
    if x.is_autodiff() { x.clone().inner() } else { x.clone() }
}

/// ‖x‖ on the device, [1].
#[must_use]
pub fn norm(x: &Tensor<4>) -> Tensor<1> {
    let x = without_graph(x);
    if ops::available(&x) { ops::measure(x).slice(2..3) } else { (x.clone() * x).sum().sqrt() }
}

/// The identity, whose backward pass fills `sink`.
#[must_use]
pub fn tap(x: Tensor<4>, sink: &GradientSink) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as GradientTap>::tap(x.into_dispatch(), sink.clone()))
}

/// The operation behind [`tap`].
#[backend_extension(Flex, NdArray, Cube, Autodiff)]
pub trait GradientTap: Backend {
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
