//! Means and variances of maps per channel: gathered in blocks, merged in double precision and in a fixed order.

use super::map::{Finish, Statistics};
use super::scratch::round_up;
use super::simd::{Simd, Work, dispatch, lanes, load_up_to};
use rayon::prelude::*;

/// Mean and biased variance of every channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

impl Moments {
    /// Merges what blocks gathered (Chan, Golub and `LeVeque` 1983, "Algorithms for computing the sample
    /// variance"), in the order in which they come.
    #[must_use]
    pub fn merge(blocks: &[Statistics], channels: usize) -> Self {
        let mut merged = Self { mean: vec![0.0; channels], variance: vec![0.0; channels] };
        for channel in 0..channels {
            let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for block in blocks {
                let (new_count, new_mean, new_squares) = block.moments(channel);
                if new_count > 0.0 {
                    let total = count + new_count;
                    let step: f64 = new_mean - mean;
                    mean += step * new_count / total;
                    squares += new_squares + step * step * count * new_count / total;
                    count = total;
                }
            }
            merged.mean[channel] = mean as f32;
            merged.variance[channel] = if count > 0.0 { (squares / count) as f32 } else { 0.0 };
        }
        merged
    }
}

/// Mean and biased variance of every channel of `map` `[pixels][channels]`.
#[must_use]
pub fn moments(map: &[f32], channels: usize) -> Moments {
    let blocks: Vec<Statistics> = map
        .par_chunks(block_len(channels))
        .map(|map| {
            let mut statistics = Statistics::new(channels);
            dispatch(Gather { map, channels, statistics: &mut statistics });
            statistics
        })
        .collect();
    Moments::merge(&blocks, channels)
}

/// Values of a map that one task of an elementwise pass takes: whole pixels, about 64 KiB.
#[must_use]
pub fn block_len(channels: usize) -> usize {
    (16 * 1024 / channels).max(1) * channels
}

/// Gathers the statistics of a part of a map.
pub(super) struct Gather<'a> {
    pub map: &'a [f32],
    pub channels: usize,
    pub statistics: &'a mut Statistics,
}

impl Work for Gather<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for channel in (0..self.channels).step_by(S::LANES) {
            let count = self.channels - channel;
            // SAFETY: the lanes lie inside each pixel.
            unsafe {
                let mut held = self.statistics.begin::<S>(channel, count);
                for pixel in self.map.chunks_exact(self.channels) {
                    let value = load_up_to::<S>(pixel.as_ptr().add(channel), count);
                    self.statistics.finish::<S>(&mut held, value, channel, count);
                }
                self.statistics.end::<S>(held, channel);
            }
        }
    }
}

impl Statistics {
    /// Nothing gathered yet, for maps of `channels` channels.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        let stride = round_up(channels, lanes());
        Self { state: vec![0.0; 4 * stride], stride }
    }

    /// Count, mean and sum of squared deviations of one channel.
    pub(super) fn moments(&self, channel: usize) -> (f64, f64, f64) {
        let at = |row: usize| f64::from(self.state[row * self.stride + channel]);
        let (shift, sum, squares, count) =
            (at(0), at(1), at(2), f64::from(self.state[3 * self.stride + channel / lanes() * lanes()]));
        if count == 0.0 {
            return (0.0, 0.0, 0.0);
        }
        (count, shift + sum / count, (squares - sum * sum / count).max(0.0))
    }
}
