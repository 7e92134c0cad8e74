//! The kin of MNIST and CIFAR, as their files really come.

use crate::make::{cifar, data_at, gzip, idx, load, pixels, refused, write_idx};
use crate::python::{batch, batch_of_arrays, meta};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Images of 4×3 pixels and their labels under any names.
fn write_pair(folder: &Path, images: &str, labels: &str, values: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    let count = u32::try_from(values.len()).unwrap();
    let (images_file, labels_file) = (idx(&[count, 4, 3], &pixels(values.len(), 12)), idx(&[count], values));
    for (name, bytes) in [(images, images_file), (labels, labels_file)] {
        let bytes = if Path::new(name).extension().is_some_and(|end| end == "gz") { gzip(&bytes) } else { bytes };
        fs::write(folder.join(name), bytes).unwrap();
    }
}

#[test]
fn idx_files_may_lie_in_folders_of_their_own() {
    let (plain, place) = (tempdir().unwrap(), tempdir().unwrap());
    write_idx(plain.path(), &[0, 1, 0, 1], &[0, 1]);
    for file in fs::read_dir(plain.path()).unwrap().map(Result::unwrap) {
        let folder = place.path().join(file.file_name());
        fs::create_dir(&folder).unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let (expected, found) = (load(plain.path()).unwrap(), load(place.path()).unwrap());
    assert!(found.train == expected.train && found.validation == expected.validation);
    let deeper = tempdir().unwrap();
    write_idx_at(&deeper.path().join("MNIST/raw"));
    let found = load(deeper.path()).unwrap();
    assert_eq!(found.train, expected.train);
    assert!(found.notices[0].contains("raw"), "{:?}", found.notices);
}

fn write_idx_at(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    write_idx(folder, &[0, 1, 0, 1], &[0, 1]);
}

#[test]
fn test_stands_for_t10k() {
    let place = tempdir().unwrap();
    write_pair(place.path(), "train-images-idx3-ubyte", "train-labels-idx1-ubyte", &[0, 1, 0]);
    write_pair(place.path(), "test-images-idx3-ubyte", "test-labels-idx1-ubyte", &[1, 0]);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.labels), (3, vec![1, 0]));
}

#[test]
fn emnist_lies_on_its_side_and_its_labels_are_classes_of_their_names() {
    let place = tempdir().unwrap();
    for (part, labels) in [("train", &[1, 26, 3, 1][..]), ("test", &[26, 1])] {
        let [images, names] = [("images", 3), ("labels", 1)]
            .map(|(kind, dimensions)| format!("emnist-letters-{part}-{kind}-idx{dimensions}-ubyte.gz"));
        write_pair(place.path(), &images, &names, labels);
    }
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.classes.join(" ").as_str(), dataset.shape()), ("1 3 26", [1, 3, 4]));
    assert_eq!((&dataset.train.labels, &dataset.validation.labels), (&vec![0, 2, 1, 0], &vec![2, 0]));
    let stored = pixels(1, 12);
    let turned: Vec<u8> = (0..3).flat_map(|x| (0..4).map(move |y| (x, y))).map(|(x, y)| stored[y * 3 + x]).collect();
    assert_eq!(dataset.train.image(0).unwrap(), turned);
    assert!(dataset.notices[0].contains("labels go from 1 to 26"), "{:?}", dataset.notices);
    // A second data set beside it has to be chosen by one of its files.
    write_pair(
        place.path(),
        "emnist-digits-train-images-idx3-ubyte",
        "emnist-digits-train-labels-idx1-ubyte",
        &[0, 1, 0, 1],
    );
    refused(&data_at(place.path()), &["several data sets (emnist-digits, emnist-letters)", "name one of the files"]);
    let one = load(&place.path().join("emnist-digits-train-images-idx3-ubyte")).unwrap();
    assert_eq!(one.classes, ["0", "1"]);
}

#[test]
fn renamed_files_with_gaps_in_their_labels_are_read() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[1, 2, 26, 2], &[26, 1]);
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.classes.join(" ").as_str(), dataset.train.labels), ("1 2 26", vec![0, 1, 2, 1]));
    assert_eq!(dataset.validation.labels, [2, 0]);
}

