//! Instruments against closed forms and against what the literature found.
//!
//! The pretrained networks are not part of this project; where they are not beside it, their test says so.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use burn::tensor::{Device, Tensor, TensorData};
use residual_lab::data::Dataset;
use residual_lab::experiment::{Data, Network, Shortcut, Source, preset};
use residual_lab::inspect::{grad_cam::grad_cam, lesion};
use residual_lab::nn::{Blueprint, Model, Pass, weights};
use residual_lab::train::evaluate::{Inputs, evaluate};
use std::path::Path;

fn picture() -> Vec<f32> {
    (0..3 * 12 * 12).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect()
}

fn network(shortcut: Shortcut) -> Model {
    let blueprint = Blueprint::new(&Network::cifar(8, 4, shortcut), [3, 12, 12], 5).expect("it fits");
    Model::init(&blueprint, 1, &Device::flex())
}

/// Behind a global average and a linear layer, Grad-CAM of the last block is the class's row of weights applied to
/// the features, divided by the pixels of the map (Zhou et al. 2016, CAM).
#[test]
fn grad_cam_of_the_last_block_is_the_class_activation_map() {
    let model = network(Shortcut::A);
    let x = Tensor::<4>::from_data(TensorData::new(picture(), [1, 3, 12, 12]), &Device::flex());
    let features = model.features(x, &mut Pass::evaluate());
    let [_, channels, height, width] = features.dims();
    let features = features.try_into_vec_as::<f32>().expect("features");
    let head = &model.state().expect("weights")["linear.weight"];
    for class in 0..5 {
        let found = grad_cam(&model, picture(), 2, class, &Device::flex()).expect("a map");
        assert_eq!([found.height, found.width], [height, width]);
        for (pixel, &value) in found.values.iter().enumerate() {
            let weighed = |k: usize| head.values[class * channels + k] * features[k * height * width + pixel];
            let expected = (0..channels).map(weighed).sum::<f32>().max(0.0) / (height * width) as f32;
            assert!((value - expected).abs() <= 1e-5 * expected.abs() + 1e-7, "{value} for {expected}");
        }
    }
    assert!(grad_cam(&model, picture(), 3, 0, &Device::flex()).expect_err("no block 3").contains("3 blocks"));
    assert!(grad_cam(&model, picture(), 0, 5, &Device::flex()).expect_err("no class 5").contains("5 classes"));
}

#[test]
fn a_network_split_at_any_block_says_what_the_whole_one_says() {
    let model = network(Shortcut::B);
    let x = || Tensor::<4>::from_data(TensorData::new(picture(), [1, 3, 12, 12]), &Device::flex());
    let values = |logits: Tensor<2>| logits.try_into_vec_as::<f32>().expect("logits");
    let whole = values(model.forward(x(), &mut Pass::evaluate()));
    for block in 0..3 {
        let inner = model.forward_to(x(), block, &mut Pass::evaluate());
        assert_eq!(values(model.forward_from(inner, block, &mut Pass::evaluate())), whole, "block {block}");
    }
}

/// A branch that is out is a branch whose last norm has neither scale nor shift.
#[test]
fn a_lesion_is_a_branch_that_adds_nothing() {
    let model = network(Shortcut::A);
    let x = || Tensor::<4>::from_data(TensorData::new(picture(), [1, 3, 12, 12]), &Device::flex());
    let values = |logits: Tensor<2>| logits.try_into_vec_as::<f32>().expect("logits");
    let mut state = model.state().expect("weights");
    for name in ["layer2.0.bn2.weight", "layer2.0.bn2.bias"] {
        state.get_mut(name).expect(name).values.fill(0.0);
    }
    let silenced = model.clone().with_state(&state).expect("the same network");
    let expected = values(silenced.forward(x(), &mut Pass::evaluate()));
    let cut = values(model.forward(x(), &mut Pass::evaluate().with_branch_gains(vec![1.0, 0.0, 1.0])));
    let whole = values(model.forward(x(), &mut Pass::evaluate()));
    for (cut, expected) in cut.iter().zip(&expected) {
        assert!((cut - expected).abs() <= 1e-6 * expected.abs().max(1.0));
    }
    assert_ne!(cut, whole);
}

#[test]
fn a_plain_net_loses_only_blocks_that_keep_the_shape() {
    let model = network(Shortcut::None);
    let data = Data { train_limit: Some(20), validation_limit: Some(20), ..Data::default() };
    let dataset = Dataset::load(&data, 0).expect("the embedded images");
    let blueprint = Blueprint::new(&model.blueprint().network, dataset.shape(), 10).expect("it fits");
    let model = Model::init(&blueprint, 1, &Device::flex());
    let inputs = Inputs { images: &dataset.validation, mean: &dataset.mean, std: &dataset.std };
    let lesions = lesion::sweep(&model, inputs, 20, &Device::flex(), |_| true).expect("a sweep");
    let possible: Vec<bool> = lesions.iter().map(|lesion| lesion.scores.is_some()).collect();
    assert_eq!(possible, [true, false, false]);
    let ended = lesion::sweep(&model, inputs, 20, &Device::flex(), |done| done < 1).expect("a sweep");
    assert_eq!(ended.len(), 1);
}

/// Veit et al. 2016, figure 3: taking out one block matters little, except where the map shrinks.
#[test]
fn single_lesions_of_a_trained_net_hurt_most_where_the_map_shrinks() {
    let (weights_file, images) =
        (Path::new("../shared/data/pretrained/resnet20-12fca82f.th"), Path::new("../shared/data/cifar10"));
    if !weights_file.exists() || !images.exists() {
        eprintln!("SKIPPED: the pretrained ResNet-20 and CIFAR-10 are not beside the project");
        return;
    }
    let data = Data {
        source: Source::Path(images.into()),
        train_limit: Some(100),
        validation_limit: Some(1000),
        ..Data::default()
    };
    let dataset = Dataset::load(&data, 0).expect("CIFAR-10");
    let network = &preset("resnet20").expect("a preset").plan().arms[0].network;
    let blueprint = Blueprint::new(network, [3, 32, 32], 10).expect("it fits");
    let state = weights::read(weights_file).expect("the pretrained weights");
    let model = Model::init(&blueprint, 0, &Device::flex()).with_state(&state).expect("ResNet-20's weights");
    let inputs = Inputs { images: &dataset.validation, mean: &[0.485, 0.456, 0.406], std: &[0.229, 0.224, 0.225] };
    let whole = evaluate(&model, inputs, 250, &Device::flex(), |_| true).expect("scores").accuracy();
    let lesions = lesion::sweep(&model, inputs, 250, &Device::flex(), |_| true).expect("a sweep");
    let left = |reshapes: bool| {
        let chosen = lesions.iter().filter(|lesion| lesion.reshapes == reshapes);
        chosen
            .filter_map(|lesion| lesion.scores.as_ref())
            .map(residual_lab::train::evaluate::Scores::accuracy)
            .collect()
    };
    let (shrinking, others): (Vec<f64>, Vec<f64>) = (left(true), left(false));
    println!("whole {whole:.3}; without a block that shrinks {shrinking:.3?}; without another {others:.3?}");
    let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len() as f64;
    assert!(whole > 0.9 && mean(&others) > mean(&shrinking) + 0.2);
}
