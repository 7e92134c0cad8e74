//! Initial weights: spread and bounds of every weight, zeros and ones of everything else.

use super::json;
use burn::tensor::Device;
use lab_core::blueprint::Blueprint;
use lab_core::experiment::Network;
use lab_engine::nn::{Array, Model};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Start {
    network: String,
    weights: BTreeMap<String, Spread>,
    orthogonal: bool,
    zeros: Vec<String>,
    ones: Vec<String>,
}

#[derive(Deserialize)]
struct Spread {
    std: f64,
    bound: Option<f64>,
    gain: f64,
}

#[test]
fn weights_start_as_torch_nn_init_starts_them() {
    for start in json::<Vec<Start>>("initialisation.json") {
        let network: Network = toml::from_str(&start.network).unwrap();
        let blueprint = Blueprint::new(&network, [3, 16, 16], 10).unwrap();
        let state = Model::init(&blueprint, 0, &Device::flex()).state().unwrap();
        for (name, spread) in &start.weights {
            let weight = &state[name];
            let at = format!("{name} of\n{}", start.network);
            if start.orthogonal {
                is_orthogonal(weight, spread.gain, &at);
            } else {
                has_spread(weight, spread, &at);
            }
        }
        let all = |names: &[String], value: f32| {
            for name in names {
                assert!(state[name].values.iter().all(|&v| v == value), "{name} is not all {value}");
            }
        };
        all(&start.zeros, 0.0);
        all(&start.ones, 1.0);
        let known = start.weights.len() + start.zeros.len() + start.ones.len();
        let trained = state.keys().filter(|name| !name.contains("running_")).count();
        assert_eq!(trained, known, "parameters of\n{}", start.network);
    }
}

/// Mean and deviation within five standard errors; uniform weights fill their bounds and stay inside.
fn has_spread(weight: &Array, spread: &Spread, at: &str) {
    let values: Vec<f64> = weight.values.iter().map(|&v| f64::from(v)).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let std = (values.iter().map(|v| v * v).sum::<f64>() / count).sqrt();
    assert!(mean.abs() < 5.0 * spread.std / count.sqrt(), "mean {mean} of {at}");
    let ratio = std / spread.std;
    assert!((ratio - 1.0).abs() < 5.0 / (2.0 * count).sqrt(), "deviation {std} instead of {} of {at}", spread.std);
    let largest = values.iter().fold(0.0f64, |max, v| max.max(v.abs()));
    match spread.bound {
        Some(bound) => {
            assert!(largest <= bound * (1.0 + 1e-6) && largest > 0.95 * bound, "up to {largest}, not {bound}: {at}");
        }
        None => assert!(largest > 2.0 * spread.std, "no tails beyond {largest}: {at}"),
    }
}

/// The rows, or the columns if there are fewer, are orthogonal and as long as the gain.
fn is_orthogonal(weight: &Array, gain: f64, at: &str) {
    let (rows, columns) = (weight.shape[0], weight.values.len() / weight.shape[0]);
    let entry = |row: usize, column: usize| f64::from(weight.values[row * columns + column]);
    let (count, length) = (rows.min(columns), rows.max(columns));
    let vector = |k: usize, i: usize| if rows <= columns { entry(k, i) } else { entry(i, k) };
    for a in 0..count {
        for b in 0..=a {
            let dot: f64 = (0..length).map(|i| vector(a, i) * vector(b, i)).sum();
            let expected = if a == b { gain * gain } else { 0.0 };
            assert!((dot - expected).abs() < 1e-5, "rows {a} and {b}: {dot} instead of {expected} in {at}");
        }
    }
}
