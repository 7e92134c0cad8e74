//! STL-10: images of 3×96×96 bytes stored by columns, labels 1 to 10. Format: <https://cs.stanford.edu/~acoates/stl10/>.

use super::numbered::{self, Numbered};
use crate::data::error::DataError;
use crate::data::found::{Format, Found};
use crate::data::images::{Images, check_size};
use crate::data::names::shown_path;
use crate::data::store::Store;
use std::path::Path;

const SIDE: usize = 96;
const SHAPE: [usize; 3] = [3, SIDE, SIDE];

const CLASSES: [&str; 10] = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part, open_folder: open, ..Format::NONE };

fn is_part(name: &str) -> bool {
    ["train_x.bin", "train_y.bin", "test_x.bin", "test_y.bin"].contains(&name)
}

/// The data set in a folder with STL-10's files; `None` without them.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let part = |name: &str| {
        let images = folder.join(format!("{name}_X.bin"));
        store.is_file(&images).then(|| read(store, &images, &folder.join(format!("{name}_y.bin")))).transpose()
    };
    let (train, own) = (part("train")?, part("test")?);
    if train.is_none() && own.is_none() {
        return Ok(None);
    }
    let unlabelled = folder.join("unlabeled_X.bin");
    let notices = if store.is_file(&unlabelled) {
        vec![format!("{} has no labels and is left out", shown_path(&unlabelled))]
    } else {
        Vec::new()
    };
    let found = numbered::found(folder, Numbered { train, own, notices: notices.clone() })?;
    let name = "STL-10".to_owned();
    if !found.classes.iter().map(String::as_str).eq(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]) {
        return Ok(Some(Found { name, ..found }));
    }
    // That labels count from 1 is the format's way, and nothing to be said.
    Ok(Some(Found { name, classes: CLASSES.map(str::to_owned).to_vec(), notices, ..found }))
}

fn read(store: &Store, images: &Path, labels: &Path) -> Result<Images, DataError> {
    let [channels, height, width] = SHAPE;
    let stride = channels * height * width;
    let length = usize::try_from(store.length(images)?).unwrap_or(usize::MAX);
    check_size(images, length / stride, SHAPE)?;
    let labels_read: Vec<u16> = store.read(labels)?.into_iter().map(u16::from).collect();
    if length == 0 || labels_read.len().checked_mul(stride) != Some(length) {
        let problem = format!("{} labels need as many times {stride} bytes, and it has {length}", labels_read.len());
        return Err(DataError::damaged(images, problem));
    }
    let pixels = store.read(images)?;
    if pixels.len() != length {
        return Err(DataError::damaged(images, "it changed while it was read"));
    }
    Ok(Images { channels, height, width, pixels: pixels.into(), labels: labels_read, files: Vec::new() }.transposed())
}
