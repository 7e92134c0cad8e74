//! CIFAR's files for Python: dictionaries, pickled, with the labels as a list and the pixels as one array.

use super::pickle::{Pickle, Value};
use crate::data::error::DataError;
use crate::data::store::Store;
use std::path::Path;

/// Whether a file is a pickle: CIFAR-100's names alone could mean anything.
pub(super) fn is_pickle(store: &Store, path: &Path) -> Result<bool, DataError> {
    Ok(Pickle::starts(&store.start(path)?))
}

/// The names of the classes; CIFAR-100's fine ones.
pub(super) fn class_names(store: &Store, path: &Path) -> Result<Vec<String>, DataError> {
    let bytes = store.read(path)?;
    let pickle = load(path, &bytes)?;
    let names = ["label_names", "fine_label_names"].iter().find_map(|key| pickle.entry(key)).and_then(|names| {
        let text = |value: &Value| value.bytes().map(|text| String::from_utf8_lossy(&text).into_owned());
        pickle.list(names)?.map(text).collect::<Option<Vec<String>>>()
    });
    let names = names.filter(|names| !names.is_empty() && names.len() <= 256);
    names.ok_or_else(|| DataError::damaged(path, "it should name 1 to 256 classes in a list label_names"))
}

/// Labels and pixels of a file, with `stride` bytes for each image.
pub(super) fn batch(path: &Path, bytes: &[u8], stride: usize) -> Result<(Vec<u16>, Vec<u8>), DataError> {
    let pickle = load(path, bytes)?;
    let label = |value: &Value| value.integer().and_then(|label| u16::try_from(label).ok());
    let labels = ["labels", "fine_labels"].iter().find_map(|key| pickle.entry(key));
    let labels = labels.and_then(|labels| pickle.list(labels)?.map(label).collect::<Option<Vec<u16>>>());
    let labels = labels.ok_or_else(|| DataError::damaged(path, "it holds no list of labels"))?;
    let pixels = pickle.entry("data").and_then(|data| pickle.array(data));
    let pixels = pixels.ok_or_else(|| DataError::damaged(path, "it holds no array of bytes named data"))?;
    if labels.is_empty() || labels.len().checked_mul(stride) != Some(pixels.len()) {
        let problem = format!(
            "{} labels need as many times {stride} bytes of pixels, and it holds {} bytes",
            labels.len(),
            pixels.len()
        );
        return Err(DataError::damaged(path, problem));
    }
    Ok((labels, pixels.into_owned()))
}

fn load<'a>(path: &Path, bytes: &'a [u8]) -> Result<Pickle<'a>, DataError> {
    Pickle::read(bytes).ok_or_else(|| DataError::damaged(path, "it is no pickle of plain values and arrays"))
}
