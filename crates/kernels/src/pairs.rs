//! Convolutions whose products are of pairs of bfloat16, two in one lane: they are convolutions of half as many channels,
//! or for the gradients of the weights of half as many images, and computed over their taps as any other. A pair is made
//! while a map is read. Which values make one is known here alone: the first half goes with the second one, so that what is
//! read lies side by side.

use rayon::prelude::*;

use crate::direct;
use crate::filters::{Filters, Packed};
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::{Pairs, Simd, Work};

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

/// Two numbers that are rounded already, the second one as its bits.
fn paired(low: f32, high: u32) -> f32 {
    f32::from_bits(low.to_bits() >> 16 | high & 0xFFFF_0000)
}

/// As [`crate::conv::forward()`], with weights that are rounded already.
pub(crate) fn forward<F: Finish + Send>(
    pairs: Pairs,
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let (channels, taps) = (shape.in_channels, shape.kernel * shape.kernel);
    let weight = |output: usize, input: usize, tap: usize| weights.values[(output * channels + input) * taps + tap];
    convolve(pairs, shape, source, weight, weights.packed, out, finish)
}

/// [`forward`] with the weight of an output channel, an input channel and a tap.
fn convolve<F: Finish + Send>(
    pairs: Pairs,
    shape: &ConvShape,
    source: &impl Source,
    weight: impl Fn(usize, usize, usize) -> f32 + Sync,
    packed: Option<&Packed>,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let (channels, taps) = (shape.in_channels, shape.kernel * shape.kernel);
    let half = channels.div_ceil(2);
    let halved = ConvShape { in_channels: half, ..*shape };
    scratch::with(halved.weight_len(), |values| {
        let is_packed = packed.is_some_and(Packed::has_taps);
        let unpaired = if is_packed { &mut [] } else { &mut *values };
        unpaired.par_chunks_mut(half * taps).enumerate().for_each(|(output, values)| {
            for (index, value) in values.iter_mut().enumerate() {
                let (pair, tap) = (index / taps, index % taps);
                let high = if half + pair < channels { weight(output, half + pair, tap).to_bits() } else { 0 };
                *value = paired(weight(output, pair, tap), high);
            }
        });
        let source = ChannelPairs { pairs, map: source, channels };
        direct::forward(&halved, &source, Filters { values, packed }, out, finish)
    })
}

/// As [`crate::conv::backward()`], with weights that are rounded already.
pub(crate) fn backward(
    pairs: Pairs,
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let Backward { inputs, accumulate, weights: weight_gradients } = wanted;
    let halved = ConvShape { batch: shape.batch.div_ceil(2), ..*shape };
    let images = ImagePairs::new(pairs, source, shape.batch, shape.input_len());
    let image_gradients = ImagePairs::new(pairs, gradients, shape.batch, shape.output_len());
    let alone = Backward { inputs: None, accumulate: false, weights: weight_gradients };
    direct::backward(&halved, &images, weights, &image_gradients, alone);
    let Some(inputs) = inputs else { return };
    if shape.stride > 1 || shape.padding >= shape.kernel {
        let channels = shape.out_channels;
        let halved = ConvShape { out_channels: channels.div_ceil(2), ..*shape };
        let source = ChannelPairs { pairs, map: gradients, channels };
        return scratch::with(halved.weight_len(), |values| {
            let (low, high) = weights.split_at(values.len());
            let high = high.iter().map(|high| high.to_bits()).chain(std::iter::repeat(0));
            values.iter_mut().zip(low.iter().zip(high)).for_each(|(value, (low, high))| *value = paired(*low, high));
            direct::input_gradients(&halved, values, &source, inputs, accumulate);
        });
    }
    // Every input is the sum of the gradients that it led to, by the weights that led there: a convolution with the kernel
    // turned by 180°.
    let back = ConvShape {
        batch: shape.batch,
        in_channels: shape.out_channels,
        out_channels: shape.in_channels,
        height: shape.out_height(),
        width: shape.out_width(),
        kernel: shape.kernel,
        stride: 1,
        padding: shape.kernel - 1 - shape.padding,
    };
    let taps = shape.kernel * shape.kernel;
    let weight =
        |input: usize, output: usize, tap: usize| weights[(output * shape.in_channels + input) * taps + taps - 1 - tap];
    if accumulate {
        let base = Accumulate { base: inputs.as_ptr() };
        convolve(pairs, &back, gradients, weight, None, inputs, |_| base);
    } else {
        convolve(pairs, &back, gradients, weight, None, inputs, |_| Keep);
    }
}
