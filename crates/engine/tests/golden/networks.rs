//! Every golden network: forward, backward, and five optimiser steps.

use super::case::Case;
use super::{Worst, apart};
use burn::tensor::{Device, Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::data::Batch;
use lab_core::experiment::{Method, Optimizer as Rule, Precision};
use lab_engine::nn::{Model, Pass, StateDict};
use lab_engine::train::evaluate::plain;
use lab_engine::train::loss;
use lab_engine::train::optimizer::{Optimizer, flat_gradients};

/// What PyTorch's networks did, done by ours.
struct Run<'a> {
    case: &'a Case,
    batch: Batch,
    device: Device,
    stock: bool,
    precision: Precision,
}

impl<'a> Run<'a> {
    fn new(case: &'a Case, device: &Device, stock: bool) -> Self {
        let input = case.array("input");
        let (size, shape) = (input.shape[0], case.shape());
        let batch = Batch {
            size,
            shape,
            pixels: input.values.clone(),
            labels: case.labels.clone(),
            indices: Vec::new(),
            mix: None,
        };
        Self { case, batch, device: device.clone(), stock, precision: Precision::F32 }
    }

    /// The network with the golden weights, with a graph.
    fn model(&self) -> Model {
        let blueprint = Blueprint::new(&self.case.network, self.case.shape(), 10).unwrap();
        let device = self.device.clone().autodiff();
        let model = Model::init(&blueprint, 0, &device).in_precision(self.precision, &device).unwrap();
        model.with_state(&self.case.below("weights")).unwrap()
    }

    fn input(&self, device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.batch.shape;
        let shape = [self.batch.size, channels, height, width];
        Tensor::from_data(TensorData::new(self.batch.pixels.clone(), shape), device)
    }

    fn training(&self, step: u64) -> Pass {
        Pass::train(0, step).with_stock_operations(self.stock)
    }

    /// Logits of a training pass, the loss, and every parameter's gradient.
    fn pass(&self, model: &Model, pass: &mut Pass) -> (Vec<f32>, f32, Vec<Option<Tensor<1>>>) {
        let device = self.device.clone().autodiff();
        let logits = model.forward(self.input(&device), pass);
        let targets = loss::targets(&self.batch, 10, self.case.label_smoothing);
        let loss = loss::cross_entropy(logits.clone(), &targets, &device);
        let value = values(loss.clone().inner())[0];
        let gradients = flat_gradients(model, &mut loss.backward());
        (values(logits.inner()), value, gradients)
    }

    /// Logits with running statistics.
    fn evaluate(&self, model: &Model) -> Vec<f32> {
        let mut pass = Pass::evaluate().with_stock_operations(self.stock);
        values(plain(model).forward(self.input(&self.device), &mut pass))
    }

