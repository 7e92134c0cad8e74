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
    let pixels = pickle.entry("data").and_then(|data| pickle.array(data));
    let pixels = pixels.ok_or_else(|| refused(path, bytes, "it holds no array of bytes named data"))?;
    let labels = labels.and_then(|labels| match pickle.list(labels) {
        Some(list) => list.map(label).collect::<Option<Vec<u16>>>(),
        None => whole(&pickle.array(labels)?, pixels.len() / stride),
    });
    let labels = labels.ok_or_else(|| DataError::damaged(path, "it holds no list of labels"))?;
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

/// So many whole numbers of an array, of whatever width, the lowest byte first.
fn whole(bytes: &[u8], count: usize) -> Option<Vec<u16>> {
    let width = bytes.len().checked_div(count).filter(|width| matches!(width, 1 | 2 | 4 | 8))?;
    let number = |bytes: &[u8]| {
        let value = bytes.iter().rev().fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
        u16::try_from(value).ok()
    };
    (bytes.len() == count * width).then(|| bytes.chunks_exact(width).map(number).collect()).flatten()
}

fn load<'a>(path: &Path, bytes: &'a [u8]) -> Result<Pickle<'a>, DataError> {
    Pickle::read(bytes).ok_or_else(|| refused(path, bytes, "it is no pickle of plain values and arrays"))
}

fn refused(path: &Path, bytes: &[u8], problem: &str) -> DataError {
    if bytes.first() == Some(&0x80) {
        return DataError::damaged(path, problem);
    }
    let problem = "it is no pickle in protocol 2 or later, of which alone arrays are read";
    DataError::unusable(path, problem, "write it anew by pickle.dump(batch, file, protocol=4), or get it again")
}
