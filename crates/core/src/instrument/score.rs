//! How a network does on a set of images.

use serde::{Deserialize, Serialize};

/// How a network does on a set of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub images: usize,
    /// Share of images classified correctly, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy.
    pub loss: f64,
}
