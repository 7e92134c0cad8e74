//! Instruments against closed forms and against what the literature found.

#![allow(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod pretrained;

use burn::tensor::{Device, Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::{Dataset, Images, plain_inputs};
use lab_core::experiment::{Block, Data, Fit, Gain, HeadPool, Network, Norm, Scheme, Shortcut};
use lab_core::instrument::{Answer, Finding, Gradients, QueryImage, Question};
use lab_core::random::Draw;
use lab_core::table::Table;
use lab_engine::inspect::grad_cam::grad_cam;
use lab_engine::inspect::{Subject, answer, examine, landscape, lesion};
use lab_engine::nn::{Model, Pass};
use lab_engine::train::evaluate::evaluate;
use lab_engine::train::snapshot::{ArmSnapshot, Snapshot};
use std::sync::Arc;

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
    assert!(
        grad_cam(&model, picture(), 3, 0, &Device::flex()).expect_err("no block 3").to_string().contains("3 blocks")
    );
    assert!(
        grad_cam(&model, picture(), 0, 5, &Device::flex()).expect_err("no class 5").to_string().contains("5 classes")
    );
}

/// The fused operations add a branch without ever writing it down; a look inside takes it apart, and the sum must not
/// change by that.
#[test]
fn a_look_measures_the_branch_and_changes_nothing() {
    let gained = |value, learned| Gain { value, learned };
    for (block, norm, gain) in [
        (Block::Basic, Norm::Batch, gained(1.0, false)),
        (Block::Basic, Norm::Group(2), gained(0.3, false)),
        (Block::PreBasic, Norm::Batch, gained(0.3, false)),
        (Block::Basic, Norm::None, gained(0.3, true)),
        (Block::ReluBeforeAdd, Norm::Batch, gained(0.3, true)),
    ] {
        let network = Network { block, norm, gain, ..Network::cifar(8, 4, Shortcut::A) };
        let model = Model::init(&Blueprint::new(&network, [3, 12, 12], 5).expect("it fits"), 1, &Device::flex());
        let x = || Tensor::<4>::from_data(TensorData::new(picture(), [1, 3, 12, 12]), &Device::flex());
        let values = |logits: Tensor<2>| logits.try_into_vec_as::<f32>().expect("logits");
        let (mut looking, mut watching) = (Pass::measure().with_taps(), Pass::measure().with_watch());
        let seen = values(model.forward(x(), &mut looking));
        assert_eq!(seen, values(model.forward(x(), &mut Pass::measure())), "{block:?} {norm:?} {gain:?}");
        let _ = model.forward(x(), &mut watching);
        for (tap, watched) in looking.taps().iter().zip(watching.watched()) {
            let ratio = tap.branch_ratio().expect("a device").expect("a shortcut");
            let expected = watched.branch_ratio.expect("a shortcut");
            assert!(ratio > 0.0 && (ratio / expected - 1.0).abs() < 1e-4, "{block:?}: {ratio} for {expected}");
        }
    }
    let mut looking = Pass::measure().with_taps();
    let x = Tensor::<4>::from_data(TensorData::new(picture(), [1, 3, 12, 12]), &Device::flex());
    let _ = network(Shortcut::None).forward(x, &mut looking);
    assert!(looking.taps().iter().all(|tap| tap.branch_ratio().expect("a device").is_none()), "nothing is added");
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

/// Networks on some images, as the instruments get them.
fn snapshot(dataset: &Arc<Dataset>, networks: &[(&str, &Network)]) -> Snapshot {
    let arm = |(name, network): &(&str, &Network)| {
        let blueprint = Blueprint::new(network, dataset.shape(), dataset.classes.len()).expect("it fits");
        let model = Model::init(&blueprint, 1, &Device::flex());
        ArmSnapshot::new(name, model, 0, [None, None])
    };
    Snapshot {
        arms: networks.iter().map(arm).collect(),
        dataset: Arc::clone(dataset),
        fit: Fit::default(),
        device: Device::flex(),
        step: 0,
        seed: 1,
        batch: 50,
    }
}

fn embedded(images: usize) -> Arc<Dataset> {
    let data = Data { train_limit: Some(images), validation_limit: Some(images), ..Data::default() };
    Arc::new(Dataset::load(&data, 0).expect("the embedded images"))
}

fn subject(snapshot: &Snapshot) -> Subject<'_> {
    Subject { snapshot, arm: &snapshot.arms[0] }
}

