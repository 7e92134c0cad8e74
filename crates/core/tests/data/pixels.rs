//! Images as numbers: arrays in whatever layout, type and under whatever names, and tables with a column for each pixel.

use crate::make::{data_at, load, refused};
use lab_core::data::Dataset;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

const COUNT: usize = 8;
const SIDE: usize = 8;

/// A smooth image's value, from 0 to 255.
fn value(image: usize, channel: usize, y: usize, x: usize) -> u8 {
    u8::try_from(channel * 70 + image * 3 + y * 4 + x * 5).unwrap()
}

/// All values in an order of places: of image, channel, row and column.
fn values(channels: usize, channels_last: bool) -> Vec<u8> {
    let mut all = Vec::new();
    for image in 0..COUNT {
        if channels_last {
            for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
                all.extend((0..channels).map(|channel| value(image, channel, y, x)));
            }
        } else {
            for (channel, y) in (0..channels).flat_map(|channel| (0..SIDE).map(move |y| (channel, y))) {
                all.extend((0..SIDE).map(|x| value(image, channel, y, x)));
            }
        }
    }
    all
}

fn npy(path: &Path, kind: &str, shape: &str, values: &[u8]) {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    fs::write(path, [&b"\x93NUMPY\x01\0"[..], &length, header.as_bytes(), values].concat()).unwrap();
}

fn check(dataset: &Dataset, channels: usize) {
    assert_eq!(dataset.shape(), [channels, SIDE, SIDE]);
    let images = [&dataset.train, &dataset.validation];
    assert_eq!(images.iter().map(|images| images.len()).sum::<usize>(), COUNT);
    for (images, index) in images.into_iter().flat_map(|images| (0..images.len()).map(move |index| (images, index))) {
        let pixels = images.image(index).unwrap();
        let image = usize::from(pixels[0]) / 3;
        let place = |at: usize| (at / (SIDE * SIDE), at / SIDE % SIDE, at % SIDE);
        let expected: Vec<u8> = (0..channels * SIDE * SIDE).map(place).map(|(c, y, x)| value(image, c, y, x)).collect();
        assert_eq!(pixels[..], expected[..]);
        assert_eq!(usize::from(images.labels[index]), image % 2);
    }
}

#[test]
fn arrays_are_read_in_every_layout_and_type() {
    let floats = |scale: fn(f32) -> f32, bytes: Vec<u8>| -> Vec<u8> {
        bytes.into_iter().flat_map(|byte| scale(f32::from(byte)).to_le_bytes()).collect()
    };
    let wide =
        |bytes: Vec<u8>| -> Vec<u8> { bytes.into_iter().flat_map(|byte| i64::from(byte).to_le_bytes()).collect() };
    let labels: Vec<u8> = (0..COUNT).flat_map(|image| [u8::from(image % 2 == 0), u8::from(image % 2 == 1)]).collect();
    for (channels, kind, shape, bytes) in [
        (3, "|u1", "8, 8, 8, 3", values(3, true)),
        (3, "|u1", "8, 3, 8, 8", values(3, false)),
        (3, "|u1", "8, 192", values(3, false)),
        (3, "|u1", "8, 192", values(3, true)),
        (1, "|u1", "8, 64", values(1, false)),
        (1, "|u1", "8, 1, 8, 8", values(1, false)),
        (3, "<f4", "8, 8, 8, 3", floats(|value| value / 255.0, values(3, true))),
        (3, "<f4", "8, 3, 8, 8", floats(|value| value / 127.5 - 1.0, values(3, false))),
        (1, "<f4", "8, 8, 8", floats(|value| value, values(1, false))),
        (1, "<i8", "8, 8, 8", wide(values(1, false))),
    ] {
        let place = tempdir().unwrap();
        npy(&place.path().join("X.npy"), kind, shape, &bytes);
        npy(&place.path().join("Y.npy"), "|u1", "8, 2", &labels);
        let dataset = load(place.path()).unwrap_or_else(|error| panic!("{kind} {shape}: {error}"));
        check(&dataset, channels);
    }
    let place = tempdir().unwrap();
    npy(&place.path().join("X.npy"), "<f4", "8, 8, 8", &floats(|value| value / 50.0 - 2.0, values(1, false)));
    npy(&place.path().join("Y.npy"), "|u1", "8, 2", &labels);
    refused(&data_at(place.path()), &["its values go from -2", "before they were normalised"]);
    npy(&place.path().join("Y.npy"), "|u1", "8, 2", &[1; 16]);
    refused(&data_at(place.path()), &["not exactly one is 1"]);
}

