//! What comes back.

use super::finding::Findings;
use super::gallery::Gallery;
use super::picture::Thumbnail;
use std::sync::Arc;

/// What was found out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// One for each picture.
    Classified(Vec<Classified>),
    /// The validation images.
    Gallery(Arc<Gallery>),
    /// One for each arm.
    Found(Arc<Findings>),
}

/// A picture with what every arm says is in it.
#[derive(Clone, Debug)]
pub struct Classified {
    /// The file's name, or "clipboard".
    pub name: String,
    /// The picture as the networks see it, [height, width, 3] bytes.
    pub seen: Thumbnail,
    /// For each arm the probability of every class, or why the picture could not be read.
    pub probabilities: Result<Vec<Vec<f32>>, String>,
}
