//! Convolutions of any shape: picks the way to compute each and knows nothing of norms or layers.

use crate::filters::Filters;
use crate::map::{Finish, Rounded, Source};
use crate::precision::Precision;
use crate::shape::{Backward, ConvShape};
use crate::simd::Pairs;
use crate::{direct, pairs, winograd};

/// Tiles of four by four need maps that fill them, and enough of them to repay the transform of the weights. They take a
/// quarter of the products, where pairs of bfloat16 take half of them.
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
    match (precision, Pairs::here()) {
        (Precision::F32, _) => forward_as_read(shape, source, weights, out, finish),
        (Precision::Bf16, Some(pairs)) if !by_tiles(shape) => {
            pairs::forward(pairs, shape, source, weights.values, out, finish)
        }
        _ => forward_as_read(shape, &Rounded(source), weights, out, finish),
    }
}

fn forward_as_read<F: Finish + Send>(
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    if by_tiles(shape) {
        winograd::forward(shape, source, weights, out, finish)
    } else {
        direct::forward(shape, source, weights, out, finish)
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
        assert_eq!(inputs.len(), shape.input_len(), "input gradients of another shape");
    }
    match (precision, Pairs::here()) {
        (Precision::F32, _) => backward_as_read(shape, source, weights, gradients, wanted),
        (Precision::Bf16, Some(pairs)) if !by_tiles(shape) && pairs::differentiate(shape, &wanted) => {
            pairs::backward(pairs, shape, source, weights, gradients, wanted);
        }
        _ => backward_as_read(shape, &Rounded(source), weights, &Rounded(gradients), wanted),
    }
}

fn backward_as_read(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    if by_tiles(shape) {
        winograd::backward(shape, source, weights, gradients, wanted);
    } else {
        direct::backward(shape, source, weights, gradients, wanted);
    }
}
