//! A data set looked over before training.

use crate::make::{data_at, picture, save, write_classes};
use lab_core::data::cache::CachePolicy;
use lab_core::data::{DataError, Dataset, LoadOptions, Survey};
use lab_core::experiment::Data;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn images_that_stand_there_twice_are_told() {
    let (place, kept) = (tempdir().unwrap(), tempdir().unwrap());
    write_classes(&place.path().join("train"), &["ape", "bee"], 6);
    write_classes(&place.path().join("val"), &["bee"], 1);
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(place.path().join(to).parent().unwrap()).unwrap();
        fs::copy(place.path().join(from), place.path().join(to)).unwrap();
    };
    save(&place.path().join("val/bee/0.png"), &picture(77, 8, 8));
    copy("train/ape/0.png", "train/ape/copy.png");
    copy("train/ape/1.png", "val/ape/seen.png");
    copy("train/ape/2.png", "train/bee/other.png");
    for from in [u64::MAX, 0] {
        let keeping = CachePolicy {
            folder: Some(kept.path()),
            from,
            in_memory: if from == 0 { 0 } else { u64::MAX },
            ..CachePolicy::default()
        };
        let options = LoadOptions { keeping, ..LoadOptions::default() };
        let survey = Survey::read(&data_at(place.path()), 0, options).unwrap();
        let [twice, both, torn] = &survey.doubles[..] else { panic!("{:?}", survey.doubles) };
        let what = [twice, both, torn].map(|it| (it.is_in_both_parts(), it.contradicts_itself(), it.images.len()));
        assert_eq!(what, [(false, false, 2), (true, false, 2), (false, true, 2)]);
        assert!(both.images[1].file.as_ref().unwrap().ends_with("val/ape/seen.png") && both.images[1].is_validation);
        let counts: Vec<_> = survey.classes.iter().map(|it| (&*it.name, it.train, it.validation)).collect();
        assert_eq!(counts, [("ape", 7, 1), ("bee", 7, 1)]);
        assert_eq!(survey.imbalance(), Some(1.0));
    }
}

#[test]
fn balance_is_the_largest_class_to_the_smallest() {
    let place = tempdir().unwrap();
    write_classes(&place.path().join("train"), &["ape"], 12);
    write_classes(&place.path().join("train"), &["bee"], 3);
    write_classes(&place.path().join("val"), &["bee"], 3);
    let survey = Survey::read(&data_at(place.path()), 0, LoadOptions::default()).unwrap();
    assert_eq!(survey.imbalance(), Some(4.0));
    let limited = Data { train_limit: Some(1), ..data_at(place.path()) };
    assert_eq!(Survey::read(&limited, 0, LoadOptions::default()).unwrap().imbalance(), None);
}

#[test]
fn what_is_wrong_with_a_path_fits_beside_a_field() {
    let place = tempdir().unwrap();
    let field = |path: &Path| Dataset::load(&data_at(path), 0).unwrap_err().at_field();
    assert_eq!(field(Path::new("")), "choose a folder or a file");
    assert_eq!(field(Path::new("/nowhere")), "there is nothing at this path");
    assert_eq!(field(place.path()), "no data set lies here: the folder is empty");
    fs::write(place.path().join("notes.txt"), "notes").unwrap();
    assert_eq!(field(place.path()), "no data set lies here: it holds only notes.txt");
    write_classes(place.path(), &["ape"], 3);
    assert_eq!(field(place.path()), "it has one class only (ape); classification needs at least two");
    let mean = lab_core::experiment::Normalization::Given { mean: vec![0.5], std: vec![0.5] };
    write_classes(place.path(), &["bee"], 3);
    let error: DataError = Dataset::load(&Data { normalization: mean, ..data_at(place.path()) }, 0).unwrap_err();
    assert_eq!(error.at_field(), "mean and deviation are given for 1 channel, and the images have 3");
}
