//! Normalise, add the shortcut and activate in one pass over a map, and the way back: one pass for the sums, and
//! the gradient of the norm's input as a blend of two maps that the convolution computes while it reads.
//!
//! Maps are `[pixels][channels]`. With batch statistics (Ioffe and Szegedy 2015)
//! `y = act(γ (z − mean) / √(variance + ε) + β + shortcut)`.

use std::ops::Range;

use rayon::prelude::*;

use crate::map::{LINE, behind, load_each, pixels_together};
use crate::simd::{Simd, Work, dispatch, load_up_to, prefetch, store_up_to};
use crate::statistics::{Moments, block_len, by_channel};

/// What a norm does to each channel: `scale · (z − mean) + shift`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub mean: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Affine {
    /// Nothing, to each of `channels` channels.
    pub fn identity(channels: usize) -> Self {
        Self { mean: vec![0.0; channels], scale: vec![1.0; channels], shift: vec![0.0; channels] }
    }

    /// A norm with the given statistics.
    pub fn new(moments: &Moments, gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let scale = gamma.iter().zip(&moments.variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt());
        Self { mean: moments.mean.clone(), scale: scale.collect(), shift: beta.to_vec() }
    }
}

/// `out = act(scale · (z − mean) + shift + shortcut)` with `act(v) = max(v, slope · v)`: a slope of 0 is `ReLU`, one of
/// 1 is no activation.
pub(crate) fn normalise(z: &[f32], affine: &Affine, shortcut: Option<&[f32]>, slope: f32, out: &mut [f32]) {
    let channels = affine.shift.len();
    assert_eq!(z.len(), out.len(), "maps of different sizes");
    assert!(shortcut.is_none_or(|shortcut| shortcut.len() == z.len()), "shortcut of another size");
    let len = block_len(channels);
    out.par_chunks_mut(len).enumerate().for_each(|(index, out)| {
        let range = index * len..index * len + out.len();
        let shortcut = shortcut.map(|shortcut| &shortcut[range.clone()]);
        dispatch(Normalise { z: &z[range.clone()], affine, shortcut, slope, out });
    });
}

/// [`normalise`] over a part of the maps.
pub(super) struct Normalise<'a> {
    pub z: &'a [f32],
    pub affine: &'a Affine,
    pub shortcut: Option<&'a [f32]>,
    pub slope: f32,
    pub out: &'a mut [f32],
}

impl Work for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let channels = self.affine.shift.len();
        // SAFETY: lanes stay inside the pixels, and all maps have the same pixels.
        unsafe {
            let slope = S::splat(self.slope);
            for start in (0..self.z.len()).step_by(channels) {
                for channel in (0..channels).step_by(S::LANES) {
                    let count = channels - channel;
                    let (mean, scale, shift) = (
                        load_up_to::<S>(self.affine.mean.as_ptr().add(channel), count),
                        load_up_to::<S>(self.affine.scale.as_ptr().add(channel), count),
                        load_up_to::<S>(self.affine.shift.as_ptr().add(channel), count),
                    );
                    let z = load_up_to::<S>(self.z.as_ptr().add(start + channel), count);
                    let mut value = S::fma(S::sub(z, mean), scale, shift);
                    if let Some(shortcut) = self.shortcut {
                        value = S::add(value, load_up_to::<S>(shortcut.as_ptr().add(start + channel), count));
                    }
                    let value = S::max(S::mul(value, slope), value);
                    store_up_to::<S>(self.out.as_mut_ptr().add(start + channel), value, count);
                }
            }
        }
    }
}

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
    if let Signs::Output(y, _) = signs {
        assert_eq!(y.len(), gradients.len(), "maps of different sizes");
    }
    assert!(
        centred.is_none_or(|Centred { z, mean }| z.len() == gradients.len() && mean.len() == channels),
        "maps of different sizes"
    );
    let len = block_len(channels);
    let parts: Vec<Vec<f32>> = gradients
        .par_chunks_mut(len)
        .enumerate()
        .map(|(index, gradients)| {
            let range = index * len..index * len + gradients.len();
            let mut part = vec![0.0; 2 * channels];
            let signs = signs.part(range.clone());
            let centred = centred.map(|Centred { z, mean }| Centred { z: &z[range], mean });
            dispatch(SumTask { gradients, signs, centred, channels, part: &mut part });
            part
        })
        .collect();
    let total = |row: usize| {
        by_channel(channels, parts.len(), |channel| {
            parts.iter().map(|part| f64::from(part[row * channels + channel])).sum::<f64>() as f32
        })
    };
    Sums { gradient: total(0), product: total(1) }
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

