//! Ten steps of every optimiser with given gradients.

use super::{Worst, apart, json};
use burn::tensor::{Device, Tensor, TensorData};
use residual_lab::experiment::Optimizer as Rule;
use residual_lab::train::optimizer::Optimizer;
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

fn tensor(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
}

#[test]
fn every_optimizer_takes_its_source_s_steps() {
    let golden: Golden = json("optimizers.json");
    let mut worst = Worst::new("parameters", 1e-5);
    for run in &golden.runs {
        let rule: Rule = toml::from_str(&run.optimizer).unwrap();
        let mut optimizer = Optimizer::new(rule.clone(), golden.shapes.len());
        let mut weights: Vec<Tensor<1>> = golden.start.values().map(|values| tensor(values)).collect();
        for (step, (&factor, gradients)) in golden.factors.iter().zip(&golden.gradients).enumerate() {
            let learning_rate = rule.learning_rate * factor;
            for (index, (name, gradient)) in gradients.iter().enumerate() {
                let decays = golden.shapes[name].len() > 1 || rule.decay_norm_and_bias;
                let before = weights[index].clone();
                weights[index] = optimizer.update(index, before, tensor(gradient), learning_rate, decays);
                let found = weights[index].to_data().try_to_vec::<f32>().unwrap();
                worst.note(apart(&found, &run.after[step][name]), format!("{}, {name}, step {}", run.name, step + 1));
            }
        }
    }
    worst.judge();
}
