//! Lesions of pretrained networks against what the literature found.
//!
//! The networks are not part of this project; where they are not beside it, their test says so.

use crate::{snapshot, subject};
use lab_core::data::Dataset;
use lab_core::experiment::{Data, Source, preset};
use lab_engine::inspect::lesion;
use lab_engine::nn::weights;
use lab_engine::train::snapshot::Snapshot;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn beside(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let path = above.map(|place| place.join("shared/data").join(name)).find(|path| path.exists());
    if path.is_none() {
        eprintln!("SKIPPED: there is no {name} in a folder shared/data beside the repository");
    }
    path
}

/// A pretrained network on CIFAR-10's test batch.
fn pretrained(name: &str, file: &str, images: usize) -> Option<Snapshot> {
    let (weights_file, images_folder) = (beside(&format!("pretrained/{file}"))?, beside("cifar10")?);
    let data = Data {
        source: Source::Path(images_folder),
        train_limit: Some(100),
        validation_limit: Some(images),
        normalization: lab_core::experiment::Normalization::Given {
            mean: vec![0.485, 0.456, 0.406],
            std: vec![0.229, 0.224, 0.225],
        },
        ..Data::default()
    };
    let dataset = Arc::new(Dataset::load(&data, 0).expect("CIFAR-10"));
    let network = &preset(name).expect("a preset").plan().arms[0].network;
    let mut snapshot = snapshot(&dataset, &[(name, network)]);
    let state = weights::read(&weights_file).expect("the pretrained weights");
    snapshot.arms[0].model = snapshot.arms[0].model.clone().with_state(&state).expect("its weights");
    snapshot.batch = 128;
    Some(snapshot)
}

/// Veit et al. 2016, figure 3: taking out one block matters little, except where the map shrinks and in the first blocks.
fn hurts_most_where_the_map_shrinks(name: &str, file: &str, images: usize, accuracy: f64, lost: f64) {
    let Some(snapshot) = pretrained(name, file, images) else { return };
    let found = lesion::sweep(&subject(&snapshot), &mut |_, _, _| true).expect("a sweep");
    println!("{name}, whole: {:.2} %", 100.0 * found.whole.accuracy);
    for lesion in &found.blocks {
        let mark = if lesion.reshapes { ", shrinks the map" } else { "" };
        println!("without {}: {:.2} %{mark}", lesion.block, 100.0 * lesion.score.expect("a score").accuracy);
    }
    let left = |reshapes: bool| {
        let chosen = found.blocks.iter().filter(|lesion| lesion.reshapes == reshapes);
        chosen.filter_map(|lesion| lesion.score).map(|score| score.accuracy).collect::<Vec<f64>>()
    };
    let (shrinking, mut others) = (left(true), left(false));
    others.sort_by(f64::total_cmp);
    let median = others[others.len() / 2];
    assert!(found.whole.accuracy > accuracy, "{:?}", found.whole);
    assert!(found.whole.accuracy - median < lost, "most blocks matter little: a median of {median}");
    let worst = shrinking.iter().copied().fold(0.0, f64::max);
    assert!(others[2] > worst && median - worst > 0.05, "{shrinking:?} against {others:?}");
}

#[test]
fn single_lesions_of_resnet20_hurt_most_where_the_map_shrinks() {
    hurts_most_where_the_map_shrinks("resnet20", "resnet20-12fca82f.th", 1000, 0.9, 0.2);
}

#[test]
fn single_lesions_of_resnet56_hurt_most_where_the_map_shrinks() {
    hurts_most_where_the_map_shrinks("resnet56", "resnet56-4bfd9763.th", 500, 0.93, 0.02);
}