#[test]
fn qmnist_has_tables_for_labels() {
    let place = tempdir().unwrap();
    for (part, labels) in [("train", &[0_u32, 2, 1, 2][..]), ("test", &[1, 0])] {
        let count = u32::try_from(labels.len()).unwrap();
        let images = gzip(&idx(&[count, 4, 3], &pixels(labels.len(), 12)));
        fs::write(place.path().join(format!("qmnist-{part}-images-idx3-ubyte.gz")), images).unwrap();
        let rows: Vec<u8> =
            labels.iter().flat_map(|label| [*label, 7, 70_000].map(u32::to_be_bytes).concat()).collect();
        let table = [&[0, 0, 12, 2][..], &count.to_be_bytes(), &3_u32.to_be_bytes(), &rows].concat();
        fs::write(place.path().join(format!("qmnist-{part}-labels-idx2-int.gz")), gzip(&table)).unwrap();
    }
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.labels, dataset.validation.labels), (vec![0, 2, 1, 2], vec![1, 0]));
}

#[test]
fn a_header_in_the_wrong_byte_order_is_told() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let path = place.path().join("train-images-idx3-ubyte");
    let good = fs::read(&path).unwrap();
    let mut sizes = good.clone();
    sizes[4..16].chunks_exact_mut(4).for_each(<[u8]>::reverse);
    let mut all = sizes.clone();
    all[..4].reverse();
    for bytes in [sizes, all] {
        for bytes in [gzip(&bytes), bytes] {
            fs::write(&path, bytes).unwrap();
            refused(&data_at(place.path()), &["its header does not fit the file", "wrong byte order"]);
        }
    }
}

#[test]
fn cifar_for_python_is_read_without_running_anything() {
    for in_letters in [false, true] {
        let place = tempdir().unwrap();
        let folder = place.path().join("cifar-10-batches-py");
        fs::create_dir(&folder).unwrap();
        for number in 1..=5 {
            let labels = [number, number + 4, 0];
            fs::write(folder.join(format!("data_batch_{number}")), batch("labels", &labels, in_letters)).unwrap();
        }
        fs::write(folder.join("test_batch"), batch("labels", &[3, 9], in_letters)).unwrap();
        let names: Vec<String> = (0..10).map(|class| format!("class {class}")).collect();
        fs::write(folder.join("batches.meta"), meta("label_names", &names)).unwrap();
        fs::write(folder.join("readme.html"), "<html>").unwrap();
        let dataset = load(&folder).unwrap();
        assert_eq!((dataset.name.as_str(), dataset.shape(), &dataset.classes), ("CIFAR-10", [3, 32, 32], &names));
        assert_eq!((dataset.train.labels[..4].to_vec(), dataset.train.len()), (vec![1, 5, 0, 2], 15));
        assert_eq!(
            (&dataset.train.bytes().unwrap()[..6144], &dataset.validation.labels),
            (&pixels(2, 3072)[..], &vec![3, 9])
        );
        assert!(dataset.notices.is_empty(), "{:?}", dataset.notices);
        assert_eq!(load(place.path()).unwrap().train, dataset.train, "found one level deeper");
    }
}

#[test]
fn cifar_written_anew_by_todays_python_is_the_same() {
    let places = [tempdir().unwrap(), tempdir().unwrap()];
    for (place, write) in places.iter().zip([|labels: &[u8]| batch("labels", labels, false), batch_of_arrays]) {
        (1..=5).for_each(|number| {
            fs::write(place.path().join(format!("data_batch_{number}")), write(&[number, number + 4, 0])).unwrap();
        });
        fs::write(place.path().join("test_batch"), write(&[3, 9])).unwrap();
    }
    let [old, new] = places.map(|place| load(place.path()).unwrap());
    assert!(old.train == new.train && old.validation == new.validation);
}

#[test]
fn labels_of_idx_files_may_be_wider_than_a_byte() {
    let labels = [0_u8, 200, 0, 200];
    for (kind, width) in [(11, 2), (12, 4)] {
        let place = tempdir().unwrap();
        write_idx(place.path(), &labels, &[200, 0]);
        let expected = load(place.path()).unwrap();
        let wide = |label: &u8| [&vec![0; width - 1][..], &[*label]].concat();
        let mut file = vec![0, 0, kind, 1, 0, 0, 0, 4];
        file.extend(labels.iter().flat_map(wide));
        fs::write(place.path().join("train-labels-idx1-ubyte"), file).unwrap();
        assert!(load(place.path()).unwrap() == expected);
    }
    let place = tempdir().unwrap();
    write_idx(place.path(), &labels, &[200, 0]);
    fs::write(place.path().join("train-images-idx3-ubyte"), [0, 0, 13, 3, 0, 0, 0, 4]).unwrap();
    refused(&data_at(place.path()), &["it holds fractions in 3 dimensions", "store images as unsigned bytes"]);
}

