//! The fused operations one by one, on the shapes of ResNet-20 with batch 128 and of wider networks:
//! `cargo bench --bench operations -- [filter]`. Items a second are images a second.

use burn::tensor::{Device, Tensor, TensorData};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use lab_kernels::ops::{self, Activation, Steps, Windows};

fn main() {
    divan::main();
}

const BATCH: usize = 128;

/// A convolution with its norm: channels in and out, size of the map, kernel, stride.
const CONVOLUTIONS: &[(usize, usize, usize, usize, usize)] = &[
    (3, 16, 32, 3, 1),
    (8, 8, 28, 3, 1),
    (16, 16, 32, 3, 1),
    (16, 32, 32, 3, 2),
    (32, 32, 16, 3, 1),
    (64, 64, 8, 3, 1),
    (64, 64, 16, 3, 1),
    (64, 256, 8, 1, 1),
    (256, 256, 4, 3, 1),
    (3, 64, 64, 7, 2),
];

fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let len = shape.iter().product();
    let values: Vec<f32> = (0..len).map(|index: usize| (index % 97) as f32 / 97.0 - 0.5).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

struct Unit {
    x: Tensor<4>,
    w: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    steps: Steps,
}

impl Unit {
    fn new((inputs, outputs, size, kernel, stride): (usize, usize, usize, usize, usize), device: &Device) -> Self {
        let differentiated = device.is_autodiff();
        let leaf = |tensor: Tensor<4>| if differentiated { tensor.require_grad() } else { tensor };
        Self {
            x: leaf(tensor([BATCH, inputs, size, size], device)),
            w: leaf(tensor([outputs, inputs, kernel, kernel], device)),
            gamma: tensor([outputs], device),
            beta: tensor([outputs], device),
            steps: Steps { stride, padding: kernel / 2 },
        }
    }

    fn training(&self) -> Tensor<4> {
        let (x, w, gamma, beta) = (self.x.clone(), self.w.clone(), self.gamma.clone(), self.beta.clone());
        ops::conv_norm_act(x, w, gamma, beta, 1e-5, None, self.steps, Activation::Relu).output
    }

    fn inference(&self) -> Tensor<4> {
        let (x, w, scale, shift) = (self.x.clone(), self.w.clone(), self.gamma.clone(), self.beta.clone());
        ops::conv_affine_act(x, w, scale, shift, None, self.steps, Activation::Relu)
    }
}

#[divan::bench(args = CONVOLUTIONS)]
fn training_forward(bencher: Bencher, shape: &(usize, usize, usize, usize, usize)) {
    let unit = Unit::new(*shape, &Device::flex());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(unit.training()));
}

#[divan::bench(args = CONVOLUTIONS)]
fn training_both_ways(bencher: Bencher, shape: &(usize, usize, usize, usize, usize)) {
    let unit = Unit::new(*shape, &Device::flex().autodiff());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(unit.training().sum().backward()));
}

#[divan::bench(args = CONVOLUTIONS)]
fn inference(bencher: Bencher, shape: &(usize, usize, usize, usize, usize)) {
    let unit = Unit::new(*shape, &Device::flex());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(unit.inference()));
}

#[divan::bench(args = [Activation::Relu, Activation::Gelu, Activation::Silu, Activation::Tanh])]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "this is how divan hands over its arguments")]
fn activation(bencher: Bencher, activation: &Activation) {
    let x = tensor([BATCH, 16, 32, 32], &Device::flex());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(ops::activate(x.clone(), *activation)));
}

#[divan::bench]
fn group_norm(bencher: Bencher) {
    let device = Device::flex();
    let (x, gamma, beta) = (tensor([BATCH, 16, 32, 32], &device), tensor([16], &device), tensor([16], &device));
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        black_box(ops::group_norm_act(x.clone(), gamma.clone(), beta.clone(), 8, 1e-5, None, Activation::Relu))
    });
}

#[divan::bench]
fn max_pool(bencher: Bencher) {
    let x = tensor([BATCH, 64, 32, 32], &Device::flex());
    let windows = Windows { kernel: 3, steps: Steps { stride: 2, padding: 1 }, ceil: false };
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(ops::max_pool(x.clone(), windows)));
}

#[divan::bench]
fn pad_shortcut(bencher: Bencher) {
    let x = tensor([BATCH, 16, 32, 32], &Device::flex());
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(ops::pad_shortcut(x.clone(), 2, 32)));
}
