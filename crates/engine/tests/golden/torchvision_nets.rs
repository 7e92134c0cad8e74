//! torchvision's networks, whose weights are computed by the same rule on both sides (`torchvision_nets.py`).

use super::{Worst, apart, json};
use burn::tensor::{Device, Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::experiment::preset;
use lab_engine::nn::{Model, Pass};
use std::collections::BTreeMap;

/// Numbers from 0 to 1 in steps of 2^-24, scrambled from a name (FNV-1a) and the place (Wellons' lowbias32).
#[allow(clippy::cast_possible_truncation, reason = "places are below 2^32")]
fn drawn(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(0x811c_9dc5_u32, |seed, byte| (seed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let number = |place: usize| {
        let x = seed ^ (place as u32).wrapping_mul(0x9e37_79b9);
        let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
        let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
        ((x ^ (x >> 16)) >> 8) as f32 / (1 << 24) as f32
    };
    (0..count).map(number).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "rounded as the script rounds")]
fn weights(name: &str, shape: &[usize]) -> Vec<f32> {
    let values = drawn(name, shape.iter().product()).into_iter();
    let fan: usize = shape.iter().skip(1).product();
    if shape.len() > 1 {
        let width = (24.0 / fan as f64).sqrt() as f32;
        values.map(|value| (value - 0.5) * width).collect()
    } else if name.ends_with("weight") || name.ends_with("running_var") {
        values.map(|value| value + 0.5).collect()
    } else {
        values.map(|value| (value - 0.5) * 0.2).collect()
    }
}

#[test]
fn torchvision_s_networks_compute_what_they_do_there() {
    let expected: BTreeMap<String, Vec<Vec<f32>>> = json("torchvision_nets.json");
    let mut worst = Worst::new("logits", 1e-5);
    for (name, expected) in &expected {
        let network = preset(name).unwrap().plan().arms[0].network.clone();
        let blueprint = Blueprint::new(&network, [3, 64, 64], 1000).unwrap();
        let model = Model::init(&blueprint, 0, &Device::flex());
        let mut state = model.state().unwrap();
        state.iter_mut().for_each(|(name, array)| array.values = weights(name, &array.shape));
        let model = model.with_state(&state).unwrap();
        let images = TensorData::new(drawn("images", 2 * 3 * 64 * 64), [2, 3, 64, 64]);
        let logits = model.forward(Tensor::<4>::from_data(images, &Device::flex()), &mut Pass::evaluate());
        let logits: Vec<f32> = logits.into_data().try_to_vec().unwrap();
        for (image, (found, expected)) in logits.chunks(1000).zip(expected).enumerate() {
            worst.note(apart(&found[..expected.len()], expected), format!("{name}, image {image}"));
        }
    }
    worst.judge();
}