#[test]
fn cifar_100_for_python_has_fine_labels() {
    let place = tempdir().unwrap();
    fs::write(place.path().join("train"), batch("fine_labels", &[99, 7, 12], true)).unwrap();
    fs::write(place.path().join("test"), batch("fine_labels", &[7], true)).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.labels, [99, 7, 12]);
    let notice = &dataset.notices[0];
    assert!(notice.contains("97 of the 100 classes have no training image: 0, 1, 2, 3, 4, …"), "{notice}");
    let names: Vec<String> = (0..100).map(|class| format!("class {class}")).collect();
    let all: Vec<u8> = (0..100).collect();
    fs::write(place.path().join("train"), batch("fine_labels", &all, false)).unwrap();
    fs::write(place.path().join("meta"), meta("fine_label_names", &names)).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.name.as_str(), &dataset.classes, dataset.train.len()), ("CIFAR-100", &names, 100));
    assert_eq!(dataset.validation.labels, [7]);
    fs::write(place.path().join("meta"), "x").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes[42], "42");
    assert!(dataset.notices[0].contains("meta") && dataset.notices[0].contains("numbers"), "{:?}", dataset.notices);
}

#[test]
fn pickles_that_are_damaged_or_hostile_are_refused() {
    let place = tempdir().unwrap();
    let path = place.path().join("data_batch_1");
    let good = batch("labels", &[1, 0], true);
    let nested = [&b"\x80\x02"[..], &b"(".repeat(1 << 20), &b"l".repeat(1 << 20), b"."].concat();
    // Each list holds the one before twice.
    let doubling = [&b"\x80\x02]"[..], &b"2\x86".repeat(1 << 16), b"."].concat();
    let command = b"cos\nsystem\n(S'touch hacked'\ntR.".to_vec();
    let mut order = good.clone();
    let at = order.windows(2).rposition(|pair| pair == b"b\x89").unwrap();
    order[at + 1] = 0x88;
    for bytes in [
        vec![],
        good[..good.len() / 2].to_vec(),
        nested,
        doubling,
        command,
        order,
        b"\x80\x02\x8e\xff\xff\xff\xff\xff\xff\xff\xff.".to_vec(),
    ] {
        let is_dated = bytes.first() == Some(&0x80);
        fs::write(&path, bytes).unwrap();
        refused(&data_at(place.path()), &["data_batch_1", if is_dated { "is damaged" } else { "protocol=4" }]);
    }
    let mut random = lab_core::random::Random::new(0, lab_core::random::Purpose::Inspect, 0, 0);
    for _ in 0..300 {
        let mut bytes = good.clone();
        let at = random.below(300);
        bytes[at] = u8::try_from(random.below(256)).unwrap();
        fs::write(&path, bytes).unwrap();
        let _ = load(place.path());
    }
}

#[test]
fn batches_that_are_missing_or_there_twice_are_said() {
    let place = tempdir().unwrap();
    for (name, label) in [
        ("data_batch_1.bin", 0),
        ("data_batch_2.bin", 1),
        ("data_batch_2 (1).bin", 1),
        ("data_batch_4.bin", 2),
        ("data_batch_5 - Copy.bin", 3),
    ] {
        fs::write(place.path().join(name), cifar(&[&[label], &[0]])).unwrap();
    }
    fs::write(place.path().join("test_batch.bin"), cifar(&[&[0]])).unwrap();
    fs::write(place.path().join("batches.meta.txt"), "a\nb\nc\nd\n").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.labels, [0, 0, 1, 0, 2, 0, 3, 0]);
    let notices = dataset.notices.join(" ");
    assert!(notices.contains("data_batch_3.bin is missing"), "{notices}");
    assert!(notices.contains("data_batch_2 (1).bin is there twice and was left out"), "{notices}");
}