/// Gradients of a norm's parameters, and the factors that blend the output gradients `g` and the input `z` into
/// the input's gradients: `first · g + second · z + shift`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NormGradients {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub shift: Vec<f32>,
}

impl NormGradients {
    /// For a norm with batch statistics over `pixels` values a channel:
    /// `dz = γ/σ · (g − Σg/n − (z − mean)/σ² · Σg(z − mean)/n)`.
    pub fn new(sums: Sums, moments: &Moments, gamma: &[f32], epsilon: f32, pixels: usize) -> Self {
        let channels = gamma.len();
        let mut result = Self {
            gamma: Vec::with_capacity(channels),
            beta: sums.gradient.clone(),
            first: Vec::with_capacity(channels),
            second: Vec::with_capacity(channels),
            shift: Vec::with_capacity(channels),
        };
        let n = pixels as f64;
        for channel in 0..channels {
            let inverse = 1.0 / (f64::from(moments.variance[channel]) + f64::from(epsilon)).sqrt();
            let product = f64::from(sums.product[channel]);
            let first = f64::from(gamma[channel]) * inverse;
            let second = -first * inverse * inverse * product / n;
            let mean = f64::from(moments.mean[channel]);
            let shift = -first * f64::from(sums.gradient[channel]) / n - second * mean;
            result.gamma.push((product * inverse) as f32);
            result.first.push(first as f32);
            result.second.push(second as f32);
            result.shift.push(shift as f32);
        }
        result
    }
}

/// Writes the blend `first · g + second · z + shift` that [`NormGradients`] describes, over the gradients `g`.
pub(crate) fn blend(gradients: &mut [f32], z: &[f32], factors: &NormGradients) {
    let channels = factors.shift.len();
    assert_eq!(gradients.len(), z.len(), "maps of different sizes");
    let len = block_len(channels);
    gradients.par_chunks_mut(len).zip(z.par_chunks(len)).for_each(|(gradients, z)| {
        dispatch(BlendTask { gradients, z, factors });
    });
}

/// [`blend`] over a part of the maps.
pub(super) struct BlendTask<'a> {
    pub gradients: &'a mut [f32],
    pub z: &'a [f32],
    pub factors: &'a NormGradients,
}

impl Work for BlendTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let factors = self.factors;
        let channels = factors.shift.len();
        // SAFETY: lanes stay inside the pixels, and both maps have the same pixels.
        unsafe {
            for channel in (0..channels).step_by(S::LANES) {
                let count = channels - channel;
                let first = load_up_to::<S>(factors.first.as_ptr().add(channel), count);
                let second = load_up_to::<S>(factors.second.as_ptr().add(channel), count);
                let shift = load_up_to::<S>(factors.shift.as_ptr().add(channel), count);
                for index in (channel..self.z.len()).step_by(channels) {
                    let at = self.gradients.as_mut_ptr().add(index);
                    let z = load_up_to::<S>(self.z.as_ptr().add(index), count);
                    let gradient = load_up_to::<S>(at, count);
                    store_up_to::<S>(at, S::fma(gradient, first, S::fma(z, second, shift)), count);
                }
            }
        }
    }
}

/// `sum += other`
pub(crate) fn add(sum: &mut [f32], other: &[f32]) {
    assert_eq!(sum.len(), other.len(), "maps of different sizes");
    let len = block_len(1);
    sum.par_chunks_mut(len).zip(other.par_chunks(len)).for_each(|(sum, other)| {
        sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
    });
}
