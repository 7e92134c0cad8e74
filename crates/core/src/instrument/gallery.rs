//! The validation images of an experiment, to be shown.

use super::picture::Thumbnail;
use std::path::Path;

/// The validation images of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gallery {
    /// [channels, height, width] of an image.
    pub shape: [usize; 3],
    /// `[image][channel][row][column]`
    pub pixels: Vec<u8>,
    /// One for each image.
    pub labels: Vec<u16>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// The file of each image, where each comes from one; else empty.
    pub files: Vec<String>,
}

impl Gallery {
    /// The name of an image's file with that of the folder it is in, where each comes from one.
    #[must_use]
    pub fn file(&self, image: usize) -> Option<String> {
        let mut parts = Path::new(self.files.get(image)?).iter().rev().take(2).map(|part| part.to_string_lossy());
        let name = parts.next()?;
        Some(parts.next().map_or_else(|| name.to_string(), |folder| format!("{folder}/{name}")))
    }

    /// One of the images as a picture; `None` if there is none of this number.
    #[must_use]
    pub fn seen(&self, image: usize) -> Option<Thumbnail> {
        let stride = self.shape.iter().product::<usize>();
        Some(Thumbnail::new(self.pixels.get(image * stride..(image + 1) * stride)?, self.shape))
    }
}
