//! The backward passes of the twins against differences of their forward passes.

use lab_kernels::activation::Smooth;
use lab_kernels::pooling::PoolShape;
use lab_kernels::shape::ConvShape;
use lab_kernels::shortcut::PadShape;
use lab_kernels::twin;

use crate::support::{assert_close, values, wide};

/// The gradient of `Σ weight · f(x)` by central differences.
fn differences(x: &[f64], weights: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let value = |x: &[f64]| f(x).iter().zip(weights).map(|(y, w)| y * w).sum::<f64>();
    let mut moved = x.to_vec();
    (0..x.len())
        .map(|index| {
            let step = 1e-5;
            moved[index] = x[index] + step;
            let above = value(&moved);
            moved[index] = x[index] - step;
            let below = value(&moved);
            moved[index] = x[index];
            (above - below) / (2.0 * step)
        })
        .collect()
}

fn random(len: usize, seed: u64) -> Vec<f64> {
    wide(&values(len, seed))
}

#[test]
fn convolution() {
    for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (1, 2, 0), (5, 3, 2)] {
        let shape =
            ConvShape { batch: 2, in_channels: 3, out_channels: 2, height: 6, width: 5, kernel, stride, padding };
        let (x, w) = (random(shape.input_len(), 1), random(shape.weight_len(), 2));
        let g = random(shape.output_len(), 3);
        let (dx, dw) = twin::conv_backward(&shape, &x, &w, &g);
        assert_close("input", &dx, &differences(&x, &g, |x| twin::conv(&shape, x, &w)));
        assert_close("weights", &dw, &differences(&w, &g, |w| twin::conv(&shape, &x, w)));
    }
}

#[test]
fn norms() {
    let (x, g) = (random(2 * 5 * 4, 1), random(2 * 5 * 4, 2));
    let (gamma, beta) = (random(4, 3), random(4, 4));
    let normed = twin::batch_norm(&x, &gamma, &beta, 1e-5);
    let (dx, dgamma, dbeta) = twin::batch_norm_backward(&x, &gamma, 1e-5, &normed, &g);
    assert_close("x", &dx, &differences(&x, &g, |x| twin::batch_norm(x, &gamma, &beta, 1e-5).y));
    assert_close("γ", &dgamma, &differences(&gamma, &g, |v| twin::batch_norm(&x, v, &beta, 1e-5).y));
    assert_close("β", &dbeta, &differences(&beta, &g, |v| twin::batch_norm(&x, &gamma, v, 1e-5).y));
    let normed = twin::group_norm(&x, &gamma, &beta, 1e-5, 2, 20);
    let (dx, dgamma, dbeta) = twin::group_norm_backward(&x, &gamma, 1e-5, 2, 20, &normed, &g);
    assert_close("x", &dx, &differences(&x, &g, |x| twin::group_norm(x, &gamma, &beta, 1e-5, 2, 20).y));
    assert_close("γ", &dgamma, &differences(&gamma, &g, |v| twin::group_norm(&x, v, &beta, 1e-5, 2, 20).y));
    assert_close("β", &dbeta, &differences(&beta, &g, |v| twin::group_norm(&x, &gamma, v, 1e-5, 2, 20).y));
}

#[test]
fn activations() {
    let (x, g) = (random(50, 1), random(50, 2));
    let y = twin::leaky(&x, 0.1);
    assert_close("leaky", &twin::leaky_backward(&y, 0.1, &g), &differences(&x, &g, |x| twin::leaky(x, 0.1)));
    for kind in [Smooth::Gelu, Smooth::Silu, Smooth::Tanh] {
        let expected = differences(&x, &g, |x| twin::smooth(kind, x));
        assert_close("smooth", &twin::smooth_backward(kind, &x, &g), &expected);
    }
}

#[test]
fn pools_and_shortcut() {
    let shape = PoolShape { batch: 2, channels: 3, height: 7, width: 6, kernel: 3, stride: 2, padding: 1, ceil: false };
    let x = random(2 * 7 * 6 * 3, 1);
    let g = random(2 * 4 * 3 * 3, 2);
    let expected = differences(&x, &g, |x| twin::max_pool(&shape, x));
    assert_close("max pool", &twin::max_pool_backward(&shape, &x, &g), &expected);
    let expected = differences(&x, &g, |x| twin::average_pool(&shape, x));
    assert_close("average pool", &twin::average_pool_backward(&shape, &g), &expected);
    let g = random(6, 3);
    let expected = differences(&x, &g, |x| twin::global_average(x, 42, 3));
    assert_close("global average", &twin::global_average_backward(&g, 42, 3), &expected);
    let shape = PadShape { batch: 2, height: 7, width: 6, in_channels: 3, out_channels: 6, stride: 2 };
    let g = random(2 * 4 * 3 * 6, 4);
    let expected = differences(&x, &g, |x| twin::pad(&shape, x));
    assert_close("shortcut", &twin::pad_backward(&shape, &g), &expected);
}
