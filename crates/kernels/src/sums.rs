//! Sums of the gradients of a norm's output, which the gradients of its input and parameters need, by channel and in a fixed
//! order. Knows nothing of norms but what tells the signs of their outputs.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::affine::Affine;
use crate::follow::Follow;
use crate::map::{LINE, behind, load_each, pixels_together};
use crate::simd::{Simd, Work, dispatch, load_up_to, prefetch, store_up_to};
use crate::statistics::{block_len, by_channel};

/// Per channel, the sums of the gradients and of the gradients times `z − mean`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sums {
    pub gradient: Vec<f32>,
    pub product: Vec<f32>,
}

/// What tells the slope of the activation at each value.
#[derive(Clone, Copy)]
pub(crate) enum Signs<'a> {
    /// There is no activation.
    None,
    /// The output and the slope below zero; the gradients are multiplied by the slope in place.
    Output(&'a [f32], f32),
    /// The norm, whose output nothing was added to, and the slope below zero; the gradients are left as they are.
    Norm(&'a Affine, f32),
}

/// The input of a norm and its mean per channel.
#[derive(Clone, Copy)]
pub(crate) struct Centred<'a> {
    pub z: &'a [f32],
    pub mean: &'a [f32],
}

/// Adds up what the gradients of a norm need from the gradients of its activated output; without `centred` the products
/// are zero.
pub(crate) fn sums(gradients: &mut [f32], signs: Signs, centred: Option<Centred>, channels: usize) -> Sums {
    Summing::new(gradients.len(), signs, centred, channels).finish(gradients)
}

/// The same of gradients that are still being made: what it follows is added up while it is in the cache.
pub(crate) struct Summing<'a> {
    signs: Signs<'a>,
    centred: Option<Centred<'a>>,
    channels: usize,
    /// Values of the map.
    len: usize,
    /// The sums of the gradients and of the products of every block of [`block_len`] values, once they are known.
    parts: Vec<OnceLock<Vec<f32>>>,
}

impl<'a> Summing<'a> {
    /// For a map of `len` values.
    pub fn new(len: usize, signs: Signs<'a>, centred: Option<Centred<'a>>, channels: usize) -> Self {
        if let Signs::Output(y, _) = signs {
            assert_eq!(y.len(), len, "maps of different sizes");
        }
        assert!(
            centred.is_none_or(|Centred { z, mean }| z.len() == len && mean.len() == channels),
            "maps of different sizes"
        );
        let parts = (0..len.div_ceil(block_len(channels))).map(|_| OnceLock::new()).collect();
        Self { signs, centred, channels, len, parts }
    }

    /// The values of a block.
    fn range(&self, index: usize) -> Range<usize> {
        let len = block_len(self.channels);
        index * len..((index + 1) * len).min(self.len)
    }

    /// The sums of a block, whose gradients these are.
    fn part(&self, index: usize, gradients: &mut [f32]) -> Vec<f32> {
        let range = self.range(index);
        let mut part = vec![0.0; 2 * self.channels];
        let signs = self.signs.part(range.clone());
        let centred = self.centred.map(|Centred { z, mean }| Centred { z: &z[range], mean });
        dispatch(SumTask { gradients, signs, centred, channels: self.channels, part: &mut part });
        part
    }

    /// The sums of all `gradients`, with those blocks that were not followed.
    pub fn finish(self, gradients: &mut [f32]) -> Sums {
        assert_eq!(gradients.len(), self.len, "maps of different sizes");
        let channels = self.channels;
        gradients.par_chunks_mut(block_len(channels)).enumerate().for_each(|(index, gradients)| {
            self.parts[index].get_or_init(|| self.part(index, gradients));
        });
        let parts: Vec<Vec<f32>> = self.parts.into_iter().filter_map(OnceLock::into_inner).collect();
        let total = |row: usize| {
            by_channel(channels, parts.len(), |channel| {
                parts.iter().map(|part| f64::from(part[row * channels + channel])).sum::<f64>() as f32
            })
        };
        Sums { gradient: total(0), product: total(1) }
    }
}

