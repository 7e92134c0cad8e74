//! The names of IDX files: which of them belong together, and what each of them holds.

use crate::data::error::DataError;
use crate::data::names::name_of;
use crate::data::store::{Entry, Kind, Store};
use std::path::{Path, PathBuf};

/// Files of images and their labels.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub images: PathBuf,
    pub labels: Option<PathBuf>,
}

/// The files of one data set.
#[derive(Debug)]
pub(super) struct Family {
    /// What its files' names have in common: nothing for MNIST, `emnist-letters`, `qmnist`.
    pub name: String,
    pub train: Option<Files>,
    pub test: Option<Files>,
}

impl Family {
    /// The name of the data set that a file belongs to, by the file's name.
    pub fn of(path: &Path) -> Option<String> {
        Name::of(&name_of(path)).map(|name| name.family)
    }

    /// Whether rows are stored as columns.
    pub fn is_transposed(&self) -> bool {
        self.name.contains("emnist")
    }
}

/// Whether a file name, in small letters, is one of an IDX file.
pub(super) fn is_name(name: &str) -> bool {
    Name::of(name).is_some()
}

/// What a file's name says, as in `emnist-letters-train-images-idx3-ubyte.gz`.
struct Name {
    family: String,
    is_train: bool,
    is_images: bool,
}

impl Name {
    fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        // Neither a packed file's ending nor a second download's number matters.
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let words: Vec<&str> = name.split(['-', '.', '_', ' ']).collect();
        let kind = words.iter().position(|word| matches!(*word, "images" | "labels" | "image" | "label"))?;
        if !words[kind + 1..].iter().any(|word| word.starts_with("idx")) {
            return None;
        }
        let (part, family) = words[..kind].split_last()?;
        let is_train = match *part {
            "train" | "training" => true,
            "t10k" | "test" => false,
            _ => return None,
        };
        Some(Self { family: family.join("-"), is_train, is_images: words[kind].starts_with("image") })
    }
}

/// The data sets whose IDX files lie in a folder, or each in a folder of its own name there.
pub(super) fn families(store: &Store, folder: &Path) -> Result<Vec<Family>, DataError> {
    let mut families: Vec<Family> = Vec::new();
    let mut labels: Vec<(Name, PathBuf)> = Vec::new();
    for path in files(store, folder)? {
        let Some(name) = Name::of(&name_of(&path)) else { continue };
        if !name.is_images {
            labels.push((name, path));
            continue;
        }
        let index = families.iter().position(|family| family.name == name.family).unwrap_or_else(|| {
            families.push(Family { name: name.family, train: None, test: None });
            families.len() - 1
        });
        let part = if name.is_train { &mut families[index].train } else { &mut families[index].test };
        // The plain file comes before the packed one.
        part.get_or_insert(Files { images: path, labels: None });
    }
    for (name, path) in labels {
        let Some(family) = families.iter_mut().find(|family| family.name == name.family) else { continue };
        if let Some(part) = if name.is_train { &mut family.train } else { &mut family.test } {
            part.labels.get_or_insert(path);
        }
    }
    Ok(families)
}

fn files(store: &Store, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    for Entry { path, kind } in store.entries(folder)? {
        match kind {
            Kind::File => found.push(path),
            // Programs that unpack archives like to put each file into a folder of its own.
            Kind::Folder if is_name(&name_of(&path)) => {
                let inside = store.entries(&path)?.into_iter().filter(|entry| entry.kind == Kind::File);
                found.extend(inside.map(|entry| entry.path));
            }
            _ => {}
        }
    }
    Ok(found)
}
