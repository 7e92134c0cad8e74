//! One folder per class: finds the picture files without opening them. `decode` reads those that are needed.

use crate::data::error::DataError;
use crate::data::found::{Format, Found, Listed, Part, entries, files, first_few, name_of};
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of the files that are taken for pictures.
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "jfif", "webp", "bmp", "gif"];

/// Names of the folders that hold validation images, the first one found is used.
const VALIDATION: [&str; 4] = ["val", "valid", "validation", "test"];

/// The most folders below one another inside a class, so that a loop of links ends.
const MAX_DEPTH: usize = 16;

/// The most classes: labels have 16 bits.
const MAX_CLASSES: usize = 1 << 16;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// Whether a file's name ends like a picture's.
pub(super) fn is_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// The data set whose classes are the subfolders of `folder`, or of the folder `train` in it, with the pictures at
/// any depth below. `None` if there are no pictures in subfolders.
fn open(folder: &Path) -> Result<Option<Found>, DataError> {
    let inside = entries(folder)?;
    let named = |name: &str| inside.iter().find(|path| path.is_dir() && name_of(path).eq_ignore_ascii_case(name));
    let mut notices = Vec::new();
    let root = named("train").map_or(folder, PathBuf::as_path);
    let train = classes_in(root, &mut notices)?;
    if train.iter().all(|class| class.pictures.is_empty()) {
        return Ok(None);
    }
    check_classes(folder, &train)?;
    let validation = named("train").and_then(|_| VALIDATION.iter().find_map(|name| named(name)));
    let own = validation.map(|path| classes_in(path, &mut notices)).transpose()?;
    let classes: Vec<String> = train.iter().map(|class| class.name.clone()).collect();
    if let (Some(used), Some(other)) = (validation, named("test").filter(|test| Some(*test) != validation)) {
        notices.push(format!("validating on {}; {} is left out", used.display(), other.display()));
    }
    let own = own.map(|own| with_labels(folder, own, &classes)).transpose()?.filter(|own| !own.is_empty());
    Ok(Some(Found {
        name: name_of(folder),
        train: Part::Files(with_labels(folder, train, &classes)?),
        own: own.map(Part::Files),
        classes,
        notices,
    }))
}

/// A folder and the pictures in it.
struct Class {
    name: String,
    pictures: Vec<PathBuf>,
}

fn classes_in(root: &Path, notices: &mut Vec<String>) -> Result<Vec<Class>, DataError> {
    let mut others = Vec::new();
    let mut classes = Vec::new();
    for path in entries(root)?.into_iter().filter(|path| path.is_dir()) {
        let mut pictures = Vec::new();
        walk(&path, MAX_DEPTH, &mut pictures, &mut others)?;
        classes.push(Class { name: name_of(&path), pictures });
    }
    if !others.is_empty() && classes.iter().any(|class| !class.pictures.is_empty()) {
        notices.push(format!("{} are no pictures and were left out: {}", files(others.len()), first_few(&others)));
    }
    Ok(classes)
}

fn walk(folder: &Path, depth: usize, pictures: &mut Vec<PathBuf>, others: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for path in entries(folder)? {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|about| about.is_symlink());
        if path.is_dir() {
            // Links to folders are not followed below a class: they may lead back up.
            if !is_link && depth > 0 {
                walk(&path, depth - 1, pictures, others)?;
            }
        } else if is_picture(&path) {
            pictures.push(path);
        } else {
            others.push(path);
        }
    }
    Ok(())
}

fn check_classes(folder: &Path, classes: &[Class]) -> Result<(), DataError> {
    if let Some(empty) = classes.iter().find(|class| class.pictures.is_empty()) {
        let problem = format!("its class \"{}\" has no pictures", empty.name);
        return Err(DataError::unusable(folder, problem, "put pictures there or remove that folder"));
    }
    if classes.len() > MAX_CLASSES {
        let problem = format!("it has {} classes and the limit is {MAX_CLASSES}", classes.len());
        return Err(DataError::unusable(folder, problem, "check that its subfolders are classes"));
    }
    Ok(())
}

fn with_labels(folder: &Path, found: Vec<Class>, classes: &[String]) -> Result<Vec<Listed>, DataError> {
    let mut listed = Vec::new();
    for class in found.into_iter().filter(|class| !class.pictures.is_empty()) {
        let label = classes.iter().position(|name| *name == class.name).and_then(|index| u16::try_from(index).ok());
        let Some(label) = label else {
            let problem = format!("its class \"{}\" has validation pictures but none to train on", class.name);
            return Err(DataError::unusable(folder, problem, "give both parts the same class folders"));
        };
        listed.extend(class.pictures.into_iter().map(|path| Listed { path, label }));
    }
    Ok(listed)
}
