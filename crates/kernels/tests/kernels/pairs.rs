//! Products of pairs of bfloat16 as the processor makes them, or as plain Rust does where it takes the processor's place.

use lab_kernels::ops::{self, Activation, Convolution, Precision, Steps};
use lab_kernels::precision::round;

use crate::support::{device, read, values};
use burn::tensor::{Tensor, TensorData};

/// Whether products are of pairs in this process.
fn here() -> bool {
    let limit = std::env::var("RESIDUAL_LAB_CPU").unwrap_or_default();
    #[cfg(target_arch = "x86_64")]
    let processor = std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    let processor = false;
    limit == "portable-pairs" || (processor && limit.is_empty())
}

/// What `VDPBF16PS` adds to a sum, by Intel's description: subnormal numbers are zeros, the second product comes first.
fn added(sum: f32, x: [f32; 2], w: [f32; 2]) -> f32 {
    let flushed = |value: f32| if value.is_subnormal() { 0.0 } else { value };
    [1, 0].into_iter().fold(flushed(sum), |sum, at| flushed(flushed(x[at]).mul_add(flushed(w[at]), sum)))
}

/// Numbers of bfloat16, the odd ones first.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut numbers = vec![0.0, -0.0, 1.0, -1.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let bits = [0x0001_0000, 0x807F_0000, 0x0080_0000, 0x8080_0000, 0x7F7F_0000, 0xFF7F_0000, 0x2000_0000, 0x1F80_0000];
    numbers.extend(bits.map(f32::from_bits));
    numbers.extend(values(count - numbers.len(), seed));
    round(&mut numbers);
    numbers
}

#[test]
fn a_product_is_what_intel_says_it_is() {
    if !here() {
        eprintln!("SKIPPED: this processor multiplies no pairs of bfloat16; plain Rust in its place is held to this");
        return;
    }
    // Every image is a pixel of four channels, two pairs; channels go together with those half as many further on.
    let (images, outputs) = (240, 17);
    let (x, w) = (numbers(4 * images, 1), numbers(4 * outputs, 2));
    // Each number meets each other one: pixels begin at every place.
    let x: Vec<f32> =
        (0..images).flat_map(|image| [0, 1, 2, 3].map(|c| x[(image + 7 * c * image) % x.len()])).collect();
    let tensor = |values: &[f32], shape| Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &device());
    let how = Convolution { steps: Steps { stride: 1, padding: 0 }, precision: Precision::Bf16 };
    let (a, b) = (tensor(&x, [images, 4, 1, 1]), tensor(&w, [outputs, 4, 1, 1]));
    let found = read(ops::conv_act(a, b, None, None, how, Activation::Identity));
    for (index, found) in found.into_iter().enumerate() {
        let (x, w) = (&x[index / outputs * 4..][..4], &w[index % outputs * 4..][..4]);
        let sum = [0, 1].into_iter().fold(0.0, |sum, pair| added(sum, [x[pair], x[pair + 2]], [w[pair], w[pair + 2]]));
        assert!(found == sum || (found.is_nan() && sum.is_nan()), "{x:?} · {w:?} is {found:e}, not {sum:e}");
    }
}
