//! What leaves the program in other programs' formats: a file for each. Networks come as blueprints with plain weights.
//! Must not know the engine or the window.

pub mod bundle;
pub mod onnx;
mod protobuf;
pub mod pytorch;
pub mod report;
pub mod tensorboard;
mod weights;

pub use weights::{Weight, Weights};