#[test]
fn a_plain_net_loses_only_blocks_that_keep_the_shape_and_says_so() {
    let snapshot = snapshot(&embedded(20), &[("plain", &Network::cifar(8, 4, Shortcut::None))]);
    let lesions = lesion::sweep(&subject(&snapshot), &mut |_, _, _| true).expect("a sweep");
    let possible: Vec<bool> = lesions.blocks.iter().map(|lesion| lesion.score.is_some()).collect();
    assert_eq!(possible, [true, false, false]);
    let ended = lesion::sweep(&subject(&snapshot), &mut |done, _, _| done < 1).expect("a sweep");
    assert_eq!(ended.blocks.len(), 1);
    let why = lesion::lesion(&subject(&snapshot), &[1]).expect_err("it changes the shape").to_string();
    assert!(why.contains("block 2.0") && why.contains("plain net has no shortcut"), "{why}");
    for question in [Question::Gains { gains: vec![0.5] }, Question::PathLengths { draws: 1, images: 4 }] {
        assert!(
            examine(&subject(&snapshot), &question, &mut |_, _, _| true)
                .expect_err("plain")
                .to_string()
                .contains("plain net")
        );
    }
}

/// Behind a batch norm a branch weighed by α is one whose scale and shift are.
#[test]
fn a_gain_on_all_branches_is_a_network_whose_last_norms_are_weighed() {
    let snapshot = snapshot(&embedded(100), &[("residual", &Network::cifar(14, 4, Shortcut::A))]);
    let model = &snapshot.arms[0].model;
    let mut state = model.state().expect("weights");
    for (name, array) in &mut state {
        if name.contains(".bn2.weight") || name.contains(".bn2.bias") {
            array.values.iter_mut().for_each(|value| *value *= 0.4);
        }
    }
    let weighed = model.clone().with_state(&state).expect("the same network");
    let expected = evaluate(&weighed, snapshot.validation(), 50, &Device::flex(), |_| true).expect("scores");
    let question = Question::Gains { gains: vec![1.0, 0.4] };
    let Finding::Gains(found) = examine(&subject(&snapshot), &question, &mut |_, _, _| true).expect("gains") else {
        panic!("gains")
    };
    assert!((found[1].score.loss - expected.mean_loss()).abs() < 1e-5, "{found:?}");
    assert!((found[0].score.loss - found[1].score.loss).abs() > 1e-4, "{found:?}");
}

#[test]
fn features_are_computed_once_for_weights_that_stay() {
    let data = embedded(120);
    let network = Network::cifar(8, 4, Shortcut::B);
    let ask = |snapshot: &Snapshot, image: usize| {
        let question = Question::Nearest { sample: QueryImage::Validation(image), count: 5 };
        let mut parts = 0;
        let found = examine(&subject(snapshot), &question, &mut |_, _, _| {
            parts += 1;
            true
        });
        let Ok(Finding::Nearest(found)) = found else { panic!("neighbours") };
        (found, parts)
    };
    let kept = snapshot(&data, &[("one", &network)]);
    assert_eq!(ask(&kept, 3).1, 3, "three batches are computed");
    let copy = kept.clone();
    let (again, parts) = ask(&copy, 4);
    assert_eq!(parts, 1, "a copy of the snapshot knows the features");
    let (fresh, parts) = ask(&snapshot(&data, &[("one", &network)]), 4);
    assert_eq!((&again, parts), (&fresh, 3));
    assert!(fresh.windows(2).all(|pair| pair[0].distance <= pair[1].distance) && fresh.len() == 5);
    let mut other = kept;
    let model = Model::init(copy.arms[0].model.blueprint(), 2, &Device::flex());
    other.arms = vec![ArmSnapshot::new("one", model, 0, [None, None])];
    assert_ne!(ask(&other, 4).0, fresh, "other weights have other features");
}

