//! Instruments against `PyTorch`, scikit-learn and `SciPy`.

use super::case::Case;
use super::{Worst, apart, golden, json, relative};
use burn::tensor::Device;
use lab_core::blueprint::Blueprint;
use lab_core::data::{Dataset, Images};
use lab_core::experiment::Fit;
use lab_core::instrument::{Calibration, Confusion, Disagreement, Finding, Metrics, Predictions, QueryImage, Question};
use lab_engine::inspect::{Subject, examine};
use lab_engine::nn::{Model, Pass, Route};
use lab_engine::train::snapshot::{ArmSnapshot, Snapshot};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
struct Golden {
    mean: f32,
    std: f32,
    networks: Vec<Network>,
    metrics: Scores,
}

#[derive(Deserialize)]
struct Network {
    name: String,
    shape: [usize; 4],
    images: Vec<u8>,
    labels: Vec<u16>,
    loss: f64,
    blocks: Vec<Block>,
    class: usize,
    strip: Vec<Vec<f32>>,
    cuts: Vec<Cut>,
    routes: Option<Vec<String>>,
    routed_gradient: Option<f64>,
}

#[derive(Deserialize)]
struct Block {
    input_gradient: f64,
    output_gradient: f64,
    weight_gradient: f64,
    weight_norm: f64,
    branch_ratio: Option<f64>,
    responses: Vec<f64>,
    dead: f64,
    zeros: f64,
}

