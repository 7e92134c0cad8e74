//! Training: arms in lock step, their optimisers and schedules, probes and checkpoints, and the thread they run on.

pub mod keep;
pub mod protocol;