/// Neighbours are looked for among what the head gets, whichever way it pools.
#[test]
fn neighbours_are_near_in_what_the_head_gets() {
    let data = embedded(30);
    for pool in [HeadPool::Average, HeadPool::Max] {
        let mut network = Network::cifar(8, 4, Shortcut::B);
        network.head.pool = pool;
        let snapshot = snapshot(&data, &[("one", &network)]);
        let features = |images: &Images, index: usize| {
            let pixels = plain_inputs(images, &data.mean, &data.std, &[index]).expect("pixels");
            let [channels, height, width] = images.shape();
            let x = Tensor::<4>::from_data(TensorData::new(pixels, [1, channels, height, width]), &Device::flex());
            let map = snapshot.arms[0].model.features(x, &mut Pass::evaluate());
            let [_, _, height, width] = map.dims();
            let values = map.try_into_vec_as::<f32>().expect("features");
            let pooled = values.chunks_exact(height * width).map(|map| match pool {
                HeadPool::Average => map.iter().sum::<f32>() / map.len() as f32,
                HeadPool::Max => map.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            });
            pooled.collect::<Vec<f32>>()
        };
        let wanted = features(&data.validation, 3);
        let question = Question::Nearest { sample: QueryImage::Validation(3), count: 8 };
        let Ok(Finding::Nearest(found)) = examine(&subject(&snapshot), &question, &mut |_, _, _| true) else {
            panic!("neighbours")
        };
        assert_eq!(found.len(), 8);
        for neighbour in &found {
            let own = features(&data.train, neighbour.image);
            let expected = own.iter().zip(&wanted).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
            assert!((neighbour.distance - expected).abs() <= 1e-4 * expected + 1e-6, "{pool:?}: {neighbour:?}");
        }
    }
}

#[test]
fn the_landscape_is_the_loss_of_networks_moved_by_hand() {
    let snapshot = snapshot(&embedded(60), &[("residual", &Network::cifar(8, 4, Shortcut::B))]);
    let subject = subject(&snapshot);
    let state = snapshot.arms[0].model.state().expect("weights");
    let directions = [Draw::Right, Draw::Down].map(|draw| landscape::direction(&subject, &state, draw));
    for (name, array) in &directions[0] {
        assert!(array.shape.len() > 1, "{name} is a bias or a norm and should not move");
        let length = array.values.len() / array.shape[0];
        let norm = |values: &[f32]| values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        for (moved, own) in array.values.chunks(length).zip(state[name].values.chunks(length)) {
            assert!((norm(moved) - norm(own)).abs() < 1e-5 * norm(own), "{name}: a step as long as the filter");
        }
    }
    assert_ne!(directions[0], directions[1]);
    let loss = |a: f32, b: f32| {
        let mut moved = state.clone();
        for (name, array) in &mut moved {
            let (Some(d), Some(e)) = (directions[0].get(name), directions[1].get(name)) else { continue };
            for (k, value) in array.values.iter_mut().enumerate() {
                *value += a * d.values[k] + b * e.values[k];
            }
        }
        let network = snapshot.arms[0].model.clone().with_state(&moved).expect("the same network");
        evaluate(&network, snapshot.training(), 50, &Device::flex(), |_| true).expect("scores").mean_loss()
    };
    let slice = landscape::slice(&subject, 2, 1000, &mut |_, _, _| true).expect("a slice");
    assert_eq!(slice.at, [-1.0, -0.5, 0.0, 0.5, 1.0]);
    for (&at, &found) in slice.at.iter().zip(&slice.loss) {
        let expected = loss(at as f32, 0.0);
        assert!((found - expected).abs() < 1e-5 * expected, "at {at}: {found} for {expected}");
    }
    let surface = landscape::surface(&subject, 2, 1000, &mut |_, _, _| true).expect("a surface");
    assert_eq!((surface.done, surface.loss.len()), (25, 25));
    for (index, &found) in surface.loss.iter().enumerate() {
        let expected = loss(surface.at[index % 5] as f32, surface.at[index / 5] as f32);
        assert!((found - expected).abs() < 1e-5 * expected, "place {index}: {found} for {expected}");
    }
    let coarse = landscape::surface(&subject, 4, 1000, &mut |done, _, _| done < 9).expect("a coarse surface");
    assert_eq!(coarse.done, 9);
    assert!(coarse.loss.iter().all(|loss| loss.is_finite()), "a coarse surface covers everything");
}

