//! The formats of published data sets, and what is made of their images: split, limited, resized, normalised.

use crate::make::{cifar, data_at, gzip, idx, load, pixels, refused, skipped, write_idx};
use lab_core::data::{Dataset, subset};
use lab_core::experiment::{Channels, Data, Fit, Holdout, Normalization, Resize};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn the_embedded_data_set_is_balanced_and_its_classes_are_taken_in_turn() {
    let dataset = Dataset::load(&Data::default(), 0).unwrap();
    assert_eq!((dataset.shape(), dataset.classes.len()), ([1, 28, 28], 10));
    assert_eq!(dataset.train.class_counts(10), [500; 10]);
    assert_eq!(dataset.validation.class_counts(10), [100; 10]);
    assert_eq!(dataset.validation.labels[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    assert_eq!((dataset.classes[0].as_str(), dataset.classes[9].as_str()), ("T-shirt/top", "Ankle boot"));
    // Of all 60,000: 0.2860 and 0.3530.
    assert!((dataset.mean[0] - 0.286).abs() < 0.005 && (dataset.std[0] - 0.353).abs() < 0.005);
}

/// The full Fashion-MNIST, where Debian's package puts it.
const FASHION: &str = "/usr/share/datasets/fashion-mnist";

#[test]
fn the_embedded_data_set_can_be_made_again_image_for_image() {
    if !Path::new(FASHION).exists() {
        skipped(&format!("{FASHION} is absent; install Debian's package dataset-fashion-mnist"));
        return;
    }
    let place = tempdir().unwrap();
    let out = place.path().join("subset.bin");
    let (train, test) = (subset::TRAIN_PER_CLASS, subset::TEST_PER_CLASS);
    let made = subset::write(Path::new(FASHION), train, test, subset::SEED, &out).unwrap();
    assert_eq!((made.train, made.test), (5000, 1000));
    assert!(made.bytes <= 3_000_000, "{} bytes", made.bytes);
    // How tightly the bytes are packed depends on the version of the compressor; what they hold does not.
    let embedded = Dataset::load(&Data::default(), 0).unwrap();
    let again = Dataset::load(&data_at(&out), 0).unwrap();
    assert!(again.train == embedded.train && again.validation == embedded.validation, "the images differ");
    assert_eq!(again.classes, embedded.classes);
}

#[test]
fn a_subset_holds_images_of_its_source_and_is_a_data_set_itself() {
    let place = tempdir().unwrap();
    let labels: Vec<u8> = (0..60).map(|i| i % 3).collect();
    write_idx(place.path(), &labels, &labels);
    let out = place.path().join("small.bin");
    subset::write(place.path(), 5, 2, 1, &out).unwrap();
    let (full, small) = (load(place.path()).unwrap(), load(&out).unwrap());
    assert_eq!((small.train.class_counts(3), small.validation.class_counts(3)), (vec![5; 3], vec![2; 3]));
    let of_full: Vec<_> = (0..60).map(|i| (full.train.image(i).unwrap(), full.train.labels[i])).collect();
    assert!((0..15).all(|i| of_full.contains(&(small.train.image(i).unwrap(), small.train.labels[i]))));
    let again = place.path().join("again.bin");
    subset::write(place.path(), 5, 2, 1, &again).unwrap();
    assert_eq!(fs::read(&out).unwrap(), fs::read(&again).unwrap());
    subset::write(place.path(), 5, 2, 2, &again).unwrap();
    assert_ne!(fs::read(&out).unwrap(), fs::read(&again).unwrap(), "another seed chooses others");
}

#[test]
fn a_subset_that_asks_for_too_much_says_how_much_there_is_and_writes_nothing() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let out = place.path().join("small.bin");
    let message = subset::write(place.path(), 2, 2, 0, &out).unwrap_err().to_string();
    assert!(message.contains("2 images per class were asked for, and a class has 1"), "{message}");
    assert!(!out.exists());
    let message = subset::write(place.path(), 1, 1, 0, &place.path().join("no/where")).unwrap_err().to_string();
    assert!(message.contains("no/where"), "{message}");
}

#[test]
fn idx_files_are_read_exactly_under_every_name_packed_or_not() {
    let (train, test) = ([0, 1, 2, 1], [2, 0]);
    for (mark, end) in [("-", ""), ("-", ".gz"), (".", ""), (".", ".gz")] {
        let place = tempdir().unwrap();
        for (part, labels) in [("train", &train[..]), ("t10k", &test[..])] {
            let count = u32::try_from(labels.len()).unwrap();
            let files =
                [("images", 3, idx(&[count, 4, 3], &pixels(labels.len(), 12))), ("labels", 1, idx(&[count], labels))];
            for (kind, dimensions, bytes) in files {
                let name = format!("{part}-{kind}{mark}idx{dimensions}-ubyte{end}");
                fs::write(place.path().join(name), if end.is_empty() { bytes } else { gzip(&bytes) }).unwrap();
            }
        }
        let dataset = load(place.path()).unwrap();
        assert_eq!((dataset.train.shape(), dataset.classes.len()), ([1, 4, 3], 3));
        assert_eq!((&*dataset.train.bytes().unwrap(), &dataset.train.labels), (&pixels(4, 12)[..], &vec![0, 1, 2, 1]));
        assert_eq!(
            (&*dataset.validation.bytes().unwrap(), &dataset.validation.labels),
            (&pixels(2, 12)[..], &vec![2, 0])
        );
        let file = place.path().join(format!("train-images{mark}idx3-ubyte{end}"));
        assert_eq!(load(&file).unwrap().train, dataset.train, "one of the files stands for its folder");
    }
}

#[test]
fn cifar_10_is_read_exactly_from_any_number_of_files() {
    let place = tempdir().unwrap();
    fs::write(place.path().join("data_batch_1.bin"), cifar(&[&[3], &[0]])).unwrap();
    fs::write(place.path().join("data_batch_2.bin"), cifar(&[&[1]])).unwrap();
    fs::write(place.path().join("data_batch_3.bin"), cifar(&[&[2]])).unwrap();
    fs::write(place.path().join("test_batch.bin"), cifar(&[&[3], &[1]])).unwrap();
    fs::write(place.path().join("batches.meta.txt"), "one\ntwo\nthree\nfour\n\n").unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.name.as_str(), dataset.shape()), ("CIFAR-10", [3, 32, 32]));
    assert_eq!(dataset.classes, ["one", "two", "three", "four"]);
    assert_eq!(dataset.train.labels, [3, 0, 1, 2]);
    assert_eq!(dataset.train.bytes().unwrap()[..2 * 3072], pixels(2, 3072));
    assert_eq!(dataset.train.image(3).unwrap(), pixels(1, 3072));
    assert_eq!(dataset.validation.labels, [3, 1]);
}

