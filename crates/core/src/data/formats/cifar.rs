//! CIFAR-10 and CIFAR-100: images of 3×32×32 bytes in files for C (records of one or two label bytes and the pixels)
//! or for Python (see `cifar_python`). Format: <https://www.cs.toronto.edu/~kriz/cifar.html>.

use super::batches::{Batches, batches, is_batch};
use super::cifar_python;
use crate::data::error::DataError;
use crate::data::found::{Format, Found, Part};
use crate::data::images::{Images, check_size};
use crate::data::store::Store;
use std::path::{Path, PathBuf};
use std::slice;

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

const CIFAR10: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// What sets the kinds of files apart.
struct Kind {
    name: &'static str,
    language: Language,
    /// The file that names the classes.
    names_file: PathBuf,
    train: Vec<PathBuf>,
    test: PathBuf,
    /// The names of the classes where no file says them.
    classes: Vec<String>,
    notices: Vec<String>,
}

enum Language {
    /// With so many label bytes before the pixels; the last one counts (CIFAR-100's fine label).
    C {
        label_bytes: usize,
    },
    Python,
}

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part: is_name, open_folder: open, ..Format::NONE };

/// Whether a file name is one that [`open`] looks for.
fn is_name(name: &str) -> bool {
    is_batch(name) || ["test_batch.bin", "test_batch", "train.bin", "test.bin", "train"].contains(&name)
}

/// The data set in a folder with CIFAR's files; `None` without them.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let Some(mut kind) = kind(store, folder)? else { return Ok(None) };
    let names = match kind.language {
        _ if !store.is_file(&kind.names_file) => None,
        Language::C { .. } => Some(class_names(store, &kind.names_file)?),
        Language::Python => match cifar_python::class_names(store, &kind.names_file) {
            Ok(names) => Some(names),
            Err(error) => {
                kind.notices.push(format!("{error}; until then its usual names or numbers stand for the classes"));
                None
            }
        },
    };
    let classes = names.unwrap_or_else(|| kind.classes.clone());
    let train = read(store, &kind.train, &kind, classes.len())?;
    let own = store
        .is_file(&kind.test)
        .then(|| read(store, slice::from_ref(&kind.test), &kind, classes.len()))
        .transpose()?;
    Ok(Some(Found {
        name: kind.name.to_owned(),
        classes,
        train: Part::Images(train),
        own: own.map(Part::Images),
        notices: kind.notices,
        choice: None,
        left_out: Vec::new(),
    }))
}

fn kind(store: &Store, folder: &Path) -> Result<Option<Kind>, DataError> {
    for (ending, language, names) in
        [(".bin", Language::C { label_bytes: 1 }, "batches.meta.txt"), ("", Language::Python, "batches.meta")]
    {
        let Batches { files, notices } = batches(store, folder, ending)?;
        if !files.is_empty() {
            return Ok(Some(Kind {
                name: "CIFAR-10",
                language,
                names_file: folder.join(names),
                train: files,
                test: folder.join(format!("test_batch{ending}")),
                classes: CIFAR10.map(str::to_owned).to_vec(),
                notices,
            }));
        }
    }
    for (ending, language, names) in
        [(".bin", Language::C { label_bytes: 2 }, "fine_label_names.txt"), ("", Language::Python, "meta")]
    {
        let train = folder.join(format!("train{ending}"));
        if store.is_file(&train) && (!ending.is_empty() || cifar_python::is_pickle(store, &train)?) {
            return Ok(Some(Kind {
                name: "CIFAR-100",
                language,
                names_file: folder.join(names),
                train: vec![train],
                test: folder.join(format!("test{ending}")),
                classes: (0..100).map(|class| class.to_string()).collect(),
                notices: Vec::new(),
            }));
        }
    }
    Ok(None)
}

/// One name a line.
fn class_names(store: &Store, path: &Path) -> Result<Vec<String>, DataError> {
    let text = store.read(path)?;
    let text = String::from_utf8_lossy(&text);
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.is_empty() || names.len() > 256 {
        let problem = format!("it should name 1 to 256 classes, one a line, and names {}", names.len());
        return Err(DataError::damaged(path, problem));
    }
    Ok(names)
}

fn read(store: &Store, paths: &[PathBuf], kind: &Kind, classes: usize) -> Result<Images, DataError> {
    let [channels, height, width] = SHAPE;
    let (mut all_labels, mut all_pixels): (Vec<u16>, Vec<u8>) = (Vec::new(), Vec::new());
    for path in paths {
        let length = usize::try_from(store.length(path)?).unwrap_or(usize::MAX);
        check_size(path, all_labels.len().saturating_add(length / PIXELS), SHAPE)?;
        let bytes = store.read(path)?;
        let (labels, pixels) = match kind.language {
            Language::C { label_bytes } => records(path, &bytes, label_bytes, kind.name)?,
            Language::Python => cifar_python::batch(path, &bytes, PIXELS)?,
        };
        if let Some(index) = labels.iter().position(|&label| usize::from(label) >= classes) {
            let problem = format!("image {index} has label {}, and labels end at {}", labels[index], classes - 1);
            return Err(DataError::damaged(path, problem));
        }
        all_labels.extend(labels);
        all_pixels.extend(pixels);
    }
    Ok(Images { channels, height, width, pixels: all_pixels.into(), labels: all_labels, files: Vec::new() })
}

/// Labels and pixels of records.
fn records(path: &Path, bytes: &[u8], label_bytes: usize, name: &str) -> Result<(Vec<u16>, Vec<u8>), DataError> {
    let record = label_bytes + PIXELS;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        let problem = format!(
            "{name} images come in records of {record} bytes, and its {} bytes are {}",
            bytes.len(),
            if bytes.is_empty() { "none".into() } else { format!("{} too many", bytes.len() % record) }
        );
        return Err(DataError::damaged(path, problem));
    }
    let records = bytes.chunks_exact(record);
    let labels = records.clone().map(|record| u16::from(record[label_bytes - 1])).collect();
    Ok((labels, records.flat_map(|record| &record[label_bytes..]).copied().collect()))
}