    /// The weights after five steps of the optimiser that the golden files were made with.
    fn train(&self) -> StateDict {
        let mut model = self.model();
        let rule = Rule { learning_rate: 0.05, method: Method::nesterov(0.9), ..Rule::default() };
        let mut optimizer = Optimizer::new(rule, model.parameter_names().len());
        for step in 0..5 {
            let mut pass = self.training(step);
            let (_, _, gradients) = self.pass(&model, &mut pass);
            model = optimizer.step(model, gradients, 0.05);
            model.absorb(&pass);
        }
        model.state().unwrap()
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// How far networks are from PyTorch's.
struct Distances {
    logits: Worst,
    loss: Worst,
    gradients: Worst,
    after: Worst,
}

impl Distances {
    fn new() -> Self {
        Self {
            logits: Worst::new("logits", 1e-5),
            loss: Worst::new("loss", 1e-5),
            gradients: Worst::new("gradients", 1e-4),
            after: Worst::new("weights after five steps", 1e-3),
        }
    }

    fn measure(&mut self, case: &Case, device: &Device, stock: bool) {
        let name = &case.name;
        let run = Run::new(case, device, stock);
        let mut model = run.model();
        if case.find("logits_train").is_some() {
            let mut pass = run.training(0);
            let (logits, loss, gradients) = run.pass(&model, &mut pass);
            model.absorb(&pass);
            self.logits.note(apart(&logits, &case.array("logits_train").values), format!("{name}, training"));
            self.loss.note(apart(&[loss], &case.array("loss").values), name);

            let names = model.parameter_names();
            assert_eq!(names.len(), case.below("gradients").len(), "parameters of {name}");
            for (parameter, gradient) in names.iter().zip(gradients) {
                let expected = &case.array(&format!("gradients.{parameter}")).values;
                self.gradients.note(apart(&values(gradient.unwrap()), expected), format!("{name}, {parameter}"));
            }

            let (after, expected) = (run.train(), case.below("after"));
            assert!(after.keys().eq(expected.keys()), "state dict of {name}: {:?}", after.keys());
            for (parameter, expected) in &expected {
                let distance = apart(&after[parameter].values, &expected.values);
                self.after.note(distance, format!("{name}, {parameter}"));
            }
        }
        let evaluated = run.evaluate(&model);
        self.logits.note(apart(&evaluated, &case.array("logits_eval").values), format!("{name}, evaluating"));
    }

    fn judge(&self) {
        for worst in [&self.logits, &self.loss, &self.gradients, &self.after] {
            worst.judge();
        }
    }
}

/// The fused operations are what a person trains with on the CPU.
#[test]
fn every_network_computes_what_pytorch_computes() {
    let mut distances = Distances::new();
    for case in Case::all() {
        distances.measure(&case, &Device::flex(), false);
    }
    distances.judge();
}

#[test]
fn every_network_does_so_by_burns_own_operations() {
    let mut distances = Distances::new();
    for case in Case::all() {
        distances.measure(&case, &Device::flex(), true);
    }
    distances.judge();
}

#[test]
fn the_reference_device_agrees_too() {
    let mut distances = Distances::new();
    for name in ["basic-batch", "bottleneck-group", "pre_basic-max_pool", "stem-conv7-pool", "resnet9"] {
        distances.measure(&Case::read(name), &Device::ndarray(), false);
    }
    distances.judge();
}

/// The first one is not among those whose tiles round (`precision.py` says why).
const ROUNDED: [&str; 5] =
    ["basic-batch", "bottleneck-group", "basic-gain-learned", "pre_basic-shortcut-d", "stride3-shortcut-b"];

/// How far a run's logits, in training and evaluating, and its gradients are from PyTorch's.
fn apart_from_rounded(run: &Run) -> [f64; 3] {
    let (case, mut model) = (run.case, run.model());
    let mut pass = run.training(0);
    let (logits, _, gradients) = run.pass(&model, &mut pass);
    model.absorb(&pass);
    let found: Vec<f32> = gradients.into_iter().flat_map(|gradient| values(gradient.unwrap())).collect();
    let names = model.parameter_names();
    let expected: Vec<f32> =
        names.iter().flat_map(|name| case.array(&format!("gradients.{name}")).values.clone()).collect();
    [
        apart(&logits, &case.array("logits_train").values),
        apart(&run.evaluate(&model), &case.array("logits_eval").values),
        apart(&found, &expected),
    ]
}

/// A factor near the middle between two numbers of bfloat16 falls to one side or the other by the last digit of a sum, which
/// no two devices round alike: what is left of the distance to single precision is that, and little.
#[test]
fn products_of_bfloat16_are_what_pytorch_makes_of_rounded_factors() {
    for (device, stock) in [(Device::flex(), false), (Device::flex(), true), (Device::ndarray(), false)] {
        let fused = device == Device::flex() && !stock;
        let names = if fused { &ROUNDED[1..] } else { &ROUNDED };
        for name in names {
            let case = if fused { Case::rounded_in_tiles(name) } else { Case::rounded(name) };
            let single = Run::new(&case, &device, stock);
            let far = apart_from_rounded(&single);
            let near = apart_from_rounded(&Run { precision: Precision::Bf16, ..single });
            println!("{name} on {device:?}, stock {stock}: {near:?}, in single precision {far:?}");
            for (near, far) in near.into_iter().zip(far) {
                assert!(near < 1e-3 && near < 0.2 * far, "{name} on {device:?}, stock {stock}: {near:.1e}, {far:.1e}");
            }
        }
    }
}

/// As a processor with AVX512-BF16 computes them, in plain Rust.
#[test]
fn products_of_bfloat16_in_pairs_are_the_same() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["pytorch_makes_of_rounded_factors"]).env("RESIDUAL_LAB_CPU", "portable-pairs");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn every_network_does_so_without_any_vector_instructions() {
    // An instruction set is chosen once for a process.
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["every_network_computes_what_pytorch_computes"]).env("RESIDUAL_LAB_CPU", "portable");
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
