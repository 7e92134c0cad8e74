//! Images that networks are scored on: all there are, by the names that the networks know.

use crate::make::{data_at, write_classes, write_idx};
use lab_core::data::{DataError, Dataset, LoadOptions, Report, Scoring};
use lab_core::experiment::{Data, Normalization, Resize};
use std::path::Path;
use tempfile::tempdir;

fn score(place: &Path, known: &[&str]) -> Result<(Dataset, Report), DataError> {
    let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    let normalization = Normalization::Given { mean: vec![0.5; 3], std: vec![0.2; 3] };
    let resize = Some(Resize { height: 8, width: 8, fit: Default::default() });
    let data = Data { normalization, resize, channels: lab_core::experiment::Channels::Rgb, ..data_at(place) };
    let scoring = Some(Scoring { training: false });
    Dataset::load_with(&data, 0, LoadOptions { scoring, known: Some(&known), ..Default::default() })
}

#[test]
fn nothing_is_held_out() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 20);
    let (dataset, report) = score(place.path(), &["ape", "bee"]).unwrap();
    assert_eq!((dataset.validation.len(), dataset.shape(), report.absent.len()), (40, [3, 8, 8], 0));
}

#[test]
fn a_part_may_be_scored_on_alone_or_among_others() {
    let place = tempdir().unwrap();
    write_classes(&place.path().join("train"), &["ape", "bee"], 6);
    write_classes(&place.path().join("test"), &["ape", "bee"], 4);
    assert_eq!(score(&place.path().join("test"), &["ape", "bee"]).unwrap().0.validation.len(), 8);
    assert_eq!(score(place.path(), &["ape", "bee"]).unwrap().0.validation.len(), 8);
    let only = tempdir().unwrap();
    write_classes(&only.path().join("test"), &["ape", "bee"], 4);
    assert_eq!(score(only.path(), &["ape", "bee"]).unwrap().0.validation.len(), 8);
    write_classes(&only.path().join("val"), &["ape", "bee"], 3);
    let (dataset, _) = score(only.path(), &["ape", "bee"]).unwrap();
    assert_eq!(dataset.validation.len(), 6);
    assert!(dataset.notices[0].contains("test is left out"), "{:?}", dataset.notices);
}

#[test]
fn classes_may_be_absent_and_in_another_order() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["0", "270", "90"], 5);
    let (dataset, report) = score(place.path(), &["90", "180", "0", "270"]).unwrap();
    assert_eq!(dataset.validation.class_counts(4), [5, 0, 5, 5]);
    assert_eq!(report.absent, ["180"]);
    assert!(dataset.notices[0].contains("no image of the class \"180\""), "{:?}", dataset.notices);
    let one = tempdir().unwrap();
    write_classes(one.path(), &["90"], 5);
    assert_eq!(score(one.path(), &["90", "180"]).unwrap().0.validation.labels, [0; 5]);
    let message = score(place.path(), &["90", "0"]).unwrap_err().to_string();
    assert!(message.contains("its class \"270\" is none of those that the network knows: 90, 0"), "{message}");
}

#[test]
fn few_images_say_where_they_lie_among_all() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1, 1, 0, 1, 0]);
    let load = |few| Dataset::load_with(&data_at(place.path()), 3, LoadOptions { few, ..Default::default() }).unwrap();
    let ((all, none), (few, some)) = (load(None), load(Some(3)));
    assert_eq!((none.places.len(), some.places.len(), few.validation.len()), (0, 3, 3));
    assert_eq!(few.validation, all.validation.subset(&some.places));
    assert_eq!(few.train, all.train);
}

#[test]
fn images_to_learn_from_may_lack_classes_that_networks_know() {
    let place = tempdir().unwrap();
    write_classes(place.path(), &["ape", "bee"], 20);
    let known = ["ant", "ape", "bee"].map(str::to_owned);
    let options = LoadOptions { known: Some(&known), ..Default::default() };
    let (dataset, report) = Dataset::load_with(&data_at(place.path()), 0, options).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (36, 4));
    assert_eq!((dataset.train.class_counts(3), report.absent), (vec![0, 18, 18], vec!["ant".to_owned()]));
}

#[test]
fn without_numbers_given_the_training_images_are_measured() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let scoring = |training| LoadOptions { scoring: Some(Scoring { training }), ..Default::default() };
    let plain = Dataset::load(&data_at(place.path()), 0).unwrap();
    let (dataset, _) = Dataset::load_with(&data_at(place.path()), 0, scoring(false)).unwrap();
    assert_eq!(
        (dataset.validation, dataset.mean, dataset.std),
        (plain.validation, plain.mean.clone(), plain.std.clone())
    );
    let (dataset, _) = Dataset::load_with(&data_at(place.path()), 0, scoring(true)).unwrap();
    assert_eq!((dataset.validation, dataset.mean, dataset.std), (plain.train, plain.mean, plain.std));
}
