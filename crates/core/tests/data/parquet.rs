//! Tables as `datasets` and `PyArrow` wrote them (`golden/make.py`), and damaged ones.

use crate::arrays::{check, golden};
use crate::make::{data_at, load, refused, report};
use lab_core::data::cache::CachePolicy;
use lab_core::data::{Dataset, LoadOptions};
use std::fs;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};

const TRAIN: [&str; 2] = ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"];
const TEST: &str = "test-00000-of-00001.parquet";

/// The hub's files under these names in a folder.
fn placed(files: &[(&str, &str)]) -> TempDir {
    let place = tempdir().unwrap();
    for (file, name) in files {
        let to = place.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(golden("hub/data").join(file), to).unwrap();
    }
    place
}

#[test]
fn a_data_set_of_the_hub_is_read_with_its_parts_and_the_names_of_its_classes() {
    for path in [golden("hub"), golden("hub/data")] {
        let (dataset, report) = report(&path);
        check(&dataset.train, 0, [3, 4, 5]);
        check(&dataset.validation, 6, [3, 4, 5]);
        assert_eq!(dataset.classes, ["cat", "dog", "an owl"]);
        assert_eq!((dataset.train.labels, dataset.validation.labels), (vec![0, 1, 2, 0, 0, 1], vec![0, 1, 2]));
        assert!(dataset.train.files[5].ends_with("train-00001-of-00002.parquet/1"), "{:?}", dataset.train.files);
        assert!(report.left_out.is_empty() && report.own_validation);
    }
}

#[test]
fn a_folder_of_a_part_gives_its_name_to_the_files_in_it() {
    let place =
        placed(&[(TRAIN[0], "train/0000.parquet"), (TRAIN[1], "train/0001.parquet"), (TEST, "test/0000.parquet")]);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (6, 3));
    check(&dataset.validation, 6, [3, 4, 5]);
}

#[test]
fn validation_comes_before_test_and_other_files_are_said_to_be_left_out() {
    let place = placed(&[
        (TRAIN[0], "train-00000-of-00001.parquet"),
        (TRAIN[1], "validation-00000-of-00001.parquet"),
        (TEST, "test-00000-of-00001.parquet"),
        (TEST, "unsupervised-00000-of-00001.parquet"),
    ]);
    let (dataset, report) = report(place.path());
    assert_eq!((dataset.train.len(), dataset.validation.len()), (4, 2));
    let said = dataset.notices.join("\n");
    assert!(said.contains("validating on the part validation; 1 file of the part test is left out"), "{said}");
    assert!(report.left_out[0].files[0].ends_with("unsupervised-00000-of-00001.parquet"), "{said}");
}

/// In the folders that `datasets` and `huggingface_hub` keep, as in those that a person makes.
#[test]
fn a_data_set_is_called_what_a_person_would_call_it() {
    let hub = "hub/datasets--uoft-cs--cifar10/snapshots/0b2714987fa478483af9968de7c934580d0bb9a2";
    for (within, given, name) in [
        (format!("{hub}/plain_text"), format!("{hub}/plain_text"), "uoft-cs/cifar10"),
        (format!("{hub}/data"), hub.to_owned(), "uoft-cs/cifar10"),
        (format!("{hub}/data"), format!("{hub}/data/{}", TRAIN[0]), "uoft-cs/cifar10"),
        ("datasets--mnist/snapshots/77f3/mnist".to_owned(), "datasets--mnist".to_owned(), "mnist"),
        ("beans/data".to_owned(), "beans".to_owned(), "beans"),
        ("beans/data".to_owned(), "beans/data".to_owned(), "beans"),
        ("beans/data".to_owned(), format!("beans/data/{}", TRAIN[0]), "beans"),
    ] {
        let files = [TRAIN[0], TRAIN[1], TEST].map(|file| (file, format!("{within}/{file}")));
        let place = placed(&files.each_ref().map(|(file, name)| (*file, name.as_str())));
        assert_eq!(load(&place.path().join(&given)).unwrap().name, name, "{given}");
    }
    assert_eq!(load(&golden("tables/none1.parquet")).unwrap().name, "none1.parquet");
}

#[test]
fn a_missing_file_of_several_is_said() {
    let place = placed(&[(TRAIN[0], TRAIN[0])]);
    for data in [place.path().to_owned(), place.path().join(TRAIN[0])] {
        assert_eq!(load(&data).unwrap().notices, ["of the 2 files of the part train there is only 1"]);
    }
}

