//! What comes back.

use super::Findings;
use super::gallery::Gallery;
use super::picture::Thumbnail;
use std::sync::Arc;

/// What was found out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of pictures from elsewhere.
    Classified(Classification),
    Gallery(Arc<Gallery>),
    /// One for each arm.
    Found(Arc<Findings>),
}

/// What every arm says is in pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Classification {
    pub arms: Vec<String>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// One for each picture.
    pub pictures: Vec<Classified>,
}

/// The `most` likeliest classes with their probabilities, the likeliest first.
#[must_use]
pub fn likeliest(probabilities: &[f32], most: usize) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(most);
    ranked
}

/// A picture with what every arm says is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The file's name, or "clipboard".
    pub name: String,
    /// The picture as the networks see it, [height, width, 3] bytes.
    pub seen: Thumbnail,
    /// For each arm the probability of every class, or why the picture could not be read.
    pub probabilities: Result<Vec<Vec<f32>>, String>,
}
