//! Where the pixels of images lie: in memory, or in a file from which they are read when they are needed.

use super::error::DataError;
use super::pixel_file::{Mark, PixelFile};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

/// The pixels of images of one size, `[image][channel][row][column]`.
#[derive(Clone, Debug)]
pub enum Pixels {
    Memory(Vec<u8>),
    File(FileImages),
}

/// Some of the images in a file.
#[derive(Clone, Debug)]
pub struct FileImages {
    file: Arc<PixelFile>,
    /// Where each image stands in the file.
    places: Vec<usize>,
    /// How many of the channels count: one where all are equal.
    channels: usize,
}

impl Default for Pixels {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(pixels: Vec<u8>) -> Self {
        Self::Memory(pixels)
    }
}

/// Whether they are the same without looking at what a file holds.
impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory(own), Self::Memory(other)) => own == other,
            (Self::File(own), Self::File(other)) => {
                let what = |kept: &FileImages| (kept.file.path.clone(), kept.channels);
                what(own) == what(other) && own.places == other.places && own.file.marks == other.file.marks
            }
            _ => false,
        }
    }
}

impl Eq for Pixels {}

impl Pixels {
    /// Of all images in a file.
    pub(super) fn of_file(file: PixelFile) -> Self {
        let [channels, ..] = file.shape;
        let places = (0..file.marks.len() / channels).collect();
        Self::File(FileImages { file: Arc::new(file), places, channels })
    }

    /// The bytes of image `index`, of which each has `stride`.
    pub(super) fn image(&self, index: usize, stride: usize) -> Result<Cow<'_, [u8]>, DataError> {
        match self {
            Self::Memory(pixels) => Ok(Cow::Borrowed(&pixels[index * stride..][..stride])),
            Self::File(kept) => {
                let mut bytes = vec![0; stride];
                kept.file.read(kept.places[index], &mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// The bytes of images that follow one another.
    pub(super) fn images(&self, first: usize, count: usize, stride: usize) -> Result<Cow<'_, [u8]>, DataError> {
        match self {
            Self::Memory(pixels) => Ok(Cow::Borrowed(&pixels[first * stride..][..count * stride])),
            Self::File(kept) => {
                let mut bytes = vec![0; count * stride];
                for (target, place) in bytes.chunks_exact_mut(stride.max(1)).zip(&kept.places[first..]) {
                    kept.file.read(*place, target)?;
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// What is noted down about each channel of each image, `plane` bytes in a channel.
    pub(super) fn marks(&self, plane: usize) -> Vec<Mark> {
        match self {
            Self::Memory(pixels) => pixels.par_chunks_exact(plane.max(1)).map(Mark::of).collect(),
            Self::File(FileImages { file, places, channels }) => {
                let all = file.shape[0];
                places.iter().flat_map(|place| &file.marks[place * all..][..*channels]).copied().collect()
            }
        }
    }

    /// Those of the images with these indices, in this order.
    pub(super) fn select(&self, indices: &[usize], stride: usize) -> Self {
        match self {
            Self::Memory(pixels) => {
                let mut selected = Vec::with_capacity(indices.len() * stride);
                indices.iter().for_each(|index| selected.extend_from_slice(&pixels[index * stride..][..stride]));
                Self::Memory(selected)
            }
            Self::File(kept) => {
                let places = indices.iter().map(|&index| kept.places[index]).collect();
                Self::File(FileImages { file: Arc::clone(&kept.file), places, channels: kept.channels })
            }
        }
    }

    /// The same where nobody needs the others any more: those in memory move up in their place, if they stay in order, so
    /// that there is never a copy of all of them.
    pub(super) fn keep(self, indices: &[usize], stride: usize) -> Self {
        match self {
            Self::Memory(mut pixels) if indices.is_sorted_by(|one, next| one < next) => {
                for (to, &from) in indices.iter().enumerate() {
                    pixels.copy_within(from * stride..(from + 1) * stride, to * stride);
                }
                pixels.truncate(indices.len() * stride);
                Self::Memory(pixels)
            }
            pixels => pixels.select(indices, stride),
        }
    }

    /// Splits off those from image `count` on.
    pub(super) fn split_off(&mut self, count: usize, stride: usize) -> Self {
        match self {
            Self::Memory(pixels) => Self::Memory(pixels.split_off(count * stride)),
            Self::File(kept) => {
                let places = kept.places.split_off(count);
                Self::File(FileImages { file: Arc::clone(&kept.file), places, channels: kept.channels })
            }
        }
    }

    /// Changes those in memory; those in a file got their shape when it was written.
    pub(super) fn changed(self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        match self {
            Self::Memory(pixels) => Self::Memory(change(pixels)),
            kept @ Self::File(_) => kept,
        }
    }

    /// Those of gray images, whose channels are equal, as one channel of `plane` bytes.
    pub(super) fn first_channel(self, plane: usize) -> Self {
        match self {
            Self::Memory(pixels) => {
                let first = |image: &[u8]| image.iter().take(plane).copied().collect::<Vec<u8>>();
                Self::Memory(pixels.chunks_exact((3 * plane).max(1)).flat_map(first).collect())
            }
            Self::File(kept) => Self::File(FileImages { channels: 1, ..kept }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_are_left_out_cost_no_copy_of_the_others() {
        let all: Vec<u8> = (0..12).collect();
        let place = all.as_ptr();
        let Pixels::Memory(kept) = Pixels::from(all).keep(&[0, 2, 5], 2) else { unreachable!("they are in memory") };
        assert_eq!(kept, [0, 1, 4, 5, 10, 11]);
        assert_eq!(kept.as_ptr(), place);
        let Pixels::Memory(turned) = Pixels::from(kept).keep(&[2, 0], 2) else { unreachable!("they are in memory") };
        assert_eq!(turned, [10, 11, 0, 1]);
    }
}
