//! The networks: from a blueprint to burn modules, their weights by PyTorch's names, and what they cost.
//!
//! Knows nothing of data sets, training loops or windows.

mod array;
mod block;
mod factor;
mod folded;
mod foreign;
mod freeze;
mod fused;
mod host;
mod init;
mod layers;
mod model;
pub(crate) mod norms;
mod pass;
mod ratio;
mod rounded;
mod sink;
mod state;
mod stock;
mod tap;
mod torch_file;
mod unit;
mod watch;
pub mod weights;

pub use array::{Array, StateDict};
pub(crate) use freeze::Trainable;
pub use host::DeviceError;
pub(crate) use host::{tensor, values};
pub(crate) use lab_kernels::ops::release as release_memory;
pub use model::Model;
pub use pass::{Pass, Route};
pub use rounded::NotOnThisDevice;
pub use state::StateError;
pub use tap::Tap;
pub use watch::BlockWatch;

use burn::tensor::Device;
use lab_kernels::ops;

/// Runs a pass or a step where its device computes best: fused operations cost less among their own threads.
pub(crate) fn compute<R: Send>(device: &Device, work: impl FnOnce() -> R + Send) -> R {
    if ops::run_on(device) { ops::among_workers(work) } else { work() }
}
