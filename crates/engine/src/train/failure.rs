//! Why training cannot begin or go on.

use super::arm::Unfit;
use super::checkpoint::{CheckpointError, SaveError};
use super::device::OpenError;
use super::room::TooLarge;
use super::start::StartError;
use lab_core::data::DataError;
use std::path::PathBuf;

/// Why training cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The images cannot be read.
    #[error(transparent)]
    Images(#[from] DataError),
    /// Those of a run that was kept cannot.
    #[error("the run's images: {0}; where they lie elsewhere now, train --resume RUN --data PATH goes on with them")]
    RunImages(DataError),
    /// They are no longer those that a run was started with: in what they differ.
    #[error("the images of this run have changed since it was started ({0}); put them back, or start a new run")]
    OtherImages(String),
    /// An arm cannot be trained on the images or the device.
    #[error("arm \"{arm}\": {why}")]
    Arm { arm: String, why: Unfit },
    /// The memory is too small.
    #[error(transparent)]
    Room(#[from] TooLarge),
    /// The device is not there.
    #[error(transparent)]
    Device(#[from] OpenError),
    /// An arm cannot start from what it is to start from.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A run to go on with that keeps nothing to go on from.
    #[error("this run keeps no checkpoints")]
    KeepsNone,
    /// A run whose checkpoints somebody took away.
    #[error("the checkpoints of {arm} are gone from {}; bring them back, or start a new run", .folder.display())]
    Gone { arm: String, folder: PathBuf },
    /// A checkpoint cannot be gone on from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint could not be made.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// Whoever keeps the record cannot go on, in its words.
    #[error("{0}")]
    Keep(String),
}
