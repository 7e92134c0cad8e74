//! Normalise, add the shortcut and activate in one pass over a map, and the way back: the gradient of the norm's input as a
//! blend of two maps that the convolution computes while it reads.
//!
//! Maps are `[pixels][channels]`. With batch statistics (Ioffe and Szegedy 2015)
//! `y = act(γ (z − mean) / √(variance + ε) + β + shortcut)`.

use rayon::prelude::*;

use crate::affine::Affine;
use crate::simd::{Simd, Work, dispatch, load_up_to, store_up_to};
use crate::statistics::{Moments, block_len};
use crate::sums::Sums;

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
