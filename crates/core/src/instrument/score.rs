//! How a network does on a set of images.

use serde::{Deserialize, Serialize};

/// How a network does on a set of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Images.
    pub images: usize,
    /// Share classified correctly.
    pub accuracy: f64,
    /// Mean cross-entropy.
    pub loss: f64,
}
