//! Pictures that are asked about, and pictures that answer.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An image to look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// A file in any format the program reads.
    File(PathBuf),
    /// Pixels from a clipboard.
    Pixels {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Row by row, four bytes a pixel.
        rgba: Vec<u8>,
    },
}

/// A small RGB picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Row by row, three bytes a pixel.
    pub rgb: Vec<u8>,
}

impl Thumbnail {
    /// Of an image's bytes, [channels, height, width] of them; one channel becomes gray.
    #[must_use]
    pub fn new(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Self {
        let plane = height * width;
        let channel = |c: usize| if channels == 1 { 0 } else { c };
        let rgb = (0..plane).flat_map(|p| (0..3).map(move |c| channel(c) * plane + p)).map(|at| pixels[at]).collect();
        Self { width, height, rgb }
    }
}