#[test]
fn cifar_100_has_fine_labels() {
    let place = tempdir().unwrap();
    let records: Vec<[u8; 2]> = (0..100).map(|fine| [fine / 5, fine]).collect();
    let records: Vec<&[u8]> = records.iter().map(|label| &label[..]).collect();
    fs::write(place.path().join("train.bin"), cifar(&records)).unwrap();
    fs::write(place.path().join("test.bin"), cifar(&records[40..42])).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.name.as_str(), dataset.classes.len()), ("CIFAR-100", 100));
    assert_eq!((dataset.train.len(), &dataset.validation.labels), (100, &vec![40, 41]));
    assert_eq!(dataset.train.image(7).unwrap(), &pixels(8, 3072)[7 * 3072..]);
}

#[test]
fn the_real_cifar_10_has_its_counts_and_statistics() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(path) = above.map(|place| place.join("shared/data/cifar10")).find(|path| path.exists()) else {
        skipped("the real CIFAR-10 is not in a folder shared/data beside the repository");
        return;
    };
    let dataset = load(&path).unwrap();
    assert_eq!(dataset.train.class_counts(10), [1000; 10]);
    assert_eq!(dataset.validation.class_counts(10), [200; 10]);
    assert_eq!((dataset.train.labels[0], dataset.classes[9].as_str()), (9, "truck"));
    assert_eq!(dataset.train.bytes().unwrap()[..7], [219, 224, 227, 232, 230, 218, 212]);
    assert_eq!(dataset.validation.bytes().unwrap().last_chunk(), Some(&[172, 173, 172]));
    // From numpy, in double precision.
    let close = |found: &[f32], known: [f32; 3]| found.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(close(&dataset.mean, [0.491_084, 0.483_085, 0.447_714]), "{:?}", dataset.mean);
    assert!(close(&dataset.std, [0.245_758, 0.242_188, 0.260_170]), "{:?}", dataset.std);
}

#[test]
fn a_held_out_share_is_stratified_and_disjoint() {
    let data = Data { holdout: Holdout::Share(0.2), ..Data::default() };
    let dataset = Dataset::load(&data, 5).unwrap();
    assert_eq!(dataset.train.class_counts(10), [400; 10]);
    assert_eq!(dataset.validation.class_counts(10), [100; 10]);
    let mut all: Vec<std::borrow::Cow<[u8]>> = (0..4000).map(|i| dataset.train.image(i).unwrap()).collect();
    all.extend((0..1000).map(|i| dataset.validation.image(i).unwrap()));
    let full = Dataset::load(&Data::default(), 0).unwrap();
    let mut expected: Vec<std::borrow::Cow<[u8]>> = (0..5000).map(|i| full.train.image(i).unwrap()).collect();
    all.sort_unstable();
    expected.sort_unstable();
    assert!(all == expected, "every training image is in one of the two parts, once");
    assert_eq!(Dataset::load(&data, 5).unwrap(), dataset);
    assert_ne!(Dataset::load(&data, 6).unwrap().validation, dataset.validation, "the seed chooses");
}

