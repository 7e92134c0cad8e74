//! Activations that need their input to be differentiated, value by value over whole maps.

use rayon::prelude::*;

use crate::simd::{Simd, Work, dispatch};

/// A smooth activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smooth {
    /// `v Φ(v)` with the normal distribution's Φ.
    Gelu,
    /// `v σ(v)` with the logistic function σ.
    Silu,
    Tanh,
}

/// Values that one task takes.
const CHUNK: usize = 16 * 1024;

/// `out = f(x)`.
pub(crate) fn activate(kind: Smooth, x: &[f32], out: &mut [f32]) {
    assert_eq!(x.len(), out.len(), "maps of different sizes");
    out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(out, x)| dispatch(Forward { kind, x, out }));
}

/// `gradients *= f'(x)`, in place.
pub(crate) fn activate_backward(kind: Smooth, x: &[f32], gradients: &mut [f32]) {
    assert_eq!(x.len(), gradients.len(), "maps of different sizes");
    gradients
        .par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(gradients, x)| dispatch(Backward { kind, x, gradients }));
}

struct Forward<'a> {
    kind: Smooth,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Forward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let pairs = self.out.iter_mut().zip(self.x);
        match self.kind {
            Smooth::Gelu => pairs.for_each(|(out, &x)| *out = x * normal(x)),
            Smooth::Silu => pairs.for_each(|(out, &x)| *out = x * logistic(x)),
            Smooth::Tanh => pairs.for_each(|(out, &x)| *out = tanh(x)),
        }
    }
}

struct Backward<'a> {
    kind: Smooth,
    x: &'a [f32],
    gradients: &'a mut [f32],
}

impl Work for Backward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let pairs = self.gradients.iter_mut().zip(self.x);
        match self.kind {
            Smooth::Gelu => pairs.for_each(|(gradient, &x)| {
                let density = exp(-0.5 * x * x) * 0.398_942_3;
                *gradient *= normal(x) + x * density;
            }),
            Smooth::Silu => pairs.for_each(|(gradient, &x)| {
                let sigma = logistic(x);
                *gradient *= sigma + x * sigma * (1.0 - sigma);
            }),
            Smooth::Tanh => pairs.for_each(|(gradient, &x)| {
                // 1 − tanh² without the difference, which would cancel far from zero.
                let decay = exp(-2.0 * x.abs());
                *gradient *= 4.0 * decay / ((1.0 + decay) * (1.0 + decay));
            }),
        }
    }
}

/// `eˣ` without a branch, so that loops over it become vectors: `2ᵏ eʳ` with `|r| ≤ ln 2 / 2` and the Taylor
/// polynomial of degree six, whose error there is below the rounding error.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number.
    let magic = 12_582_912.0;
    let k = (x * std::f32::consts::LOG2_E + magic) - magic;
    let r = x - k * 0.693_359_4 + k * 2.121_944_4e-4;
    let series = 1.0 + r * (1.0 + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    series * f32::from_bits(((k as i32 + 127) << 23).cast_unsigned())
}

#[inline(always)]
fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    let decay = exp(-2.0 * x.abs());
    let far = ((1.0 - decay) / (1.0 + decay)).copysign(x);
    // Near zero the difference would cancel; the Taylor polynomial is exact there.
    let square = x * x;
    let near = x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0)));
    if x.abs() < 0.05 { near } else { far }
}

/// The normal distribution's Φ by the error function of Abramowitz and Stegun, formula 7.1.26, which is within
/// 1.5e-7.
#[inline(always)]
fn normal(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152_1 + t * 1.061_405_4))));
    let tail = 0.5 * series * exp(-z * z);
    if x < 0.0 { tail } else { 1.0 - tail }
}
