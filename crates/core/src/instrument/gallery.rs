//! The validation images of an experiment, to be shown.

use super::picture::Thumbnail;

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
}

impl Gallery {
    /// One of the images as a picture; `None` if there is none of this number.
    #[must_use]
    pub fn seen(&self, image: usize) -> Option<Thumbnail> {
        let stride = self.shape.iter().product::<usize>();
        Some(Thumbnail::new(self.pixels.get(image * stride..(image + 1) * stride)?, self.shape))
    }
}