#[test]
fn without_images_of_its_own_a_tenth_is_held_out() {
    let place = tempdir().unwrap();
    let labels: Vec<u8> = (0..100).map(|i| u8::from(i >= 30)).collect();
    write_idx(place.path(), &labels, &[]);
    fs::remove_file(place.path().join("t10k-images-idx3-ubyte")).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.train.class_counts(2), [27, 63]);
    assert_eq!(dataset.validation.class_counts(2), [3, 7]);
}

#[test]
fn limits_are_balanced_and_a_smaller_one_takes_part_of_a_larger_one() {
    let with = |train, validation| {
        let data = Data { train_limit: Some(train), validation_limit: Some(validation), ..Data::default() };
        Dataset::load(&data, 1).unwrap()
    };
    let (small, large) = (with(25, 10), with(100, 2000));
    assert_eq!(small.train.class_counts(10), [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
    assert_eq!(small.validation.class_counts(10), [1; 10]);
    assert_eq!((large.train.class_counts(10), large.validation.len()), (vec![10; 10], 1000));
    let of_large: Vec<std::borrow::Cow<[u8]>> = (0..100).map(|i| large.train.image(i).unwrap()).collect();
    assert!((0..25).all(|i| of_large.contains(&small.train.image(i).unwrap())));
    assert!(with(4, 10).notices.iter().any(|notice| notice.contains("the limit of training images")));
}

#[test]
fn images_change_size_and_channels_when_asked() {
    let place = tempdir().unwrap();
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1]);
    let resize = Some(Resize { height: 8, width: 6, fit: Fit::Stretch });
    let data = Data { resize, channels: Channels::Rgb, ..data_at(place.path()) };
    let dataset = Dataset::load(&data, 0).unwrap();
    assert_eq!((dataset.shape(), dataset.train.bytes().unwrap().len()), ([3, 8, 6], 4 * 3 * 48));
    let image = dataset.validation.image(1).unwrap();
    assert_eq!((&image[..48], &image[48..96]), (&image[48..96], &image[96..]));
    assert_eq!(dataset.mean.len(), 3);
    let gray = Dataset::load(&Data { channels: Channels::Gray, ..data_at(place.path()) }, 0).unwrap();
    assert_eq!(gray.train, load(place.path()).unwrap().train, "gray images stay as they are");
}

#[test]
fn colour_images_become_gray_by_luma() {
    let place = tempdir().unwrap();
    for name in ["data_batch_1.bin", "test_batch.bin"] {
        fs::write(place.path().join(name), cifar(&[&[0], &[1]])).unwrap();
    }
    fs::write(place.path().join("batches.meta.txt"), "one\ntwo\n").unwrap();
    let gray = Dataset::load(&Data { channels: Channels::Gray, ..data_at(place.path()) }, 0).unwrap();
    let colour = load(place.path()).unwrap().train;
    assert_eq!(gray.shape(), [1, 32, 32]);
    for place in [0, 500, 1023] {
        let [r, g, b] = [0, 1024, 2048].map(|plane| f64::from(colour.image(1).unwrap()[plane + place]));
        let luma = 0.299 * r + 0.587 * g + 0.114 * b;
        assert!((f64::from(gray.train.image(1).unwrap()[place]) - luma).abs() < 0.51, "{r} {g} {b}");
    }
}

#[test]
fn images_that_would_not_fit_into_memory_are_refused_before_they_are_made() {
    let place = tempdir().unwrap();
    let labels: Vec<u8> = (0..6000).map(|i| u8::from(i % 2 == 0)).collect();
    write_idx(place.path(), &labels, &[0, 1]);
    let resize = Some(Resize { height: 1024, width: 1024, fit: Fit::Cover });
    let data = Data { resize, channels: Channels::Rgb, ..data_at(place.path()) };
    refused(&data, &["6002 images of 1024×1024 pixels do not fit into the 16 GiB", "a smaller size"]);
}

#[test]
fn normalization_is_measured_given_or_off() {
    let with = |normalization| Dataset::load(&Data { normalization, ..Data::default() }, 0).unwrap();
    let off = with(Normalization::Off);
    assert_eq!((off.mean, off.std), (vec![0.0], vec![1.0]));
    let given = with(Normalization::Given { mean: vec![0.5], std: vec![0.25] });
    assert_eq!((given.mean, given.std), (vec![0.5], vec![0.25]));
    let place = tempdir().unwrap();
    let black = idx(&[4, 2, 2], &[0; 16]);
    write_idx(place.path(), &[0, 1, 0, 1], &[0, 1, 0, 1]);
    fs::write(place.path().join("train-images-idx3-ubyte"), &black).unwrap();
    fs::write(place.path().join("t10k-images-idx3-ubyte"), &black).unwrap();
    assert_eq!(load(place.path()).unwrap().std, [1.0], "nothing is ever divided by 0");
}
