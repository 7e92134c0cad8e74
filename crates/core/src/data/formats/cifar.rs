//! The binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3×32×32 pixel bytes.
//! Format: <https://www.cs.toronto.edu/~kriz/cifar.html>.

use crate::data::error::DataError;
use crate::data::found::{Format, Found, Part, entries};
use crate::data::images::{Images, check_size};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice;

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

const CIFAR10: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// What sets the two apart.
struct Kind {
    name: &'static str,
    /// Label bytes before the pixels; the last one counts (CIFAR-100's fine label).
    label_bytes: usize,
    names_file: &'static str,
    train: Vec<PathBuf>,
    test: PathBuf,
    classes: Vec<String>,
}

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part: is_name, open_folder: open, ..Format::NONE };

/// Whether a file name is one that [`open`] looks for.
fn is_name(name: &str) -> bool {
    is_batch(name) || ["test_batch.bin", "train.bin", "test.bin"].contains(&name)
}

fn is_batch(name: &str) -> bool {
    name.strip_prefix("data_batch").is_some_and(|rest| rest.strip_suffix(".bin").is_some())
}

/// The data set in a folder with CIFAR's binary files; `None` without them.
fn open(folder: &Path) -> Result<Option<Found>, DataError> {
    let Some(kind) = kind(folder)? else { return Ok(None) };
    let classes = class_names(&folder.join(kind.names_file))?.unwrap_or_else(|| kind.classes.clone());
    let train = read(&kind.train, &kind, classes.len())?;
    let own = kind.test.is_file().then(|| read(slice::from_ref(&kind.test), &kind, classes.len())).transpose()?;
    Ok(Some(Found {
        name: kind.name.to_owned(),
        classes,
        train: Part::Images(train),
        own: own.map(Part::Images),
        notices: Vec::new(),
    }))
}

fn kind(folder: &Path) -> Result<Option<Kind>, DataError> {
    let mut batches = entries(folder)?;
    batches.retain(|path| path.file_name().is_some_and(|name| is_batch(&name.to_string_lossy())));
    let train = folder.join("train.bin");
    Ok(if !batches.is_empty() {
        Some(Kind {
            name: "CIFAR-10",
            label_bytes: 1,
            names_file: "batches.meta.txt",
            train: batches,
            test: folder.join("test_batch.bin"),
            classes: CIFAR10.map(str::to_owned).to_vec(),
        })
    } else if train.is_file() {
        Some(Kind {
            name: "CIFAR-100",
            label_bytes: 2,
            names_file: "fine_label_names.txt",
            train: vec![train],
            test: folder.join("test.bin"),
            classes: (0..100).map(|class| class.to_string()).collect(),
        })
    } else {
        None
    })
}

/// One name a line; `None` if there is no such file.
fn class_names(path: &Path) -> Result<Option<Vec<String>>, DataError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read(path).map_err(|error| DataError::reading(path, &error))?;
    let text = String::from_utf8_lossy(&text);
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.is_empty() || names.len() > 256 {
        let problem = format!("it should name 1 to 256 classes, one a line, and names {}", names.len());
        return Err(DataError::damaged(path, problem));
    }
    Ok(Some(names))
}

fn read(paths: &[PathBuf], kind: &Kind, classes: usize) -> Result<Images, DataError> {
    let record = kind.label_bytes + PIXELS;
    let [channels, height, width] = SHAPE;
    let mut images = Images { channels, height, width, ..Images::default() };
    for path in paths {
        let length = fs::metadata(path).map_err(|error| DataError::reading(path, &error))?.len();
        let count = usize::try_from(length).unwrap_or(usize::MAX) / record;
        check_size(path, images.len().saturating_add(count), SHAPE)?;
        let bytes = fs::read(path).map_err(|error| DataError::reading(path, &error))?;
        if bytes.is_empty() || bytes.len() % record != 0 {
            let problem = format!(
                "{} images come in records of {record} bytes, and its {} bytes are {}",
                kind.name,
                bytes.len(),
                if bytes.is_empty() { "none".into() } else { format!("{} too many", bytes.len() % record) }
            );
            return Err(DataError::damaged(path, problem));
        }
        for (index, bytes) in bytes.chunks_exact(record).enumerate() {
            let label = bytes[kind.label_bytes - 1];
            if usize::from(label) >= classes {
                let problem = format!("image {index} has label {label}, and labels end at {}", classes - 1);
                return Err(DataError::damaged(path, problem));
            }
            images.labels.push(u16::from(label));
            images.pixels.extend_from_slice(&bytes[kind.label_bytes..]);
        }
    }
    Ok(images)
}
