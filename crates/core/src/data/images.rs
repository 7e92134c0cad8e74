//! Images of one size as bytes in memory, with their labels.

use super::error::DataError;
use super::picture::{Picture, fit_picture, luma};
use crate::experiment::{Channels, Resize};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// The longest side of an image that a network is trained on, in pixels.
pub const MAX_SIDE: usize = 1024;

/// The most bytes that the images of one data set may take.
const MAX_BYTES: u64 = 16 << 30;

/// Images of one size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// 1 (gray) or 3 (red, green, blue).
    pub channels: usize,
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// `[image][channel][row][column]`
    pub pixels: Vec<u8>,
    /// One per image, an index into the data set's classes.
    pub labels: Vec<u16>,
    /// One per image where each comes from a file of its own; empty otherwise.
    pub files: Vec<PathBuf>,
}

impl Images {
    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// `[channels, height, width]`
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Bytes of one image.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The bytes `[channel][row][column]` of an image; `index` must be below [`Images::len`].
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.stride()..][..self.stride()]
    }

    /// How many images each of `classes` classes has.
    #[must_use]
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// The images with these indices, in this order.
    pub(super) fn select(self, indices: &[usize]) -> Self {
        if indices.iter().copied().eq(0..self.len()) {
            return self;
        }
        let mut pixels = Vec::with_capacity(indices.len() * self.stride());
        for &index in indices {
            pixels.extend_from_slice(self.image(index));
        }
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        let files = indices.iter().filter_map(|&index| self.files.get(index).cloned()).collect();
        Self { pixels, labels, files, ..self }
    }

    /// The first `count` images and the others.
    pub(super) fn split_at(mut self, count: usize) -> (Self, Self) {
        let pixels = self.pixels.split_off(count * self.stride());
        let labels = self.labels.split_off(count);
        let files = self.files.split_off(count.min(self.files.len()));
        let rest = Self { pixels, labels, files, ..self };
        (self, rest)
    }

    /// The same images in the size and number of channels asked for.
    pub(super) fn prepared(self, resize: Option<Resize>, channels: Channels) -> Self {
        let shaped = match resize {
            Some(to) if (to.height, to.width) != (self.height, self.width) => self.resized(to),
            _ => self,
        };
        match (channels, shaped.channels) {
            (Channels::Gray, 3) => shaped.into_gray(),
            (Channels::Rgb, 1) => shaped.into_rgb(),
            _ => shaped,
        }
    }

    fn resized(self, to: Resize) -> Self {
        let shape = [self.channels, to.height, to.width];
        let mut pixels = vec![0; self.len() * shape.iter().product::<usize>()];
        pixels.par_chunks_mut(shape.iter().product()).zip(self.pixels.par_chunks(self.stride())).for_each(
            |(new, old)| new.copy_from_slice(&fit_picture(&Picture::from_planes(old, self.shape()), shape, to.fit)),
        );
        Self { height: to.height, width: to.width, pixels, ..self }
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        let (height, width) = (self.height, self.width);
        let turned = |plane: &[u8]| -> Vec<u8> {
            (0..width).flat_map(|x| (0..height).map(move |y| (x, y))).map(|(x, y)| plane[y * width + x]).collect()
        };
        let pixels = self.pixels.chunks_exact((height * width).max(1)).flat_map(turned).collect();
        Self { height: width, width: height, pixels, ..self }
    }

    /// One channel, luma; `self` must have three.
    pub(super) fn into_gray(self) -> Self {
        let plane = self.height * self.width;
        let gray = |image: &[u8]| -> Vec<u8> {
            (0..plane).map(|i| luma([image[i], image[plane + i], image[2 * plane + i]])).collect()
        };
        let pixels = self.pixels.chunks_exact(3 * plane).flat_map(gray).collect();
        Self { channels: 1, pixels, ..self }
    }

    fn into_rgb(self) -> Self {
        let plane = self.height * self.width;
        let pixels = self.pixels.chunks_exact(plane).flat_map(|image| image.repeat(3)).collect();
        Self { channels: 3, pixels, ..self }
    }
}

/// Refuses a data set before memory is set aside for it.
pub(super) fn check_size(path: &Path, count: usize, [channels, height, width]: [usize; 3]) -> Result<(), DataError> {
    if height.min(width) == 0 || height.max(width) > MAX_SIDE {
        let problem = format!("its images are {width}×{height} pixels, and sides of 1 to {MAX_SIDE} can be trained on");
        return Err(DataError::unusable(path, problem, "choose a size to bring them to (Resize)"));
    }
    let each = (channels * height * width) as u64;
    match (count as u64).checked_mul(each) {
        Some(total) if total <= MAX_BYTES => Ok(()),
        _ => {
            let problem = format!(
                "{count} images of {width}×{height} pixels do not fit into the {} GiB that images may take",
                MAX_BYTES >> 30
            );
            Err(DataError::unusable(path, problem, "choose a smaller size (Resize) or fewer training images"))
        }
    }
}
