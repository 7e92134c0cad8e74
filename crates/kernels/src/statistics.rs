//! Means and variances of maps per channel: gathered in blocks, merged in double precision and in a fixed order.

use crate::map::{Finish, Statistics};
use crate::scratch::round_up;
use crate::simd::{MOST_LANES, Simd, Work, dispatch, lanes, load_up_to};
use rayon::prelude::*;

/// Mean and biased variance of every channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

impl Moments {
    /// Merges what blocks gathered, in the order in which they come.
    pub fn merge(blocks: &[Statistics], channels: usize) -> Self {
        let merged = by_channel(channels, blocks.len(), |channel| {
            let mut total = Total::default();
            blocks.iter().for_each(|block| total.add(&block.total(channel)));
            (total.mean as f32, total.variance() as f32)
        });
        let (mean, variance) = merged.into_iter().unzip();
        Self { mean, variance }
    }
}

/// Values that are added up by one task, where a few are added up for every channel.
const ADDED_AT_ONCE: usize = 2048;

/// What `sum` makes of each of some channels, where it adds up `count` values.
pub(crate) fn by_channel<T: Send>(channels: usize, count: usize, sum: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    let together = (ADDED_AT_ONCE / count.max(1)).max(1);
    (0..channels).into_par_iter().with_min_len(together).map(sum).collect()
}

/// Some values, counted, with their mean and the sum of squared deviations from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Total {
    pub count: f64,
    pub mean: f64,
    pub squares: f64,
}

impl Total {
    /// Takes in other values (Chan, Golub and `LeVeque` 1983, "Algorithms for computing the sample variance").
    pub fn add(&mut self, other: &Self) {
        if other.count > 0.0 {
            let count = self.count + other.count;
            let step = other.mean - self.mean;
            self.mean += step * other.count / count;
            self.squares += other.squares + step * step * self.count * other.count / count;
            self.count = count;
        }
    }

    /// The biased variance; 0 of nothing.
    pub fn variance(&self) -> f64 {
        if self.count > 0.0 { self.squares / self.count } else { 0.0 }
    }

    /// The Euclidean norm of the values.
    pub fn norm(&self) -> f64 {
        (self.squares + self.count * self.mean * self.mean).sqrt()
    }
}

/// The total of all values of a map, in one pass.
pub(crate) fn total(values: &[f32]) -> Total {
    // As if they were pixels of some channels; what does not fill the last pixel is added one by one.
    let channels = 2 * MOST_LANES;
    let (pixels, rest) = values.split_at(values.len() / channels * channels);
    let blocks: Vec<Total> = pixels
        .par_chunks(block_len(channels))
        .map(|map| {
            let mut statistics = Statistics::new(channels);
            dispatch(Gather { map, channels, statistics: &mut statistics });
            let mut total = Total::default();
            (0..channels).for_each(|channel| total.add(&statistics.total(channel)));
            total
        })
        .collect();
    let mut total = Total::default();
    blocks.iter().for_each(|block| total.add(block));
    rest.iter().for_each(|&value| total.add(&Total { count: 1.0, mean: f64::from(value), squares: 0.0 }));
    total
}

/// Mean and biased variance of every channel of `map` `[pixels][channels]`.
pub(crate) fn moments(map: &[f32], channels: usize) -> Moments {
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
pub(crate) fn block_len(channels: usize) -> usize {
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
    pub fn new(channels: usize) -> Self {
        let stride = round_up(channels, lanes());
        Self { state: vec![0.0; 4 * stride], stride }
    }

    /// What was gathered of one channel.
    pub(super) fn total(&self, channel: usize) -> Total {
        let at = |row: usize| f64::from(self.state[row * self.stride + channel]);
        let (shift, sum, squares) = (at(0), at(1), at(2));
        let count = f64::from(self.state[3 * self.stride + channel / lanes() * lanes()]);
        if count == 0.0 {
            return Total::default();
        }
        Total { count, mean: shift + sum / count, squares: (squares - sum * sum / count).max(0.0) }
    }
}