#[test]
fn a_straight_path_begins_and_ends_at_the_two_networks() {
    let mut snapshot = snapshot(&embedded(60), &[("residual", &Network::cifar(8, 4, Shortcut::A))]);
    let start = snapshot.arms[0].model.clone();
    let mut state = start.state().expect("weights");
    state.values_mut().for_each(|array| array.values.iter_mut().for_each(|value| *value *= 1.3));
    snapshot.arms[0].model = start.clone().with_state(&state).expect("the same network");
    let found = landscape::path(&subject(&snapshot), None, 5, 1000, &mut |_, _, _| true).expect("a path");
    let loss = |model: &Model| evaluate(model, snapshot.training(), 50, &Device::flex(), |_| true).expect("scores");
    for (found, model) in [(found.loss[0], &start), (found.loss[4], &snapshot.arms[0].model)] {
        let expected = loss(model).mean_loss();
        assert!((found - expected).abs() < 1e-5 * expected, "{found} for {expected}");
    }
    let missing = landscape::path(&subject(&snapshot), Some(Checkpoint::Best), 5, 10, &mut |_, _, _| true)
        .expect_err("none")
        .to_string();
    assert!(missing.contains("no best checkpoint"), "{missing}");
}

/// Every instrument on two arms: each answers or says why not, tells how far it has come, and ends early when told.
#[test]
fn every_instrument_answers_for_every_arm_and_can_be_ended() {
    use lab_core::instrument::QueryImage;
    let networks = [("plain", &Network::cifar(8, 4, Shortcut::None)), ("residual", &Network::cifar(8, 4, Shortcut::A))];
    let snapshot = snapshot(&embedded(40), &networks);
    let sample = QueryImage::Validation(3);
    let questions = [
        Question::Predictions,
        Question::Nearest { sample: sample.clone(), count: 5 },
        Question::Gradients { images: 16 },
        Question::Histograms { images: 16 },
        Question::Explain { sample: sample.clone(), class: None, occlusion: true },
        Question::Features { sample: sample.clone(), block: 1 },
        Question::Filters,
        Question::Cuts { sample },
        Question::Lesion { blocks: vec![0] },
        Question::Lesions,
        Question::Removals { draws: 2 },
        Question::Gains { gains: vec![0.0, 1.0] },
        Question::Exits { images: 40 },
        Question::Slice { half: 2, images: 20 },
        Question::Surface { half: 2, images: 20 },
        Question::Path { from: None, points: 3, images: 20 },
        Question::PathLengths { draws: 2, images: 8 },
        Question::Shattered { points: 16, lines: 2 },
    ];
    for question in &questions {
        let mut heard = 0;
        let found = answer(&snapshot, question, &mut |done, total, _| {
            assert!(done <= total && total > 0, "{question:?}: {done} of {total}");
            heard += 1;
            true
        });
        let Answer::Found(found) = found.expect("an answer") else { panic!("findings") };
        assert_eq!(found.arms.len(), 2, "{question:?}");
        for arm in &found.arms {
            match &arm.finding {
                Ok(finding) => {
                    let tables = finding.tables(&found.classes, &found.files);
                    let full = |table: &Table| table.rows() > 0 && table.titles().len() > 0;
                    assert!(!tables.is_empty() && tables.iter().all(full), "{question:?}");
                    let json = serde_json::to_string(finding).expect("JSON");
                    assert!(!json.is_empty());
                }
                Err(why) => assert!(arm.arm == "plain" && why.contains("plain net"), "{question:?}: {why}"),
            }
        }
        if heard > 2 {
            let mut parts = 0;
            let ended = answer(&snapshot, question, &mut |_, _, _| {
                parts += 1;
                parts < 2
            });
            assert!(ended.is_ok() && parts == 2, "{question:?} went on: {parts}");
        }
    }
}