#[derive(Deserialize)]
struct Cut {
    branch: Option<Vec<f32>>,
    shortcut: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Scores {
    truth: Vec<u16>,
    arms: Vec<Arm>,
    only: [u32; 2],
    p_value: f64,
}

#[derive(Deserialize)]
struct Arm {
    probabilities: Vec<f32>,
    confusion: Vec<u32>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<u32>,
    r#macro: [f64; 3],
    top5: f64,
}

fn read() -> Golden {
    assert!(golden("instruments.json").exists());
    json("instruments.json")
}

/// The golden network with its golden images, as the instruments get them.
fn snapshot(golden: &Golden, network: &Network) -> Snapshot {
    let case = Case::read(&network.name);
    let [_, channels, height, width] = network.shape;
    let blueprint = Blueprint::new(&case.network, [channels, height, width], 10).unwrap();
    let model = Model::init(&blueprint, 0, &Device::flex()).with_state(&case.below("weights")).unwrap();
    let (pixels, labels) = (network.images.clone(), network.labels.clone());
    let images = Images { channels, height, width, pixels: pixels.into(), labels, files: Vec::new() };
    let dataset = Dataset {
        name: "golden".into(),
        classes: (0..10).map(|class| class.to_string()).collect(),
        train: images.clone(),
        validation: images,
        mean: vec![golden.mean; channels],
        std: vec![golden.std; channels],
        notices: Vec::new(),
    };
    Snapshot {
        arms: vec![ArmSnapshot::new(&network.name, model, 1, [None, None])],
        dataset: Arc::new(dataset),
        fit: Fit::default(),
        device: Device::flex(),
        step: 1,
        seed: 0,
        batch: 128,
    }
}

fn ask(snapshot: &Snapshot, question: &Question) -> Finding {
    examine(&Subject { snapshot, arm: &snapshot.arms[0] }, question, &mut |_, _, _| true).unwrap()
}

#[test]
fn gradients_and_responses_of_every_block_are_pytorchs() {
    let golden = read();
    let mut gradients = Worst::new("gradient norms", 1e-4);
    let mut responses = Worst::new("responses", 1e-5);
    for network in &golden.networks {
        let snapshot = snapshot(&golden, network);
        let Finding::Gradients(found) = ask(&snapshot, &Question::Gradients { images: 100 }) else {
            panic!("gradients")
        };
        let name = &network.name;
        assert_eq!((found.images, found.blocks.len()), (network.labels.len(), network.blocks.len()), "{name}");
        gradients.note(relative(found.loss, network.loss), name);
        for (found, expected) in found.blocks.iter().zip(&network.blocks) {
            let at = format!("{name} {}", found.block);
            gradients.note(relative(found.input_gradient, expected.input_gradient), format!("{at} input"));
            gradients.note(relative(found.output_gradient, expected.output_gradient), format!("{at} output"));
            gradients.note(relative(found.weight_gradient, expected.weight_gradient), format!("{at} weights"));
            gradients.note(relative(found.weight_norm, expected.weight_norm), format!("{at} norm"));
            assert_eq!(found.branch_ratio.is_some(), expected.branch_ratio.is_some(), "{at}");
            if let (Some(found), Some(expected)) = (found.branch_ratio, expected.branch_ratio) {
                responses.note(relative(found, expected), format!("{at} branch"));
            }
            assert_eq!(found.responses.len(), expected.responses.len(), "{at}");
            for (found, &expected) in found.responses.iter().zip(&expected.responses) {
                responses.note(relative(*found, expected), format!("{at} response"));
            }
            responses.note((found.dead.unwrap() - expected.dead).abs(), format!("{at} dead"));
            responses.note((found.zeros.unwrap() - expected.zeros).abs(), format!("{at} zeros"));
        }
    }
    gradients.judge();
    responses.judge();
}

#[test]
fn grad_cam_and_cuts_of_every_block_are_pytorchs() {
    let golden = read();
    let mut maps = Worst::new("Grad-CAM", 1e-4);
    let mut cuts = Worst::new("cut logits", 1e-5);
    for network in &golden.networks {
        let (snapshot, sample) = (snapshot(&golden, network), QueryImage::Validation(0));
        let question = Question::Explain { sample: sample.clone(), class: Some(network.class), occlusion: false };
        let Finding::Explanation(found) = ask(&snapshot, &question) else { panic!("maps") };
        assert_eq!(found.strip.len(), network.strip.len());
        for ((block, found), expected) in found.strip.iter().zip(&network.strip) {
            maps.note(apart(&found.values, expected), format!("{} {block}", network.name));
        }
        let Finding::Cuts(found) = ask(&snapshot, &Question::Cuts { sample }) else { panic!("cuts") };
        for (found, expected) in found[1..].iter().zip(&network.cuts) {
            let pairs = [(&found.without_branch, &expected.branch), (&found.without_shortcut, &expected.shortcut)];
            for (found, expected) in pairs {
                assert_eq!(found.is_some(), expected.is_some(), "{}", network.name);
                if let (Some(found), Some(expected)) = (found, expected) {
                    cuts.note(apart(found, expected), &network.name);
                }
            }
        }
    }
    maps.judge();
    cuts.judge();
}

/// The one path that PyTorch took, taken by hand, and that fused and stock operations agree on it.
#[test]
fn the_gradient_through_a_single_path_is_pytorchs() {
    use burn::tensor::{Tensor, TensorData};
    use lab_core::data::Batch;
    use lab_engine::train::loss;
    let golden = read();
    let mut worst = Worst::new("gradient through one path", 1e-4);
    for network in &golden.networks {
        let (Some(routes), Some(expected)) = (&network.routes, network.routed_gradient) else { continue };
        let snapshot = snapshot(&golden, network);
        let model = &snapshot.arms[0].model;
        let routes: Vec<Route> =
            routes.iter().map(|route| if route == "branch" { Route::Branch } else { Route::Shortcut }).collect();
        let normalised = network.images.iter().map(|&byte| (f32::from(byte) / 255.0 - golden.mean) / golden.std);
        let data = TensorData::new(normalised.collect::<Vec<f32>>(), network.shape);
        for stock in [false, true] {
            let leaf = Tensor::<4>::from_data(data.clone(), &Device::flex()).autodiff().require_grad();
            let mut pass = Pass::evaluate().with_routes(routes.clone()).with_stock_operations(stock);
            let logits = model.forward(leaf.clone(), &mut pass);
            let [size, channels, height, width] = network.shape;
            let shape = [channels, height, width];
            let batch = Batch {
                size,
                shape,
                pixels: Vec::new(),
                labels: network.labels.clone(),
                indices: Vec::new(),
                mix: None,
            };
            let objective = loss::cross_entropy(logits, &loss::targets(&batch, 10, 0.0), &leaf.device());
            let gradient = leaf.grad(&objective.backward()).unwrap().into_data().try_to_vec::<f32>().unwrap();
            let norm = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
            worst.note(relative(norm, expected), format!("{}, stock {stock}", network.name));
        }
    }
    worst.judge();
}

#[test]
fn metrics_are_scikit_learns_and_mcnemars_p_is_scipys() {
    let golden = read().metrics;
    let likeliest = |row: &[f32]| {
        (1..10_u16).fold(0, |best, k| if row[usize::from(k)] > row[usize::from(best)] { k } else { best })
    };
    let arms: Vec<Predictions> = golden
        .arms
        .iter()
        .map(|arm| {
            let mut found = Predictions::of(10, golden.truth.len());
            let rows = golden.truth.iter().zip(arm.probabilities.chunks(10));
            rows.for_each(|(&truth, row)| found.push(truth, likeliest(row), 0.0, row));
            found
        })
        .collect();
    for (found, expected) in arms.iter().zip(&golden.arms) {
        let confusion = found.confusion();
        assert_eq!(confusion, Confusion::of_matrix(&expected.confusion, 10));
        let metrics = Metrics::of(&confusion);
        for (class, found) in metrics.classes.iter().enumerate() {
            let pairs = [
                (found.precision, expected.precision[class]),
                (found.recall, expected.recall[class]),
                (found.f1, expected.f1[class]),
            ];
            pairs.iter().for_each(|(found, expected)| assert!((found - expected).abs() < 1e-12, "class {class}"));
            assert_eq!(found.support, expected.support[class]);
        }
        let mean = metrics.macro_mean;
        for (found, expected) in [mean.precision, mean.recall, mean.f1].iter().zip(expected.r#macro) {
            assert!((found - expected).abs() < 1e-12);
        }
        let top5 = (0..found.len()).filter(|&image| found.in_top5(image)).count() as f64 / found.len() as f64;
        assert!((top5 - expected.top5).abs() < 1e-12);
    }
    let found = Disagreement::of(&arms[0], &arms[1]);
    assert_eq!([found.first_only, found.second_only], golden.only);
    assert!(relative(found.p_value, golden.p_value) < 1e-9, "{} for {}", found.p_value, golden.p_value);
}

/// Four images, two bins: the sure ones (0.9 and 0.8) are right once, the unsure ones (0.5, on the edge, and 0.4) once.
#[test]
fn the_calibration_error_is_the_one_worked_out_by_hand() {
    let rows = [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.4, 0.35, 0.25]];
    let mut found = Predictions::of(3, rows.len());
    [0, 1, 0, 2].iter().zip(&rows).for_each(|(&truth, row)| found.push(truth, 0, 0.0, row));
    let calibration = Calibration::of(&found, 2);
    assert_eq!([calibration.bins[0].count, calibration.bins[1].count], [2, 2]);
    let expected = 0.5 * (0.5_f64 - 0.45).abs() + 0.5 * (0.5_f64 - 0.85).abs();
    assert!((calibration.error - expected).abs() < 1e-7, "{}", calibration.error);
    assert!((found.margin(1) + 0.7).abs() < 1e-6 && (found.margin(2) - 0.2).abs() < 1e-6);
    let entropy: f32 = -(0.5_f32 * 0.5_f32.ln() + 0.3 * 0.3_f32.ln() + 0.2 * 0.2_f32.ln());
    assert!((found.entropy(2) - entropy).abs() < 1e-6);
}
