//! Tensors with random values, and distances between results.

use burn::tensor::{Device, Tensor, TensorData};
use lab_kernels::ops::Activation;

/// A differentiated device of the fused kernels.
pub fn device() -> Device {
    Device::flex().autodiff()
}

/// Values between −1 and 1 that depend on the seed alone.
pub fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

pub fn leaf<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device()).require_grad()
}

pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// `[n][c][h][w]` to `[n][h][w][c]`.
pub fn channels_last(values: &[f32], [n, c, h, w]: [usize; 4]) -> Vec<f64> {
    let mut out = Vec::with_capacity(values.len());
    for image in 0..n {
        for pixel in 0..h * w {
            for channel in 0..c {
                out.push(f64::from(values[(image * c + channel) * h * w + pixel]));
            }
        }
    }
    out
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// The norm of the difference over the norm of the reference.
pub fn distance(values: &[f64], reference: &[f64]) -> f64 {
    assert_eq!(values.len(), reference.len());
    let difference: f64 = values.iter().zip(reference).map(|(a, b)| (a - b).powi(2)).sum();
    let norm: f64 = reference.iter().map(|b| b * b).sum();
    if norm == 0.0 { difference.sqrt() } else { (difference / norm).sqrt() }
}

#[track_caller]
pub fn assert_close(what: &str, values: &[f64], reference: &[f64]) {
    let distance = distance(values, reference);
    assert!(distance < 1e-4, "{what} differs by {distance:e}");
}

pub fn slope(activation: Activation) -> f64 {
    match activation {
        Activation::Relu => 0.0,
        Activation::LeakyRelu(slope) => f64::from(slope),
        _ => 1.0,
    }
}