#[test]
fn a_channel_that_is_never_positive_is_dead() {
    let mut snapshot = snapshot(&embedded(20), &[("plain", &Network::cifar(8, 4, Shortcut::None))]);
    let model = snapshot.arms[0].model.clone();
    let mut state = model.state().expect("weights");
    // One of the first layer's four channels, and both layers of the last block: 2 × 16.
    state.get_mut("layer1.0.bn1.bias").expect("a bias").values[2] = -1e3;
    for name in ["layer3.0.bn1.bias", "layer3.0.bn2.bias"] {
        state.get_mut(name).expect(name).values.fill(-1e3);
    }
    snapshot.arms[0].model = model.with_state(&state).expect("the same network");
    let found = look(&snapshot, 20);
    assert_eq!(found.blocks[0].dead, Some(1.0 / 8.0));
    assert_eq!(found.blocks[2].dead, Some(1.0));
    assert!(found.warnings().iter().any(|warning| warning.contains("dead in 1 of 3 blocks, most in block 3.0")));
}

/// A kind of network by what it changes in a residual one.
type Row<'a> = (&'a str, &'a dyn Fn(&mut Network));

fn look(snapshot: &Snapshot, images: usize) -> Gradients {
    let question = Question::Gradients { images };
    match examine(&subject(snapshot), &question, &mut |_, _, _| true).expect("a look") {
        Finding::Gradients(found) => found,
        other => panic!("{other:?}"),
    }
}

/// ‖∂L/∂x‖ before the first block over that behind the last one, at initialisation: convolutional networks must follow the
/// pattern of dense ones, whose factors are powers of the depth. (‖∂L/∂W‖ does not show it: without norm, activations
/// shrink as much on the way forward as gradients do on the way back, and every layer's product is the same.)
#[test]
fn gradients_at_initialisation_vanish_explode_or_stay_as_theory_says() {
    let dataset = embedded(100);
    let ratio = |depth: usize, change: &dyn Fn(&mut Network)| {
        let mut network = Network::cifar(depth, 8, Shortcut::A);
        change(&mut network);
        let found = look(&snapshot(&dataset, &[("arm", &network)]), 32);
        found.blocks[0].input_gradient / found.blocks[found.blocks.len() - 1].output_gradient
    };
    let plain = |network: &mut Network| network.shortcut = Shortcut::None;
    let bare = |network: &mut Network| network.norm = Norm::None;
    let alpha = |network: &mut Network| {
        bare(network);
        network.gain.value = 1.0 / ((network.depth() - 2) as f64 / 2.0).sqrt();
    };
    let rows: [Row; 6] = [
        ("plain, He, no norm", &|network| {
            plain(network);
            bare(network);
        }),
        ("plain, Xavier, no norm", &|network| {
            plain(network);
            bare(network);
            network.init.scheme = Scheme::Xavier;
        }),
        ("plain + BN", &plain),
        ("residual + BN", &|_| {}),
        ("residual, He, no norm", &bare),
        ("the same, α = 1/√blocks", &alpha),
    ];
    let found: Vec<[f64; 2]> = rows
        .iter()
        .map(|(name, change)| {
            let pair = [ratio(20, change), ratio(56, change)];
            println!("{name}: {:.2e} at 20 layers, {:.2e} at 56", pair[0], pair[1]);
            pair
        })
        .collect();
    let [he, xavier, plain_norm, residual_norm, bare, scaled] = found[..] else { panic!("six rows") };
    assert!((0.01..100.0).contains(&he[0]) && (0.01..100.0).contains(&he[1]), "He keeps the gradient: {he:?}");
    assert!(xavier[0] < 0.05 && xavier[1] < 1e-4 * xavier[0].max(1e-3), "Xavier vanishes: {xavier:?}");
    assert!(plain_norm[1] > 20.0 * plain_norm[0], "batch norm alone explodes: {plain_norm:?}");
    assert!(residual_norm[1] < 10.0 * residual_norm[0], "shortcuts hold it together: {residual_norm:?}");
    assert!(plain_norm[1] > 20.0 * residual_norm[1], "{plain_norm:?} against {residual_norm:?}");
    assert!(bare[1] > 50.0 * bare[0], "unscaled branches explode without norm: {bare:?}");
    assert!(scaled.iter().all(|ratio| (0.1..20.0).contains(ratio)), "scaled ones do not: {scaled:?}");
}
