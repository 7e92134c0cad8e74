//! Parquet files as the Hugging Face hub has them, written by `PyArrow` (`golden/make.py`).

use crate::arrays::{check, golden, spoil};
use crate::make::{data_at, load, refused};
use lab_core::data::cache::Keeping;
use lab_core::data::{Dataset, LoadOptions};
use std::fs;
use tempfile::tempdir;

const TRAIN: &str = "train-00000-of-00001.parquet";
const TEST: &str = "test-00000-of-00001.parquet";

#[test]
fn a_hubs_folder_is_read_with_the_names_of_its_classes() {
    let wrapped = tempdir().unwrap();
    let (data, split) = (wrapped.path().join("set/data"), tempdir().unwrap());
    fs::create_dir_all(&data).unwrap();
    fs::write(wrapped.path().join("set/README.md"), "about").unwrap();
    for (name, part) in [(TRAIN, "train"), (TEST, "test")] {
        fs::copy(golden("hub").join(name), data.join(name)).unwrap();
        fs::create_dir(split.path().join(part)).unwrap();
        fs::copy(golden("hub").join(name), split.path().join(part).join("0000.parquet")).unwrap();
    }
    for path in [golden("hub"), golden("hub").join(TRAIN), wrapped.path().to_owned(), split.path().to_owned()] {
        let dataset = load(&path).unwrap();
        check(&dataset.train, 0, [3, 4, 5]);
        check(&dataset.validation, 6, [3, 4, 5]);
        assert_eq!((dataset.train.labels, dataset.validation.labels), (vec![0, 1, 0, 1, 0, 1], vec![0, 1]));
        assert_eq!(dataset.classes, ["ape", "bee"]);
    }
    let alone = tempdir().unwrap();
    fs::copy(golden("hub").join(TRAIN), alone.path().join("mine.parquet")).unwrap();
    let dataset = load(&alone.path().join("mine.parquet")).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (4, 2));
}

#[test]
fn pictures_that_are_kept_need_not_be_unpacked() {
    let kept = tempdir().unwrap();
    let keeping = Keeping { folder: Some(kept.path()), from: 0, in_memory: 0, at_most: 1 << 30 };
    let options = LoadOptions { keeping, ..LoadOptions::default() };
    for _ in 0..2 {
        let (dataset, _) = Dataset::load_with(&data_at(&golden("hub")), 0, options).unwrap();
        check(&dataset.train, 0, [3, 4, 5]);
    }
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 1);
}

#[test]
fn what_is_damaged_is_refused() {
    let place = tempdir().unwrap();
    let whole = fs::read(golden("hub").join(TRAIN)).unwrap();
    let path = place.path().join("train.parquet");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused(&data_at(&path), &["train.parquet is damaged"]);
    fs::write(&path, "no such file").unwrap();
    refused(&data_at(place.path()), &["train.parquet is damaged"]);
    spoil(place.path(), &[("train.parquet", whole)], 300);
}
