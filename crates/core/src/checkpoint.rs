//! The checkpoints that an arm keeps.

use serde::{Deserialize, Serialize};

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
