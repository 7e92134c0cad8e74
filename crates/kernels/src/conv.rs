//! Convolutions of any shape: picks the way to compute each and knows nothing of norms or layers.

use crate::filters::Filters;
use crate::map::{Finish, Rounded, Source};
use crate::precision::{self, Precision};
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::Pairs;
use crate::winograd::{self, Factors};
use crate::{direct, pairs};

/// Tiles of four by four need maps that fill them, and enough of them to repay the transform of the weights.
fn by_tiles(shape: &ConvShape) -> bool {
    let tiles = shape.batch * shape.height.div_ceil(4) * shape.width.div_ceil(4);
    winograd::supports(shape) && shape.in_channels >= 4 && shape.height >= 3 && shape.width >= 3 && tiles >= 4
}

/// Convolves `source` `[n][h][w][in]` with `weights` `[out][in][k][k]` into `out` `[n][h'][w'][out]`. `finish`
/// makes what finishes the values of a block of work, given its number; the finishers come back in that order.
pub(crate) fn forward<F: Finish + Send>(
    shape: &ConvShape,
    precision: Precision,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    assert_eq!(weights.values.len(), shape.weight_len(), "weights of another shape");
    assert_eq!(out.len(), shape.output_len(), "output of another shape");
    if by_tiles(shape) {
        return winograd::forward(shape, tile_factors(precision), source, weights, out, finish);
    }
    match (precision, Pairs::here()) {
        (Precision::F32, _) => direct::forward(shape, source, weights, out, finish),
        (Precision::Bf16, Some(pairs)) => pairs::forward(pairs, shape, source, weights, out, finish),
        (Precision::Bf16, None) => rounded(weights.values, |values| {
            direct::forward(shape, &Rounded(source), Filters { values, ..weights }, out, finish)
        }),
    }
}

/// Works with rounded weights.
fn rounded<R>(weights: &[f32], work: impl FnOnce(&[f32]) -> R) -> R {
    scratch::with(weights.len(), |values| {
        values.copy_from_slice(weights);
        precision::round(values);
        work(values)
    })
}

fn tile_factors(precision: Precision) -> Factors {
    match precision {
        Precision::F32 => Factors::Single,
        Precision::Bf16 => Factors::rounded(),
    }
}

/// Differentiates a convolution of `source` with `weights`, given the gradients of its outputs.
pub(crate) fn backward(
    shape: &ConvShape,
    precision: Precision,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    assert_eq!(weights.len(), shape.weight_len(), "weights of another shape");
    assert_eq!(wanted.weights.len(), shape.weight_len(), "weight gradients of another shape");
    if let Some(inputs) = &wanted.inputs {
        assert_eq!(inputs.gradients.len(), shape.input_len(), "input gradients of another shape");
    }
    if by_tiles(shape) {
        return winograd::backward(shape, tile_factors(precision), source, weights, gradients, wanted);
    }
    match (precision, Pairs::here()) {
        (Precision::F32, _) => direct::backward(shape, source, weights, gradients, wanted),
        (Precision::Bf16, Some(pairs)) => pairs::backward(pairs, shape, source, weights, gradients, wanted),
        (Precision::Bf16, None) => rounded(weights, |weights| {
            direct::backward(shape, &Rounded(source), weights, &Rounded(gradients), wanted);
        }),
    }
}
