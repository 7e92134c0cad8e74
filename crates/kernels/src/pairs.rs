//! Convolutions whose products are of pairs of bfloat16, two in one lane: they are convolutions of half as many channels,
//! or for the gradients of the weights of half as many images, and computed over their taps as any other. A pair is made
//! while a map is read. Which values make one is known here alone: the first half goes with the second one, so that what is
//! read lies side by side.

use rayon::prelude::*;

use crate::direct;
use crate::filters::{Filters, Packed};
use crate::map::{Finish, Source};
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::{Pairs, Simd, Work, load_up_to, store_up_to};

/// A map with pairs of channels: `channels.div_ceil(2)` of them for each pixel.
struct ChannelPairs<'a, M> {
    pairs: Pairs,
    map: &'a M,
    channels: usize,
}

impl<M: Source> Source for ChannelPairs<'_, M> {
    /// Of both channels, and the first pair.
    type Held<S: Simd> = (M::Held<S>, M::Held<S>, usize);

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, pair: usize, count: usize) -> Self::Held<S> {
        let half = self.channels.div_ceil(2);
        // SAFETY: pairs stand for channels of the map, and where there is no second channel none is asked for.
        unsafe {
            let low = self.map.begin::<S>(pair, count);
            (low, self.map.begin::<S>(half + pair, self.channels - half - pair), pair)
        }
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.map.prefetch(2 * index);
    }

    fn dispatch<W: Work>(&self, work: W) -> W::Output {
        self.pairs.dispatch(work)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, (low, high, pair): &Self::Held<S>, index: usize, count: usize) -> S::V {
        let half = self.channels.div_ceil(2);
        // Divisions are slow, and most networks have even numbers of channels.
        let pixel = if 2 * half == self.channels { 2 * (index - pair) } else { (index - pair) / half * self.channels };
        // SAFETY: as for `begin`.
        unsafe {
            let low = self.map.load::<S>(low, pixel + pair, count);
            let high = self.map.load::<S>(high, pixel + half + pair, self.channels - half - pair);
            S::pair(low, high)
        }
    }
}

/// A map with pairs of images: `images.div_ceil(2)` of them.
struct ImagePairs<'a, M> {
    pairs: Pairs,
    map: &'a M,
    /// Values of the map, and of its first half.
    len: usize,
    half: usize,
}

impl<'a, M: Source> ImagePairs<'a, M> {
    fn new(pairs: Pairs, map: &'a M, images: usize, len: usize) -> Self {
        Self { pairs, map, len, half: len / images.max(1) * images.div_ceil(2) }
    }
}

impl<M: Source> Source for ImagePairs<'_, M> {
    type Held<S: Simd> = M::Held<S>;

    #[inline(always)]
    unsafe fn begin<S: Simd>(&self, channel: usize, count: usize) -> Self::Held<S> {
        // SAFETY: passed on to the caller.
        unsafe { self.map.begin::<S>(channel, count) }
    }

    #[inline(always)]
    fn prefetch(&self, index: usize) {
        self.map.prefetch(index);
        self.map.prefetch(self.half + index);
    }

    fn dispatch<W: Work>(&self, work: W) -> W::Output {
        self.pairs.dispatch(work)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(&self, held: &Self::Held<S>, index: usize, count: usize) -> S::V {
        // SAFETY: the first image is the caller's, and the second one is read only where there is one.
        unsafe {
            let low = self.map.load::<S>(held, index, count);
            let beyond = self.half + index;
            let high = if beyond < self.len { self.map.load::<S>(held, beyond, count) } else { S::splat(0.0) };
            S::pair(low, high)
        }
    }
}

/// Weights whose halves go together: `to[i]` becomes the pair of `low[i]` and `high[i]`, which is zero where there is none.
struct PairWeights<'a> {
    low: &'a [f32],
    high: &'a [f32],
    to: &'a mut [f32],
}

impl Work for PairWeights<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { low, high, to } = self;
        for start in (0..to.len()).step_by(S::LANES) {
            let count = to.len() - start;
            // SAFETY: all three are accessed below their lengths.
            unsafe {
                let first = load_up_to::<S>(low[start..].as_ptr(), count);
                let second = high.get(start..).unwrap_or_default();
                let second = load_up_to::<S>(second.as_ptr(), second.len());
                store_up_to::<S>(to[start..].as_mut_ptr(), S::pair(first, second), count);
            }
        }
    }
}

/// As [`crate::conv::forward()`].
pub(crate) fn forward<F: Finish + Send>(
    pairs: Pairs,
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let (channels, taps) = (shape.in_channels, shape.kernel * shape.kernel);
    let halved = ConvShape { in_channels: channels.div_ceil(2), ..*shape };
    let half = halved.in_channels * taps;
    scratch::with(halved.weight_len(), |values| {
        let is_packed = weights.packed.is_some_and(Packed::has_taps);
        let unpaired = if is_packed { &mut [] } else { &mut *values };
        unpaired.par_chunks_mut(half).zip(weights.values.par_chunks(channels * taps)).for_each(|(to, from)| {
            let (low, high) = from.split_at(half);
            pairs.dispatch(PairWeights { low, high, to });
        });
        let source = ChannelPairs { pairs, map: source, channels };
        direct::forward(&halved, &source, Filters { values, packed: weights.packed }, out, finish)
    })
}

/// Weights that one task pairs.
const TOGETHER: usize = 16 * 1024;

/// As [`crate::conv::backward()`].
pub(crate) fn backward(
    pairs: Pairs,
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let Backward { inputs, weights: weight_gradients } = wanted;
    let halved = ConvShape { batch: shape.batch.div_ceil(2), ..*shape };
    let images = ImagePairs::new(pairs, source, shape.batch, shape.input_len());
    let image_gradients = ImagePairs::new(pairs, gradients, shape.batch, shape.output_len());
    let alone = Backward { inputs: None, weights: weight_gradients };
    direct::backward(&halved, &images, weights, &image_gradients, alone);

    let Some(inputs) = inputs else { return };
    let channels = shape.out_channels;
    let halved = ConvShape { out_channels: channels.div_ceil(2), ..*shape };
    scratch::with(halved.weight_len(), |values| {
        let (low, high) = weights.split_at(values.len());
        values.par_chunks_mut(TOGETHER).zip(low.par_chunks(TOGETHER)).enumerate().for_each(|(index, (to, low))| {
            let high = high.get(index * TOGETHER..).unwrap_or_default();
            pairs.dispatch(PairWeights { low, high: &high[..low.len().min(high.len())], to });
        });
        let source = ChannelPairs { pairs, map: gradients, channels };
        direct::input_gradients(&halved, values, &source, inputs);
    });
}
