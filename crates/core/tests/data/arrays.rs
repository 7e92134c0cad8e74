//! Formats that hold images as arrays, in files that `NumPy` and `SciPy` wrote (`golden/make.py`), and damaged ones.

use crate::make::{data_at, load, refused};
use lab_core::data::{Dataset, Images};
use lab_core::random::{Purpose, Random};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden").join(name)
}

/// Checks images against the rule by which they were made: each value follows from its place.
pub fn check(images: &Images, first: usize, shape: [usize; 3]) {
    assert_eq!(images.shape(), shape);
    let [channels, height, width] = shape;
    for index in 0..images.len() {
        let value = |c, y, x| u8::try_from(((first + index) * 37 + y * 11 + x * 5 + c * 3) % 251).unwrap();
        let plane = |c| (0..height).flat_map(move |y| (0..width).map(move |x| value(c, y, x)));
        let expected: Vec<u8> = (0..channels).flat_map(plane).collect();
        assert!(*images.image(index).unwrap() == expected[..], "image {index}");
    }
}

fn parts(dataset: &Dataset) -> (Vec<u16>, Vec<u16>, Vec<&str>) {
    let classes = dataset.classes.iter().map(String::as_str).collect();
    (dataset.train.labels.clone(), dataset.validation.labels.clone(), classes)
}

#[test]
fn medmnist_is_read_and_validated_on_its_own_images() {
    let dataset = load(&golden("medmnist.npz")).unwrap();
    check(&dataset.train, 0, [1, 4, 3]);
    check(&dataset.validation, 6, [1, 4, 3]);
    assert_eq!(parts(&dataset), (vec![0, 1, 2, 0, 1, 2], vec![0, 1, 2], vec!["0", "1", "2"]));
    assert!(dataset.notices[0].contains("test images are left out"), "{:?}", dataset.notices);
}

#[test]
fn the_arrays_of_keras_are_read_in_colours() {
    let place = tempdir().unwrap();
    fs::copy(golden("keras.npz"), place.path().join("download.npz")).unwrap();
    for path in [place.path().join("download.npz"), place.path().to_owned()] {
        let dataset = load(&path).unwrap();
        check(&dataset.train, 0, [3, 5, 6]);
        check(&dataset.validation, 4, [3, 5, 6]);
        assert_eq!(parts(&dataset), (vec![0, 1, 0, 1], vec![0, 1], vec!["0", "1"]));
    }
}

#[test]
fn svhn_is_read_packed_or_not_and_ten_means_zero() {
    let place = tempdir().unwrap();
    for name in ["svhn_packed.mat", "svhn_plain.mat"] {
        fs::copy(golden(name), place.path().join("train_32x32.mat")).unwrap();
        fs::copy(golden(name), place.path().join("test_32x32.mat")).unwrap();
        let dataset = load(place.path()).unwrap();
        check(&dataset.train, 0, [3, 4, 5]);
        check(&dataset.validation, 0, [3, 4, 5]);
        assert_eq!(parts(&dataset), (vec![0, 1, 2, 0, 1, 2], vec![0, 1, 2, 0, 1, 2], vec!["0", "1", "2"]));
        assert_eq!(load(&golden(name)).unwrap().train.len() + load(&golden(name)).unwrap().validation.len(), 6);
    }
}

/// STL-10's files with these labels; the images follow the rule, stored by columns.
fn write_stl(folder: &Path, name: &str, labels: &[u8]) {
    let value = |i: usize, c: usize, x: usize, y: usize| u8::try_from((i * 37 + y * 11 + x * 5 + c * 3) % 251).unwrap();
    let column = |i, c, x| (0..96).map(move |y| value(i, c, x, y));
    let image = |i| (0..3).flat_map(move |c| (0..96).flat_map(move |x| column(i, c, x)));
    fs::write(folder.join(format!("{name}_X.bin")), (0..labels.len()).flat_map(image).collect::<Vec<u8>>()).unwrap();
    fs::write(folder.join(format!("{name}_y.bin")), labels).unwrap();
}

