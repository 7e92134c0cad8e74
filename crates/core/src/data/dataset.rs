//! A data set in memory.

use super::images::Images;

/// A data set in memory, as networks see it: split, resized, limited, with the channels asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it is called.
    pub name: String,
    /// Names of the classes, in the order of the labels; at least two.
    pub classes: Vec<String>,
    /// What networks are trained on.
    pub train: Images,
    /// What networks are validated on; of the same shape.
    pub validation: Images,
    /// Per channel, subtracted from pixels in [0, 1].
    pub mean: Vec<f32>,
    /// Per channel, divided by.
    pub std: Vec<f32>,
    /// What a person should know: files left out, a choice made.
    pub notices: Vec<String>,
}

impl Dataset {
    /// `[channels, height, width]` of a network's input.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.train.shape()
    }
}
