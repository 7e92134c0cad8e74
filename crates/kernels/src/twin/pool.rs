//! Pools and the shortcut without parameters.

use crate::pooling::PoolShape;
use crate::shortcut::PadShape;

/// Calls `pair` with the indices of every output value and of each input value under its window.
fn for_each_pair(shape: &PoolShape, mut pair: impl FnMut(usize, usize)) {
    let (rows, columns) = (shape.out_height(), shape.out_width());
    for n in 0..shape.batch {
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for (i, j) in (0..shape.kernel).flat_map(|i| (0..shape.kernel).map(move |j| (i, j))) {
                let (row, column) = (y * shape.stride + i, x * shape.stride + j);
                let (Some(row), Some(column)) = (row.checked_sub(shape.padding), column.checked_sub(shape.padding))
                else {
                    continue;
                };
                if row < shape.height && column < shape.width {
                    for c in 0..shape.channels {
                        pair(
                            ((n * rows + y) * columns + x) * shape.channels + c,
                            ((n * shape.height + row) * shape.width + column) * shape.channels + c,
                        );
                    }
                }
            }
        }
    }
}

fn output_len(shape: &PoolShape) -> usize {
    shape.batch * shape.out_height() * shape.out_width() * shape.channels
}

fn input_len(shape: &PoolShape) -> usize {
    shape.batch * shape.height * shape.width * shape.channels
}

/// The largest value of each window: `[n][h][w][c]` to `[n][h'][w'][c]`. Padding never wins.
#[must_use]
pub fn max_pool(shape: &PoolShape, x: &[f64]) -> Vec<f64> {
    let mut y = vec![f64::NEG_INFINITY; output_len(shape)];
    for_each_pair(shape, |output, input| y[output] = y[output].max(x[input]));
    y
}

/// Gradients of [`max_pool`], all to the first of equal values.
#[must_use]
pub fn max_pool_backward(shape: &PoolShape, x: &[f64], gradients: &[f64]) -> Vec<f64> {
    let y = max_pool(shape, x);
    let mut dx = vec![0.0; input_len(shape)];
    let mut taken = vec![false; y.len()];
    for_each_pair(shape, |output, input| {
        if !taken[output] && x[input] == y[output] {
            taken[output] = true;
            dx[input] += gradients[output];
        }
    });
    dx
}

/// Pixels under each window.
fn window_sizes(shape: &PoolShape) -> Vec<f64> {
    let mut sizes = vec![0.0; output_len(shape)];
    for_each_pair(shape, |output, _| sizes[output] += 1.0);
    sizes
}

/// The mean of each window, padding left out: `[n][h][w][c]` to `[n][h'][w'][c]`.
#[must_use]
pub fn average_pool(shape: &PoolShape, x: &[f64]) -> Vec<f64> {
    let (mut y, sizes) = (vec![0.0; output_len(shape)], window_sizes(shape));
    for_each_pair(shape, |output, input| y[output] += x[input] / sizes[output]);
    y
}

/// Gradients of [`average_pool`].
#[must_use]
pub fn average_pool_backward(shape: &PoolShape, gradients: &[f64]) -> Vec<f64> {
    let (mut dx, sizes) = (vec![0.0; input_len(shape)], window_sizes(shape));
    for_each_pair(shape, |output, input| dx[input] += gradients[output] / sizes[output]);
    dx
}

/// The mean over the pixels: `[n][pixels][c]` to `[n][c]`.
#[must_use]
pub fn global_average(x: &[f64], pixels: usize, channels: usize) -> Vec<f64> {
    let mut y = vec![0.0; x.len() / pixels];
    for (index, value) in x.iter().enumerate() {
        y[index / (pixels * channels) * channels + index % channels] += value / pixels as f64;
    }
    y
}

/// Gradients of [`global_average`].
#[must_use]
pub fn global_average_backward(gradients: &[f64], pixels: usize, channels: usize) -> Vec<f64> {
    let at = |index: usize| gradients[index / (pixels * channels) * channels + index % channels];
    (0..gradients.len() * pixels).map(|index| at(index) / pixels as f64).collect()
}

/// Calls `pair` with the indices of every output value of the shortcut that is an input value, and of that.
fn for_each_kept(shape: &PadShape, mut pair: impl FnMut(usize, usize)) {
    let (rows, columns) = (shape.out_height(), shape.out_width());
    let before = (shape.out_channels - shape.in_channels) / 2;
    for n in 0..shape.batch {
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for c in 0..shape.in_channels {
                let (row, column) = (y * shape.stride, x * shape.stride);
                pair(
                    ((n * rows + y) * columns + x) * shape.out_channels + before + c,
                    ((n * shape.height + row) * shape.width + column) * shape.in_channels + c,
                );
            }
        }
    }
}

/// `y[n][y][x] = 0 … 0, x[n][y·s][x·s], 0 … 0`: every `stride`-th pixel, with zero channels on both sides, half of them
/// (rounded down) before.
#[must_use]
pub fn pad(shape: &PadShape, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; shape.batch * shape.out_height() * shape.out_width() * shape.out_channels];
    for_each_kept(shape, |output, input| y[output] = x[input]);
    y
}

/// Gradients of [`pad`].
#[must_use]
pub fn pad_backward(shape: &PadShape, gradients: &[f64]) -> Vec<f64> {
    let mut dx = vec![0.0; shape.batch * shape.height * shape.width * shape.in_channels];
    for_each_kept(shape, |output, input| dx[input] = gradients[output]);
    dx
}