#[test]
fn stl_10_is_stored_by_columns_and_counts_from_one() {
    let place = tempdir().unwrap();
    write_stl(place.path(), "train", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    write_stl(place.path(), "test", &[10, 1]);
    fs::write(
        place.path().join("class_names.txt"),
        "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n",
    )
    .unwrap();
    fs::write(place.path().join("unlabeled_X.bin"), [0; 9]).unwrap();
    let dataset = load(place.path()).unwrap();
    check(&dataset.train, 0, [3, 96, 96]);
    assert_eq!((dataset.validation.labels, &*dataset.classes[9], &*dataset.name), (vec![9, 0], "truck", "STL-10"));
    assert!(dataset.notices.len() == 1 && dataset.notices[0].contains("unlabeled_X.bin"), "{:?}", dataset.notices);
    fs::write(place.path().join("train_y.bin"), [1; 9]).unwrap();
    refused(&data_at(place.path()), &["train_X.bin is damaged", "9 labels need"]);
}

#[test]
fn arrays_of_another_kind_say_what_they_are() {
    let place = tempdir().unwrap();
    let path = place.path().join("other.npz");
    let whole = fs::read(golden("medmnist.npz")).unwrap();
    // Sizes and checksums of the archive stay right, so only the words in it change.
    let renamed = |from: &[u8], to: &[u8]| {
        let mut bytes = whole.clone();
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
        bytes
    };
    fs::write(&path, renamed(b"_images", b"_pictur")).unwrap();
    refused(&data_at(&path), &["it holds the arrays", "train_pictur.npy", "name the images and their labels"]);
    fs::write(&path, b"no archive at all").unwrap();
    refused(&data_at(&path), &["is no archive of NumPy arrays"]);
    let unpacked = tempdir().unwrap();
    let write = |name: &str, header: &str, values: &[u8]| {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        let bytes = [&b"\x93NUMPY\x01\0"[..], &length, header.as_bytes(), values].concat();
        fs::write(unpacked.path().join(name), bytes).unwrap();
    };
    write("y_train.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", &[0, 1]);
    for (header, words) in [
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 4, 3), }\n", "NumPy's type c8 and its shape is 2×4×3"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4, 3), }\n", "there are 24 bytes for its 24 values"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 24), }\n", "its shape is 2×24"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 900, 900), }\n", "do not fit into"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 3), }\n", "it announces 3 images of 3×4 pixels"),
        ("{'descr': '|u1', 'shape': (2, -4, 3)}", "is no array of NumPy"),
    ] {
        write("x_train.npy", header, &[0; 24]);
        refused(&data_at(unpacked.path()), &[words]);
    }
}

#[test]
fn a_packed_array_cannot_fill_the_memory() {
    let place = tempdir().unwrap();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let zeros = vec![0; 1 << 20];
    (0..260).for_each(|_| encoder.write_all(&zeros).unwrap());
    let packed = encoder.finish().unwrap();
    let header = fs::read(golden("svhn_packed.mat")).unwrap()[..128].to_vec();
    let length = u32::try_from(packed.len()).unwrap().to_le_bytes();
    let path = place.path().join("train_32x32.mat");
    fs::write(&path, [&header[..], &15_u32.to_le_bytes(), &length, &packed].concat()).unwrap();
    refused(&data_at(place.path()), &["its files would take more than 256 MB"]);
}

/// Changes bytes of a file in many ways and loads what comes out; whatever is made of it, nothing breaks.
pub fn spoil(place: &Path, files: &[(&str, Vec<u8>)], times: usize) {
    let mut random = Random::new(0, Purpose::Inspect, 0, 1);
    for round in 0..times {
        for (name, whole) in files {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = u8::try_from(random.below(256)).unwrap();
            }
            if round % 4 == 0 {
                bytes.truncate(random.below(bytes.len()));
            }
            fs::write(place.join(name), bytes).unwrap();
        }
        let _ = load(place);
        for (name, _) in files {
            let _ = load(&place.join(name));
        }
    }
}

#[test]
fn damage_anywhere_in_arrays_never_panics() {
    for names in [&["medmnist.npz"][..], &["keras.npz"], &["svhn_packed.mat"], &["svhn_plain.mat"]] {
        let place = tempdir().unwrap();
        let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, fs::read(golden(name)).unwrap())).collect();
        spoil(place.path(), &files, 200);
    }
}
