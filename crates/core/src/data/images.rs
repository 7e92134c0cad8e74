//! Images of one size as bytes, with their labels.

use super::error::DataError;
use super::picture::{Picture, fit_picture, luma};
use super::pixel_file::Mark;
use super::pixels::Pixels;
use crate::experiment::{Channels, Fit, MAX_SIDE, Resize};
use rayon::prelude::*;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

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
    pub pixels: Pixels,
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
    ///
    /// # Errors
    /// If they lie in a file that cannot be read or has changed.
    pub fn image(&self, index: usize) -> Result<Cow<'_, [u8]>, DataError> {
        self.pixels.image(index, self.stride())
    }

    /// The bytes of all images.
    ///
    /// # Errors
    /// Like [`Images::image`].
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, DataError> {
        self.some(0, self.len())
    }

    /// The bytes of `count` images from `first` on.
    pub(super) fn some(&self, first: usize, count: usize) -> Result<Cow<'_, [u8]>, DataError> {
        self.pixels.images(first, count, self.stride())
    }

    /// What is noted down about the bytes of each image, a mark for each channel.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.pixels.marks(self.height * self.width)
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

    /// All images and their shape, scaled down by a whole number if they have more than `most` bytes together.
    ///
    /// # Errors
    /// Like [`Images::image`].
    pub fn small(&self, most: usize) -> Result<([usize; 3], Vec<u8>), DataError> {
        let side = |side: usize, by: usize| (side / by).max(1);
        let bytes = |by| self.len() * self.channels * side(self.height, by) * side(self.width, by);
        let by = (1..=self.height.max(self.width)).find(|&by| bytes(by) <= most).unwrap_or(1);
        if by == 1 {
            return Ok((self.shape(), self.bytes()?.into_owned()));
        }
        let shape = [self.channels, side(self.height, by), side(self.width, by)];
        let small = |index| -> Result<Vec<u8>, DataError> {
            let picture = Picture::from_planes(&self.image(index)?, self.shape());
            Ok(fit_picture(&picture, shape, Fit::Stretch))
        };
        let small: Vec<Vec<u8>> = (0..self.len()).into_par_iter().map(small).collect::<Result<_, _>>()?;
        Ok((shape, small.concat()))
    }

    /// The images with these indices, in this order, without the names of their files.
    #[must_use]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Self { pixels: self.pixels.select(indices, self.stride()), labels, files: Vec::new(), ..*self }
    }

    /// The images with these indices, in this order.
    pub(super) fn select(mut self, indices: &[usize]) -> Self {
        if indices.iter().copied().eq(0..self.len()) {
            return self;
        }
        let (stride, pixels) = (self.stride(), std::mem::take(&mut self.pixels));
        let pixels = pixels.keep(indices, stride);
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        let files = indices.iter().filter_map(|&index| self.files.get(index).cloned()).collect();
        Self { pixels, labels, files, ..self }
    }

    /// The first `count` images and the others.
    pub(super) fn split_at(mut self, count: usize) -> (Self, Self) {
        let pixels = self.pixels.split_off(count, self.stride());
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
        let (from, shape) = (self.shape(), [self.channels, to.height, to.width]);
        let (old_stride, stride): (usize, usize) = (from.iter().product(), shape.iter().product());
        let pixels = self.pixels.changed(|old| {
            let mut pixels = vec![0; old.len() / old_stride.max(1) * stride];
            pixels.par_chunks_mut(stride).zip(old.par_chunks(old_stride)).for_each(|(new, old)| {
                new.copy_from_slice(&fit_picture(&Picture::from_planes(old, from), shape, to.fit));
            });
            pixels
        });
        Self { height: to.height, width: to.width, pixels, ..self }
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        let (height, width) = (self.height, self.width);
        let turned = |plane: &[u8]| -> Vec<u8> {
            (0..width).flat_map(|x| (0..height).map(move |y| (x, y))).map(|(x, y)| plane[y * width + x]).collect()
        };
        let pixels = self.pixels.changed(|old| old.chunks_exact((height * width).max(1)).flat_map(turned).collect());
        Self { height: width, width: height, pixels, ..self }
    }

    /// One channel, luma; `self` must have three.
    fn into_gray(self) -> Self {
        let plane = self.height * self.width;
        let gray = |image: &[u8]| -> Vec<u8> {
            (0..plane).map(|i| luma([image[i], image[plane + i], image[2 * plane + i]])).collect()
        };
        let pixels = self.pixels.changed(|old| old.chunks_exact(3 * plane).flat_map(gray).collect());
        Self { channels: 1, pixels, ..self }
    }

    fn into_rgb(self) -> Self {
        let plane = self.height * self.width;
        let pixels = self.pixels.changed(|old| old.chunks_exact(plane).flat_map(|image| image.repeat(3)).collect());
        Self { channels: 3, pixels, ..self }
    }

    /// One channel, if all three are equal in each image.
    pub(super) fn one_channel_if_gray(self) -> Self {
        if self.channels != 3 || !self.marks().chunks_exact(3).all(|it| it[0] == it[1] && it[1] == it[2]) {
            return self;
        }
        let plane = self.height * self.width;
        Self { channels: 1, pixels: self.pixels.first_channel(plane), ..self }
    }
}

/// Refuses a data set before memory is set aside for it.
pub(super) fn check_size(path: &Path, count: usize, shape: [usize; 3]) -> Result<(), DataError> {
    check_bytes(path, count, shape, MAX_BYTES)
}

/// Refuses a data set whose images have sides that cannot be trained on, or more bytes together than `most`.
pub(super) fn check_bytes(
    path: &Path,
    count: usize,
    [channels, height, width]: [usize; 3],
    most: u64,
) -> Result<(), DataError> {
    if height.min(width) == 0 || height.max(width) > MAX_SIDE {
        let problem = format!("its images are {width}×{height} pixels, and sides of 1 to {MAX_SIDE} can be trained on");
        return Err(DataError::unusable(path, problem, "choose a size to bring them to (Resize)"));
    }
    let each = (channels * height * width) as u64;
    match (count as u64).checked_mul(each) {
        Some(total) if total <= most => Ok(()),
        _ => {
            let problem = format!(
                "{count} images of {width}×{height} pixels do not fit into the {} GiB that images may take",
                most >> 30
            );
            Err(DataError::unusable(path, problem, "choose a smaller size (Resize) or fewer training images"))
        }
    }
}