impl Follow for Summing<'_> {
    fn take(&self, first: usize, values: &mut [f32]) -> usize {
        let mut index = first.div_ceil(block_len(self.channels));
        let end = first + values.len();
        while index < self.parts.len() && self.range(index).end <= end {
            let range = self.range(index);
            self.parts[index].get_or_init(|| self.part(index, &mut values[range.start - first..range.end - first]));
            index += 1;
        }
        (index * block_len(self.channels)).min(end) - first
    }
}

impl Signs<'_> {
    /// Those of a part of the map.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Output(y, slope) => Self::Output(&y[range], *slope),
            other => *other,
        }
    }
}

/// [`sums`] over a part of the maps; `part` takes the sums of the gradients, then those of the products.
pub(super) struct SumTask<'a> {
    pub gradients: &'a mut [f32],
    pub signs: Signs<'a>,
    pub centred: Option<Centred<'a>>,
    pub channels: usize,
    pub part: &'a mut [f32],
}

impl Work for SumTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let len = pixels_together(self.channels) * self.channels;
        for first in (0..self.gradients.len()).step_by(len) {
            // SAFETY: the width is the dispatched one.
            unsafe { self.pixels::<S>(first..(first + len).min(self.gradients.len())) };
        }
    }
}

impl SumTask<'_> {
    /// Takes in the values of some pixels.
    #[inline(always)]
    unsafe fn pixels<S: Simd>(&mut self, values: Range<usize>) {
        let Self { signs, centred, channels, .. } = *self;
        // SAFETY: lanes stay inside the pixels, and all maps have the same pixels.
        unsafe {
            for channel in (0..channels).step_by(S::LANES) {
                let count = channels - channel;
                let sums = self.part.as_mut_ptr().add(channel);
                let products = sums.add(channels);
                let (mut sum, mut product) = (load_up_to::<S>(sums, count), load_up_to::<S>(products, count));
                let mean = match centred {
                    Some(Centred { mean, .. }) => load_up_to::<S>(mean.as_ptr().add(channel), count),
                    None => S::splat(0.0),
                };
                let norm = match signs {
                    Signs::Norm(affine, _) => {
                        load_each::<S, 3>([&affine.mean, &affine.scale, &affine.shift], channel, count)
                    }
                    _ => [mean; 3],
                };
                // The next pixels, whose lines are asked for once each.
                let next = if channel.is_multiple_of(LINE) { Some(values.len()) } else { None };
                for index in (values.start + channel..values.end).step_by(channels) {
                    let at = self.gradients.as_mut_ptr().add(index);
                    if let Some(next) = next {
                        prefetch(at.wrapping_add(next));
                        centred.iter().for_each(|centred| prefetch(centred.z.as_ptr().wrapping_add(index + next)));
                        if let Signs::Output(y, _) = signs {
                            prefetch(y.as_ptr().wrapping_add(index + next));
                        }
                    }
                    let z = match centred {
                        Some(Centred { z, .. }) => load_up_to::<S>(z.as_ptr().add(index), count),
                        None => mean,
                    };
                    let mut gradient = load_up_to::<S>(at, count);
                    match signs {
                        Signs::None => {}
                        Signs::Output(y, slope) => {
                            let y = load_up_to::<S>(y.as_ptr().add(index), count);
                            gradient = S::where_positive(y, gradient, S::mul(gradient, S::splat(slope)));
                            store_up_to::<S>(at, gradient, count);
                        }
                        Signs::Norm(_, slope) => gradient = behind::<S>(gradient, z, norm, S::splat(slope)),
                    }
                    sum = S::add(sum, gradient);
                    product = S::fma(gradient, S::sub(z, mean), product);
                }
                store_up_to::<S>(sums, sum, count);
                store_up_to::<S>(products, product, count);
            }
        }
    }
}
