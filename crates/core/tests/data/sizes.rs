//! Pictures of different sizes are brought to one that suits them and the networks.

use crate::make::{data_at, picture, save};
use lab_core::data::{Dataset, LoadOptions};
use lab_core::experiment::{Experiment, PRESETS};
use std::path::Path;
use tempfile::tempdir;

fn collection(place: &Path, sizes: &[(u32, u32)]) {
    for (number, (width, height)) in (0..).zip(sizes) {
        for class in ["ape", "bee"] {
            save(&place.join(format!("{class}/{number}.png")), &picture(number, *width, *height));
        }
    }
}

fn load(place: &Path, usual_side: Option<usize>) -> (Dataset, lab_core::data::Report) {
    Dataset::load_with(&data_at(place), 0, LoadOptions { usual_side, ..Default::default() }).unwrap()
}

#[test]
fn the_median_of_the_shorter_sides_counts_up_to_what_networks_expect() {
    for (sizes, usual, side) in [
        (&[(50, 41), (40, 60), (100, 39), (41, 90)][..], None, 40),
        (&[(50, 41), (40, 60), (100, 39), (41, 90)], Some(32), 32),
        (&[(21, 31), (22, 32), (23, 33)], None, 24),
        (&[(21, 31), (22, 32), (23, 33)], Some(32), 24),
        (&[(400, 300), (500, 400), (640, 480)], None, 224),
        (&[(3, 9), (5, 5), (6, 9)], None, 5),
    ] {
        let place = tempdir().unwrap();
        collection(place.path(), sizes);
        let (dataset, _) = load(place.path(), usual);
        assert_eq!(dataset.shape(), [3, side, side], "{sizes:?}");
        let notice = &dataset.notices[0];
        assert!(notice.contains(&format!("are brought to {side}×{side}")), "{notice}");
        assert!(notice.contains("for another size") && !notice.contains('{'), "{notice}");
    }
}

#[test]
fn pictures_of_one_size_keep_it_unless_it_is_beyond_what_can_be_trained_on() {
    let place = tempdir().unwrap();
    collection(place.path(), &[(40, 20); 4]);
    let (dataset, report) = load(place.path(), Some(32));
    assert_eq!((dataset.shape(), dataset.notices.len()), ([3, 20, 40], 0));
    assert!(report.sizes.unwrap().are_equal());
    let large = tempdir().unwrap();
    collection(large.path(), &[(1200, 900); 2]);
    let (dataset, _) = load(large.path(), None);
    assert_eq!(dataset.shape(), [3, 224, 224]);
    assert!(dataset.notices[0].contains("all pictures have 1200×900 pixels"), "{:?}", dataset.notices);
}

#[test]
fn the_sizes_of_the_files_are_reported() {
    let place = tempdir().unwrap();
    collection(place.path(), &[(10, 20), (30, 40), (90, 80)]);
    let sizes = load(place.path(), None).1.sizes.unwrap();
    assert_eq!((sizes.smallest, sizes.median, sizes.largest), ((10, 20), (30, 40), (90, 80)));
}

#[test]
fn an_experiment_knows_what_its_networks_expect() {
    for (id, side) in [("resnet20", 32), ("resnet18", 224)] {
        let plan = PRESETS.iter().find(|preset| preset.id == id).unwrap().plan();
        assert_eq!(LoadOptions::of(&Experiment::check(plan).unwrap()).usual_side, Some(side), "{id}");
    }
}
