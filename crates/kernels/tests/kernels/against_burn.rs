//! The fused operations against burn's own on the same backend.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Slice, s};
use lab_kernels::ops::{self, Activation, Convolution, Precision, Steps, Windows};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::support::{assert_close, distance, leaf, read, values, wide};

/// Batch norm of burn's elementwise operations.
fn batch_norm(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
    let channels = z.dims()[1];
    let over_pixels = |t: Tensor<4>| t.mean_dim(0).mean_dim(2).mean_dim(3);
    let mean = over_pixels(z.clone());
    let centred = z - mean;
    let variance = over_pixels(centred.clone() * centred.clone());
    centred / (variance + 1e-5).sqrt() * gamma.reshape([1, channels, 1, 1]) + beta.reshape([1, channels, 1, 1])
}

/// Two residual blocks, fused or of burn's operations, and the gradients of all their leaves.
fn blocks(fused: bool) -> Vec<Vec<f64>> {
    let x = leaf(&values(6 * 3 * 12 * 12, 1), [6, 3, 12, 12]);
    let shapes = [[16, 3], [16, 16], [16, 16], [32, 16], [32, 32]];
    let weights: Vec<Tensor<4>> =
        (10..).zip(shapes).map(|(seed, [k, c])| leaf(&values(k * c * 9, seed), [k, c, 3, 3])).collect();
    let gammas: Vec<Tensor<1>> = (20..).zip(shapes).map(|(seed, [k, _])| leaf(&values(k, seed), [k])).collect();
    let betas: Vec<Tensor<1>> = (30..).zip(shapes).map(|(seed, [k, _])| leaf(&values(k, seed), [k])).collect();
    let unit = |index: usize, x: Tensor<4>, shortcut: Option<Tensor<4>>, stride: usize| {
        let (w, gamma, beta) = (weights[index].clone(), gammas[index].clone(), betas[index].clone());
        if fused {
            let steps = Steps { stride, padding: 1 };
            ops::conv_norm_act(x, w, gamma, beta, 1e-5, shortcut, steps, Activation::Relu).output
        } else {
            let z = conv2d(x, w, None, ConvOptions::new([stride, stride], [1, 1], [1, 1], 1));
            let y = batch_norm(z, gamma, beta);
            relu(match shortcut {
                Some(shortcut) => y + shortcut,
                None => y,
            })
        }
    };
    let stem = unit(0, x.clone(), None, 1);
    let stem = if fused {
        ops::max_pool(stem, Windows { kernel: 3, steps: Steps { stride: 1, padding: 1 }, ceil: false })
    } else {
        max_pool2d(stem, MaxPoolOptions::new([3, 3]).with_stride([1, 1]).with_padding([1, 1]))
    };
    let first = unit(2, unit(1, stem.clone(), None, 1), Some(stem), 1);
    let shortcut = if fused {
        ops::pad_shortcut(first.clone(), 2, 32)
    } else {
        let [n, c, h, w] = first.dims();
        let taken = avg_pool2d(first.clone(), AvgPoolOptions::new([1, 1]).with_stride([2, 2]));
        let zeros = Tensor::zeros([n, c / 2, h / 2, w / 2], &first.device());
        Tensor::cat(vec![zeros.clone(), taken, zeros], 1)
    };
    let second = unit(4, unit(3, first, None, 2), Some(shortcut), 1);
    let pooled = if fused { ops::global_average_pool(second) } else { second.mean_dim(2).mean_dim(3).reshape([6, 32]) };
    let loss = (pooled.clone() * leaf(&values(6 * 32, 2), [6, 32]).detach()).sum();
    let gradients = loss.backward();
    let mut results = vec![wide(&read(pooled)), wide(&read(x.grad(&gradients).unwrap()))];
    results.extend(weights.iter().map(|w| wide(&read(w.grad(&gradients).unwrap()))));
    results.extend(gammas.iter().chain(&betas).map(|v| wide(&read(v.grad(&gradients).unwrap()))));
    results
}

#[test]
fn residual_blocks_agree() {
    for (index, (fused, stock)) in blocks(true).iter().zip(&blocks(false)).enumerate() {
        assert_close(&format!("result {index}"), fused, stock);
    }
}

