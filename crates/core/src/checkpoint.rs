//! The checkpoints that an arm keeps.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The folder of what an arm begins with, until it has a checkpoint: nobody asks it what is in a picture.
pub const START: &str = "start";

/// When checkpoints are written besides at validations, and which are kept besides the newest and the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointPlan {
    /// How long a run may go without one.
    pub every: Duration,
    /// So many of the newest, each in a folder named by its step.
    pub newest: usize,
}

impl Default for CheckpointPlan {
    fn default() -> Self {
        Self { every: Duration::from_mins(2), newest: 0 }
    }
}

/// Which checkpoint of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checkpoint {
    /// The newest.
    #[serde(alias = "Last")]
    Last,
    /// The one with the least validation loss.
    #[serde(alias = "Best")]
    Best,
}

impl Checkpoint {
    /// Its folder's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best => "best",
        }
    }
}
