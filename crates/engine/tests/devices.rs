//! The same networks on every device of this machine: losses and gradients agree, and training stays together.
//!
//! What needs a GPU adapter says loudly that it was skipped where there is none, and fails instead where
//! `RESIDUAL_LAB_REQUIRE_PIXELS=1` promises one.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use burn::tensor::{Device, Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::data::{Batch, Dataset, Loader, LoaderOptions, Position};
use lab_core::experiment::{
    Augmentation, Data, DeviceChoice, Experiment, Length, Network, Precision, Shortcut, preset,
};
use lab_engine::nn::{Model, Pass};
use lab_engine::train::session::Session;
use lab_engine::train::{device, loss, optimizer};
use std::sync::Arc;

fn images() -> Arc<Dataset> {
    let data = Data { train_limit: Some(200), validation_limit: Some(20), ..Data::default() };
    Arc::new(Dataset::load(&data, 0).expect("the embedded images"))
}

fn batch(dataset: &Arc<Dataset>) -> Batch {
    let options = LoaderOptions::new(16, 0, Augmentation::default());
    let start = Position { epoch: 0, batch: 0 };
    Loader::new(Arc::clone(dataset), options, start).and_then(|mut loader| loader.next_batch()).expect("a batch")
}

/// Loss and every parameter's gradient of a small network at its initial weights.
fn loss_and_gradients(shortcut: Shortcut, device: &Device, batch: &Batch, stock: bool) -> (f64, Vec<Vec<f32>>) {
    let device = device.clone().autodiff();
    let blueprint = Blueprint::new(&Network::cifar(8, 4, shortcut), batch.shape, 10).expect("a network that fits");
    let model = Model::init(&blueprint, 3, &device);
    let [channels, height, width] = batch.shape;
    let shape = [batch.size, channels, height, width];
    let x = Tensor::from_data(TensorData::new(batch.pixels.clone(), shape), &device);
    let logits = model.forward(x, &mut Pass::train(0, 0).with_stock_operations(stock));
    let targets = loss::targets(batch, 10, 0.0);
    let objective = loss::cross_entropy(logits, &targets, &device);
    let value = objective.clone().inner().into_scalar::<f32>();
    let gradients = optimizer::flat_gradients(&model, &mut objective.backward());
    let read = |gradient: Option<Tensor<1>>| gradient.expect("a gradient").try_into_vec_as::<f32>().expect("values");
    (f64::from(value), gradients.into_iter().map(read).collect())
}

/// ‖a − b‖ / ‖b‖
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|v| v * v).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b)));
    difference / norm(&mut b.iter().map(|&b| f64::from(b))).max(1e-12)
}

fn compare(name: &str, reference: &Device, stock: bool, other: &Device) {
    let dataset = images();
    let batch = batch(&dataset);
    for shortcut in [Shortcut::None, Shortcut::B] {
        let (loss, gradients) = loss_and_gradients(shortcut, reference, &batch, stock);
        let (other_loss, other_gradients) = loss_and_gradients(shortcut, other, &batch, false);
        assert!((loss - other_loss).abs() <= 1e-5 * loss.abs(), "{name}: loss {other_loss} for {loss}");
        assert_eq!(gradients.len(), other_gradients.len());
        let worst = gradients.iter().zip(&other_gradients).map(|(a, b)| distance(b, a)).fold(0.0, f64::max);
        println!("{name}, shortcut {shortcut:?}: worst relative distance of a gradient {worst:.1e}");
        assert!(worst <= 1e-4, "{name}: a gradient is {worst} away");
    }
}

/// The GPU that a machine without one emulates, or the real one.
fn gpu() -> Option<DeviceChoice> {
    let found =
        device::list().into_iter().map(|info| info.choice).find(|choice| matches!(choice, DeviceChoice::Gpu(_)));
    if found.is_none() {
        let required = std::env::var("RESIDUAL_LAB_REQUIRE_PIXELS").is_ok_and(|value| value == "1");
        assert!(!required, "RESIDUAL_LAB_REQUIRE_PIXELS=1, but there is no adapter");
        eprintln!("SKIPPED: this machine has no GPU adapter, not even an emulated one");
    }
    found
}

#[test]
fn fused_operations_agree_with_burns_own() {
    compare("fused", &Device::flex(), true, &Device::flex());
}

#[test]
fn the_reference_backend_agrees_with_flex() {
    compare("ndarray", &Device::flex(), false, &device::open(DeviceChoice::NdArray).expect("a device").device);
}

#[test]
fn the_gpu_agrees_with_flex_and_stays_with_it_for_twenty_steps() {
    let Some(choice) = gpu() else { return };
    compare("gpu", &Device::flex(), false, &device::open(choice).expect("a device").device);

    let mut plan = preset("plain-vs-residual").expect("the default preset").plan();
    plan.arms[0].network = Network::cifar(8, 4, Shortcut::None);
    plan.arms[1].network = Network::cifar(8, 4, Shortcut::A);
    plan.recipe.batch_size = 16;
    plan.recipe.length = Length::Steps(20);
    // Gentle enough that rounding is not amplified: what is tested is arithmetic, not chaos.
    plan.recipe.optimizer.learning_rate = 0.003;
    let experiment = Experiment::check(plan).expect("a valid experiment");
    let losses = |choice| {
        let mut session =
            Session::new(experiment.clone(), images(), device::open(choice).expect("a device")).expect("a session");
        let mut step = || session.advance().expect("a step").record.arms;
        (0..20).map(|_| step()).collect::<Vec<_>>()
    };
    for (step, (cpu, gpu)) in losses(DeviceChoice::Flex).iter().zip(&losses(choice)).enumerate() {
        for (cpu, gpu) in cpu.iter().flatten().zip(gpu.iter().flatten()) {
            assert!((cpu.loss - gpu.loss).abs() <= 1e-3 * cpu.loss, "step {step}: {} for {}", gpu.loss, cpu.loss);
        }
    }
}

#[test]
fn a_gpu_refuses_a_precision_that_is_not_computed_there() {
    let Some(choice) = gpu() else { return };
    let mut plan = preset("plain-vs-residual").expect("the default preset").plan();
    plan.recipe.precision = Precision::Bf16;
    let experiment = Experiment::check(plan).expect("a valid experiment");
    let begun =
        |choice| Session::new(experiment.clone(), images(), device::open(choice).expect("a device")).map(|_| ());
    let why = begun(choice).expect_err("no bfloat16 there").to_string();
    assert!(why.contains("recipe.precision is bf16") && why.contains("choose the device flex"), "{why}");
    assert!(begun(DeviceChoice::Flex).is_ok());
    assert!(begun(DeviceChoice::NdArray).is_ok());
    let any = device::open_for(DeviceChoice::Auto, Precision::Bf16).expect("a device");
    assert_eq!(any.choice, DeviceChoice::Flex, "any device is one that computes so");
}

#[test]
fn a_device_that_was_named_and_is_not_there_is_refused_and_auto_takes_what_there_is() {
    let why = device::open(DeviceChoice::Gpu(99)).expect_err("there is none").to_string();
    assert!(why.contains("there is no gpu:99") && why.contains("or auto"), "{why}");
    assert_ne!(device::open(DeviceChoice::Auto).expect("any device").choice, DeviceChoice::Auto);
}