#[test]
fn fused_maps_are_ordinary_tensors() {
    let x = leaf(&values(2 * 5 * 6 * 7, 1), [2, 5, 6, 7]);
    let w = leaf(&values(4 * 5 * 9, 2), [4, 5, 3, 3]);
    let steps = Steps { stride: 1, padding: 1 };
    let fused = ops::conv_act(x.clone(), w.clone(), None, None, steps, Activation::Identity);
    let stock = conv2d(x, w, None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1));
    let change = |t: Tensor<4>| read((t * 2.0 + 1.0).slice([0..2, 1..3]).permute([1, 0, 3, 2]).flatten::<2>(1, 3));
    assert_close("values", &wide(&change(fused)), &wide(&change(stock)));
}

#[test]
fn views_are_read_in_their_own_order() {
    let whole = leaf(&values(4 * 8 * 9 * 6, 1), [4, 8, 9, 6]);
    let view = whole.clone().slice([1..4, 2..7]).permute([0, 1, 3, 2]);
    let dims = view.dims();
    let copy = leaf(&read(view.clone()), dims);
    let (fused_view, fused_copy) = (ops::activate(view, Activation::Relu), ops::activate(copy, Activation::Relu));
    assert_eq!(read(fused_view), read(fused_copy));
}

/// Outputs and gradients of the leaves of two ways to compute the same.
fn compare(what: &str, leaves: &[Tensor<4>], fused: impl Fn() -> Tensor<4>, stock: impl Fn() -> Tensor<4>) {
    let results = |y: Tensor<4>| {
        let g = leaf(&values(y.dims().iter().product(), 9), y.dims()).detach();
        let gradients = (y.clone() * g).sum().backward();
        let of_leaves = leaves.iter().map(|leaf| wide(&read(leaf.grad(&gradients).unwrap())));
        std::iter::once(wide(&read(y))).chain(of_leaves).collect::<Vec<_>>()
    };
    for (index, (fused, stock)) in results(fused()).iter().zip(&results(stock())).enumerate() {
        assert_close(&format!("{what}, result {index}"), fused, stock);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 30,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn convolutions_and_norms(
        n in 1_usize..=17, c in 1_usize..=130, k in 1_usize..=130, h in 1_usize..=40, w in 1_usize..=40,
        kernel in prop_oneof![Just(1_usize), Just(3), Just(7)], stride in 1_usize..=2,
    ) {
        prop_assume!(n * c * k * h * w * kernel * kernel < 4_000_000 && n * h * w > 32);
        let (steps, padding) = (Steps { stride, padding: kernel / 2 }, [kernel / 2; 2]);
        let conv = |x, w| conv2d(x, w, None, ConvOptions::new([stride; 2], padding, [1, 1], 1));
        let x = leaf(&values(n * c * h * w, 1), [n, c, h, w]);
        let weights = leaf(&values(k * c * kernel * kernel, 2), [k, c, kernel, kernel]);
        let (gamma, beta) = (leaf(&values(k, 3), [k]).detach(), leaf(&values(k, 4), [k]).detach());
        let shortcut = leaf(&values(conv(x.clone(), weights.clone()).dims().iter().product(), 5),
            conv(x.clone(), weights.clone()).dims());
        let leaves = [x.clone(), weights.clone(), shortcut.clone()];
        let added = || Some(shortcut.clone());
        compare("convolution", &leaves,
            || ops::conv_act(x.clone(), weights.clone(), None, added(), steps, Activation::Identity),
            || conv(x.clone(), weights.clone()) + shortcut.clone());
        compare("affine", &leaves,
            || ops::conv_affine_act(
                x.clone(), weights.clone(), gamma.clone(), beta.clone(), added(), steps, Activation::Identity),
            || conv(x.clone(), weights.clone()) * gamma.clone().reshape([1, k, 1, 1])
                + beta.clone().reshape([1, k, 1, 1]) + shortcut.clone());
        let [.., height, width] = shortcut.dims();
        prop_assume!(n * height * width > 16);
        compare("norm", &leaves,
            || ops::conv_norm_act(x.clone(), weights.clone(), gamma.clone(), beta.clone(), 1e-5, added(), steps,
                Activation::Identity).output,
            || batch_norm(conv(x.clone(), weights.clone()), gamma.clone(), beta.clone()) + shortcut.clone());
    }

    #[test]
    fn pools_and_sums(
        n in 1_usize..=17, c in 1_usize..=130, h in 3_usize..=40, w in 3_usize..=40, stride in 1_usize..=2,
        ceil in any::<bool>(),
    ) {
        prop_assume!(n * c * h * w < 200_000);
        let x = leaf(&values(n * c * h * w, 1), [n, c, h, w]);
        let other = leaf(&values(n * c * h * w, 2), [n, c, h, w]);
        let (windows, size) = (Windows { kernel: 3, steps: Steps { stride, padding: 1 }, ceil }, [3, 3]);
        let leaves = [x.clone()];
        let largest = MaxPoolOptions {
            kernel_size: size, stride: [stride; 2], padding: [(1, 1); 2], dilation: [1, 1], ceil_mode: ceil,
        };
        compare("largest", &leaves, || ops::max_pool(x.clone(), windows), || max_pool2d(x.clone(), largest.clone()));
        let mean = AvgPoolOptions {
            kernel_size: size, stride: [stride; 2], padding: [(1, 1); 2], count_include_pad: false, ceil_mode: ceil,
        };
        compare("mean", &leaves, || ops::average_pool(x.clone(), windows), || avg_pool2d(x.clone(), mean.clone()));
        let step = Slice::with_step(0, None, stride.cast_signed());
        compare("shortcut", &leaves, || ops::pad_shortcut(x.clone(), stride, c), || {
            x.clone().slice(s![.., .., step, step])
        });
        compare("sum", &[x.clone(), other.clone()],
            || ops::add_act(x.clone(), other.clone(), Activation::Relu),
            || relu(x.clone() + other.clone()));
        compare("whole maps", &leaves,
            || ops::global_average_pool(x.clone()).reshape([n, c, 1, 1]),
            || x.clone().mean_dim(2).mean_dim(3));
    }
}

/// By tiles, over taps (stride, one pixel's kernel) and pixel by pixel, whose packed weights are kept from the first call.
#[test]
fn folded_weights_answer_as_unfolded_ones_whatever_was_asked_before() {
    // `leaf` is for gradients, which folded weights have none of.
    let plain = |length: usize, seed: u64| leaf::<1>(&values(length, seed), [length]).inner();
    let sizes = [(3, 16, 3, 1), (16, 24, 3, 2), (8, 20, 1, 1), (128, 96, 3, 1)];
    for ((channels, outputs, kernel, stride), precision) in
        sizes.into_iter().flat_map(|size| [Precision::F32, Precision::Bf16].map(|precision| (size, precision)))
    {
        let w = plain(outputs * channels * kernel * kernel, 2).reshape([outputs, channels, kernel, kernel]);
        let (scale, shift) = (plain(outputs, 3), plain(outputs, 4));
        let folded = ops::Folded::with_affine(w.clone(), scale.clone(), Some(shift.clone()), precision);
        let how = Convolution { steps: Steps { stride, padding: kernel / 2 }, precision };
        for (batch, size) in [(1, 12), (7, 3), (1, 12), (2, 16)] {
            let x = plain(batch * channels * size * size, 5).reshape([batch, channels, size, size]);
            let expected =
                ops::conv_affine_act(x.clone(), w.clone(), scale.clone(), shift.clone(), None, how, Activation::Relu);
            let (found, expected) =
                (read(ops::conv_folded_act(x, &folded, None, how, Activation::Relu)), read(expected));
            let what = format!("{batch} images of {size} pixels, {channels} to {outputs} channels, {precision:?}");
            if precision == Precision::F32 {
                assert_eq!(found, expected, "{what}");
            }
            // In bfloat16 the sums are scaled, by one operation or by two.
            assert!(distance(&wide(&found), &wide(&expected)) < 1e-6, "{what}");
        }
    }
}
