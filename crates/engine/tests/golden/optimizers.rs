//! Ten steps of every optimiser with given gradients.

use super::{Worst, apart, json};
use burn::tensor::{Device, Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::experiment::{Method, Network, Norm, Optimizer as Rule, Shortcut};
use lab_core::random::{Purpose, Random};
use lab_engine::nn::Model;
use lab_engine::train::optimizer::{Optimizer, flat_parameters};
use serde::Deserialize;
use std::collections::BTreeMap;

type Parameters = BTreeMap<String, Vec<f32>>;

#[derive(Deserialize)]
struct Golden {
    shapes: BTreeMap<String, Vec<usize>>,
    factors: Vec<f64>,
    start: Parameters,
    gradients: Vec<Parameters>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    optimizer: String,
    after: Vec<Parameters>,
}

fn tensor(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// By the fused rules, and by burn's own operations.
#[test]
fn every_optimizer_takes_its_source_s_steps() {
    let golden: Golden = json("optimizers.json");
    for device in [Device::flex(), Device::ndarray()] {
        let mut worst = Worst::new("parameters", 1e-5);
        for run in &golden.runs {
            let rule: Rule = toml::from_str(&run.optimizer).unwrap();
            let mut optimizer = Optimizer::new(rule.clone(), golden.shapes.len());
            let mut weights: Vec<Tensor<1>> = golden.start.values().map(|values| tensor(values, &device)).collect();
            for (step, (&factor, gradients)) in golden.factors.iter().zip(&golden.gradients).enumerate() {
                let learning_rate = rule.learning_rate * factor;
                for (index, (name, gradient)) in gradients.iter().enumerate() {
                    let decays = golden.shapes[name].len() > 1 || rule.decay_norm_and_bias;
                    let (before, gradient) = (weights[index].clone(), tensor(gradient, &device));
                    weights[index] = optimizer.update(index, before, gradient, learning_rate, decays);
                    let found = weights[index].to_data().try_to_vec::<f32>().unwrap();
                    worst.note(
                        apart(&found, &run.after[step][name]),
                        format!("{}, {name}, step {}", run.name, step + 1),
                    );
                }
            }
        }
        worst.judge();
    }
}

/// Runs of versions without fused rules go on as if nothing had changed. LAMB's norms are sums, which the fused rule takes
/// in double precision and burn in an order that depends on the processor.
#[test]
fn fused_rules_round_as_burn_s_operations_do() {
    let golden: Golden = json("optimizers.json");
    let len = 20_011;
    #[allow(clippy::cast_possible_truncation, reason = "noise in single precision")]
    let noise = |seed: u64| -> Vec<f32> {
        let mut random = Random::new(seed, Purpose::Inspect, 0, 0);
        (0..len).map(|_| random.normal() as f32).collect()
    };
    for run in &golden.runs {
        let rule: Rule = toml::from_str(&run.optimizer).unwrap();
        let [fused, own] = [Device::flex(), Device::ndarray()].map(|device| {
            let mut optimizer = Optimizer::new(rule.clone(), 1);
            let mut weights = tensor(&noise(0), &device);
            for step in 1..=5 {
                weights = optimizer.update(0, weights, tensor(&noise(step), &device), rule.learning_rate, true);
            }
            weights.to_data().try_to_vec::<f32>().unwrap()
        });
        if matches!(rule.method, Method::Lamb { .. }) {
            assert!(apart(&fused, &own) < 1e-6, "{}", run.name);
        } else {
            assert!(fused == own, "{}: {:e} apart", run.name, apart(&fused, &own));
        }
    }
}

/// With gradients of zero, all that moves a weight is its decay.
#[test]
fn decay_leaves_out_norm_and_bias_if_told_to() {
    for norm in [Norm::Batch, Norm::None] {
        for everywhere in [true, false] {
            let network = Network { norm, ..Network::cifar(8, 4, Shortcut::B) };
            let blueprint = Blueprint::new(&network, [1, 8, 8], 10).unwrap();
            let model = Model::init(&blueprint, 0, &Device::flex().autodiff());
            let mut state = model.state().unwrap();
            state.values_mut().for_each(|array| array.values.fill(1.0));
            let model = model.with_state(&state).unwrap();
            let method = Method::sgd(0.0);
            let rule = Rule { learning_rate: 1.0, weight_decay: 0.25, decay_norm_and_bias: everywhere, method };
            let names = model.parameter_names();
            let zeros = flat_parameters(&model).into_iter().map(|values| Some(values.zeros_like())).collect();
            let after = Optimizer::new(rule, names.len()).step(model, zeros, 1.0).state().unwrap();
            for name in names {
                let expected = if everywhere || after[&name].shape.len() > 1 { 0.75 } else { 1.0 };
                assert!(after[&name].values.iter().all(|&v| v == expected), "{name}, {norm:?}, {everywhere}");
            }
        }
    }
}