/// A table without notes, its classes as texts, one row without a class, two groups of rows.
#[test]
fn tables_are_read_however_they_are_packed() {
    for packing in ["none", "snappy", "gzip", "zstd"] {
        for version in [1, 2] {
            let path = golden("tables").join(format!("{packing}{version}.parquet"));
            let (dataset, report) = report(&path);
            assert_eq!(dataset.classes, ["ape", "bee"], "{path:?}");
            assert_eq!(dataset.train.len() + dataset.validation.len(), 5, "{path:?}");
            for images in [&dataset.train, &dataset.validation] {
                for (index, file) in images.files.iter().enumerate() {
                    let row: usize = file.file_name().unwrap().to_str().unwrap().parse().unwrap();
                    let one = images.subset(&[index]);
                    check(&one, row, [3, 4, 5]);
                    assert_eq!(usize::from(one.labels[0]), row % 2);
                }
            }
            assert_eq!(report.left_out.len(), 1);
            assert_eq!(report.left_out[0].reason, "its row has no class");
            assert!(report.left_out[0].files[0].ends_with("5"));
        }
    }
    let brotli = golden("tables/brotli1.parquet");
    refused(&data_at(&brotli), &["its column img is packed by brotli; write it again, packed by snappy, gzip or zstd"]);
}

/// One table of all parts, of which a column tells in words or by yes and no; its classes are measures, or yes and no.
#[test]
fn rows_of_one_table_are_of_the_parts_that_a_column_says() {
    for version in [1, 2] {
        let path = golden("tables").join(format!("split{version}.parquet"));
        let (dataset, report) = report(&path);
        assert_eq!((dataset.classes.join(" "), report.own_validation), ("0 1".to_owned(), true), "{path:?}");
        check(&dataset.train, 0, [3, 4, 5]);
        check(&dataset.validation, 4, [3, 4, 5]);
        assert_eq!((dataset.train.labels, dataset.validation.labels), (vec![0, 1, 0], vec![0, 1]));
        assert_eq!(dataset.notices[0], "validating on the part validation; 2 pictures of the part test are left out");
        assert_eq!(report.left_out[0].files.len(), 1, "the row without a class: {:?}", report.left_out);
        let path = golden("tables").join(format!("flags{version}.parquet"));
        let dataset = load(&path).unwrap();
        assert_eq!(dataset.classes, ["false", "true"]);
        check(&dataset.train, 0, [3, 4, 5]);
        check(&dataset.validation, 6, [3, 4, 5]);
        assert_eq!((dataset.train.labels.len(), dataset.validation.labels), (6, vec![0, 1]));
    }
}

#[test]
fn a_column_of_parts_that_cannot_be_read_keeps_nobody_from_the_pictures() {
    let dataset = load(&golden("tables/delta.parquet")).unwrap();
    assert_eq!(dataset.train.len() + dataset.validation.len(), 7);
    let told = dataset.notices.join("\n");
    assert!(told.contains("the column that says the parts is not used: "), "{told}");
    assert!(told.contains("values are written down in a way that is not read"), "{told}");
}

/// The hub calls any table "train" that nobody has split; where there are several parts, their files count.
#[test]
fn a_column_of_parts_counts_where_files_are_not_of_several() {
    let table = fs::read(golden("tables/split1.parquet")).unwrap();
    let place = tempdir().unwrap();
    let put = |name: &str| fs::write(place.path().join(name), &table).unwrap();
    put("train-00000-of-00001.parquet");
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (3, 2));
    put("test-00000-of-00001.parquet");
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (7, 7));
    assert_eq!(dataset.notices[0], "the column split is not used: the parts follow from the names of files");
}

#[test]
fn a_second_start_reads_what_was_kept() {
    let kept = tempdir().unwrap();
    let keeping = CachePolicy { folder: Some(kept.path()), from: 0, ..CachePolicy::default() };
    let read = || {
        Dataset::load_with(&data_at(&golden("hub")), 0, LoadOptions { keeping, ..LoadOptions::default() }).unwrap().0
    };
    let first = read();
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 1);
    assert!(read() == first);
    check(&first.train, 0, [3, 4, 5]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let place = tempdir().unwrap();
    let path: PathBuf = place.path().join("train.parquet");
    let whole = fs::read(golden("hub/data").join(TRAIN[0])).unwrap();
    let changed = |mut bytes: Vec<u8>, from: &str, to: &str| {
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from.as_bytes()) {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
        bytes
    };
    let renamed = |from: &str, to: &str| changed(whole.clone(), from, to);
    for (bytes, words) in [
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            "it is Git LFS's pointer to a file that was not fetched",
        ),
        (Vec::new(), "it is empty"),
        (whole[..whole.len() / 2].to_vec(), "it is cut off"),
        (renamed("bytes", "abcde"), "none of its columns holds pictures; it has image.abcde, image.path, label"),
        (
            changed(renamed("label", "score"), "ClassLabel", "AnyNumbers"),
            "name them image (with the bytes of a picture file) and label",
        ),
        (renamed("\"an owl\"", "\"dog\"  "), "name their classes differently"),
        (
            renamed("[\"cat\", \"dog\", \"an owl\"]", "[\"cat\"                 ]"),
            "its class is 1, and 1 classes have names",
        ),
        (renamed("PNG\r", "none"), "4 of 4 pictures cannot be read"),
    ] {
        fs::write(&path, bytes).unwrap();
        if words.contains("differently") {
            fs::copy(golden("hub/data").join(TEST), place.path().join("test.parquet")).unwrap();
            refused(&data_at(place.path()), &[words]);
        } else {
            refused(&data_at(&path), &[words]);
        }
    }
}