#[test]
fn labels_are_texts_or_any_numbers_and_parts_have_many_names() {
    let image = values(1, false);
    let texts: Vec<u8> = (0..COUNT)
        .flat_map(|index| ["bee", "ape"][index % 2].chars().flat_map(|it| u32::from(it).to_le_bytes()))
        .collect();
    for (images, labels, other_images, other_labels) in [
        ("trainX", "trainY", "testX", "testY"),
        ("train_data", "train_labels", "x_valid", "y_valid"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
    ] {
        let place = tempdir().unwrap();
        for (images, labels) in [(images, labels), (other_images, other_labels)] {
            npy(&place.path().join(format!("{images}.npy")), "|u1", "8, 8, 8", &image);
            npy(&place.path().join(format!("{labels}.npy")), "<U3", "8,", &texts);
        }
        let dataset = load(place.path()).unwrap();
        assert_eq!(
            (dataset.classes.join(" "), dataset.train.len(), dataset.validation.len()),
            ("ape bee".to_owned(), 8, 8)
        );
        assert_eq!(dataset.train.labels[..3], [1, 0, 1]);
    }
    let place = tempdir().unwrap();
    npy(&place.path().join("x_train.npy"), "|u1", "8, 8, 8", &image);
    npy(&place.path().join("y_train.npy"), "|i1", "8, 1", &[255, 0, 255, 0, 255, 0, 255, 0]);
    npy(&place.path().join("noise.npy"), "|u1", "8,", &[0; 8]);
    let dataset = load(place.path()).unwrap();
    assert_eq!(dataset.classes, ["-1", "0"]);
    assert!(dataset.notices.iter().any(|notice| notice.contains("not used: noise.npy")), "{:?}", dataset.notices);
}

/// Images in rows: the class first or last, with names or without.
fn table(channels_last: bool, channels: usize, head: bool, class_last: bool) -> String {
    let pixels = channels * SIDE * SIDE;
    let names: Vec<String> = (0..pixels).map(|pixel| format!("pixel{pixel}")).collect();
    let line = |class: String, rest: String| {
        if class_last { format!("{rest},{class}\n") } else { format!("{class},{rest}\n") }
    };
    let mut text = if head { line("label".to_owned(), names.join(",")) } else { String::new() };
    for (image, row) in values(channels, channels_last).chunks(pixels).enumerate() {
        let row: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &line((image % 2).to_string(), row.join(","));
    }
    text
}

/// As Kaggle has MNIST and others.
#[test]
fn a_table_may_hold_the_pixels_themselves() {
    for (channels, text) in [
        (1, table(false, 1, true, false)),
        (1, table(false, 1, false, false)),
        (1, table(false, 1, true, true).replace('\n', "\r\n")),
        (3, table(true, 3, true, true)),
        (3, table(false, 3, true, false)),
    ] {
        let place = tempdir().unwrap();
        fs::write(place.path().join("mnist_train.csv"), &text).unwrap();
        check(&load(place.path()).unwrap(), channels);
        check(&load(&place.path().join("mnist_train.csv")).unwrap(), channels);
        fs::write(place.path().join("mnist_test.csv"), &text).unwrap();
        let dataset = load(place.path()).unwrap();
        assert_eq!((dataset.train.len(), dataset.validation.len()), (COUNT, COUNT));
    }
    let place = tempdir().unwrap();
    let mut text = "emotion,pixels,Usage\n".to_owned();
    for (image, row) in values(1, false).chunks(SIDE * SIDE).enumerate() {
        let row: Vec<String> = row.iter().map(ToString::to_string).collect();
        writeln!(text, "{},{},{}", image % 2, row.join(" "), ["Training", "PublicTest"][image / 6]).unwrap();
    }
    fs::write(place.path().join("fer2013.csv"), &text).unwrap();
    let dataset = load(place.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (6, 2));
    check(&dataset, 1);
    fs::write(place.path().join("fer2013.csv"), text.replacen("0 5", "0 500", 1)).unwrap();
    refused(&data_at(place.path()), &["its row 1 has a pixel that is no whole number from 0 to 255"]);
}
