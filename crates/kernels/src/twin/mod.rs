//! The definition of every fused operation: plain loops in double precision over maps `[n][h][w][c]`, forward
//! and backward. Nothing runs them in training; the fast kernels are tested against them, and they are tested
//! against finite differences. Must not use the kernels that it judges.

mod norm;
mod pool;
pub mod tiles;

pub use norm::{
    Normed, batch_norm, batch_norm_backward, group_norm, group_norm_backward, leaky, leaky_backward, smooth,
    smooth_backward,
};
pub use pool::{
    average_pool, average_pool_backward, global_average, global_average_backward, max_pool, max_pool_backward, pad,
    pad_backward,
};

use crate::shape::ConvShape;

/// `z[n][y][x][k] = Σ x[n][y·s + i − p][x·s + j − p][c] · w[k][c][i][j]` over `i`, `j` and `c`.
#[must_use]
pub fn conv(shape: &ConvShape, x: &[f64], w: &[f64]) -> Vec<f64> {
    let mut z = vec![0.0; shape.output_len()];
    for_each_product(shape, |out, input, weight| z[out] += x[input] * w[weight]);
    z
}

/// Gradients of [`conv`] by its input and its weights.
#[must_use]
pub fn conv_backward(shape: &ConvShape, x: &[f64], w: &[f64], gradients: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    for_each_product(shape, |out, input, weight| {
        dx[input] += gradients[out] * w[weight];
        dw[weight] += gradients[out] * x[input];
    });
    (dx, dw)
}

/// Calls `product` with the indices of output, input and weight of every multiplication.
fn for_each_product(shape: &ConvShape, mut product: impl FnMut(usize, usize, usize)) {
    let (inputs, outputs, kernel) = (shape.in_channels, shape.out_channels, shape.kernel);
    let (rows, columns) = (shape.out_height(), shape.out_width());
    for n in 0..shape.batch {
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for (i, j) in (0..kernel).flat_map(|i| (0..kernel).map(move |j| (i, j))) {
                let (Some(row), Some(column)) = (
                    (y * shape.stride + i).checked_sub(shape.padding),
                    (x * shape.stride + j).checked_sub(shape.padding),
                ) else {
                    continue;
                };
                if row >= shape.height || column >= shape.width {
                    continue;
                }
                for (k, c) in (0..outputs).flat_map(|k| (0..inputs).map(move |c| (k, c))) {
                    product(
                        ((n * rows + y) * columns + x) * outputs + k,
                        ((n * shape.height + row) * shape.width + column) * inputs + c,
                        ((k * inputs + c) * kernel + i) * kernel + j,
                    );
                }
            }
        }
    }
}
