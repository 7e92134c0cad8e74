//! Archives of `NumPy` arrays: `train_images`, `train_labels` and so on as `MedMNIST` has them, `x_train` as Keras does.
//! Formats: <https://medmnist.com>, <https://keras.io/api/datasets/mnist/>.

use super::numbered::{self, Numbered};
use super::numpy::Header;
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found};
use crate::data::images::{Images, check_size};
use crate::data::names::{name_of, shown_path};
use crate::data::store::{Entry, Store};
use std::path::Path;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, open_file, ..Format::NONE };

/// What the arrays of images and their labels are called, by parts, in letters of either size.
const TRAIN: [(&str, &str); 4] =
    [("train_images", "train_labels"), ("x_train", "y_train"), ("images", "labels"), ("x", "y")];
const VALIDATION: [(&str, &str); 2] = [("val_images", "val_labels"), ("x_val", "y_val")];
const TEST: [(&str, &str); 2] = [("test_images", "test_labels"), ("x_test", "y_test")];

/// An archive of arrays by itself.
fn open_file(_: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz")) {
        return Ok(None);
    }
    let Some(archive) = Store::of_archive(path)? else {
        return Err(DataError::damaged(path, "it is no archive of NumPy arrays"));
    };
    let Some(found) = open(&archive, path)? else {
        let names: Vec<String> = archive.entries(path)?.iter().map(|entry| name_of(&entry.path)).collect();
        let problem = format!("it holds the arrays {}", names.join(", "));
        let advice = "name the images and their labels train_images and train_labels, val_images …, test_images …";
        return Err(DataError::unusable(path, problem, advice));
    };
    Ok(Some(found))
}

/// The arrays that lie in a folder, or in an archive.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let entries = store.entries(folder)?;
    let part = |names: &[(&str, &str)]| -> Result<Option<Images>, DataError> {
        let found = names.iter().find_map(|(images, labels)| Some((file(&entries, images)?, file(&entries, labels)?)));
        found.map(|(images, labels)| read(store, images, labels)).transpose()
    };
    let (train, validation, test) = (part(&TRAIN)?, part(&VALIDATION)?, part(&TEST)?);
    let choice = (validation.is_some() && test.is_some()).then(|| Choice {
        used: "validating on its validation images; its test images are left out".to_owned(),
        unused: "its test images are left out".to_owned(),
    });
    match (train, validation.or(test)) {
        (None, None) => Ok(None),
        (train, own) => {
            let found = numbered::found(folder, Numbered { train, own, notices: Vec::new() })?;
            Ok(Some(Found { choice, ..found }))
        }
    }
}

fn file<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Path> {
    let wanted = format!("{name}.npy");
    let is = |path: &Path| path.file_name().is_some_and(|file| file.eq_ignore_ascii_case(&wanted));
    entries.iter().map(|entry| entry.path.as_path()).find(|path| is(path))
}

fn read(store: &Store, images_path: &Path, labels_path: &Path) -> Result<Images, DataError> {
    let no_array = || DataError::damaged(images_path, "it is no array of NumPy");
    let header = Header::read(&store.start(images_path)?).ok_or_else(no_array)?;
    let (count, height, width, channels) = match header.shape[..] {
        [count, height, width] => (count, height, width, 1),
        [count, height, width, channels @ (1 | 3)] => (count, height, width, channels),
        _ => return Err(shaped_otherwise(images_path, &header)),
    };
    if header.kind != "u1" || header.is_by_columns {
        return Err(shaped_otherwise(images_path, &header));
    }
    let shape = [channels, height, width];
    check_size(images_path, count, shape)?;
    let labels_bytes = store.read(labels_path)?;
    let labels = Header::read(&labels_bytes)
        .and_then(|header| matches!(header.shape[..], [_] | [_, 1]).then(|| header.integers(&labels_bytes)).flatten());
    let labels: Option<Vec<u16>> =
        labels.and_then(|labels| labels.into_iter().map(|label| u16::try_from(label).ok()).collect());
    let labels = labels.ok_or_else(|| {
        let problem =
            format!("{} does not hold one whole number from 0 to 65535 for each image", shown_path(labels_path));
        DataError::unusable(images_path, problem, "give each image one class")
    })?;
    let bytes = store.read(images_path)?;
    let values = bytes.get(header.start..).unwrap_or_default();
    if labels.len() != count || values.len() != count * height * width * channels {
        let problem = format!(
            "it announces {count} images of {width}×{height} pixels; there are {} bytes and {} labels",
            values.len(),
            labels.len()
        );
        return Err(DataError::damaged(images_path, problem));
    }
    let pixels = if channels == 1 { values.to_vec() } else { by_planes(values, height * width) };
    Ok(Images { channels, height, width, pixels: pixels.into(), labels, files: Vec::new() })
}

/// From red, green, blue of each pixel to planes.
fn by_planes(values: &[u8], plane: usize) -> Vec<u8> {
    let planes = |image: &[u8]| -> Vec<u8> {
        (0..3).flat_map(|channel| image.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>()).collect()
    };
    values.chunks_exact((3 * plane).max(1)).flat_map(planes).collect()
}

fn shaped_otherwise(path: &Path, header: &Header) -> DataError {
    let sides: Vec<String> = header.shape.iter().map(ToString::to_string).collect();
    let problem = format!("its values are of NumPy's type {} and its shape is {}", header.kind, sides.join("×"));
    let advice = "give images as bytes (uint8) of shape number×height×width or number×height×width×3, by rows";
    DataError::unusable(path, problem, advice)
}
