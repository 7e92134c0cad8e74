//! Training: arms in lock step, their optimisers and schedules, probes and checkpoints, and the thread they run on.
//!
//! Watchers see `engine` and the protocol of `lab_core` only. Knows nothing of windows, terminals or how runs lie on disk.

pub mod arm;
pub mod checkpoint;
pub(crate) mod contained;
pub mod device;
pub mod engine;
pub mod evaluate;
mod failure;
#[cfg(test)]
mod faults;
mod features;
mod guesses;
pub(crate) mod histogram;
pub mod import;
pub mod lens;
pub mod load;
pub mod loss;
pub mod optimizer;
pub mod probe;
mod room;
mod rules;
pub mod session;
pub mod snapshot;
pub(crate) mod softmax;
mod start;
#[cfg(test)]
mod tests;
mod under_way;
mod worker;

pub use failure::Failure;
pub use session::dataset_info;
