//! Finds out what lies at a path: looks for each format in turn and says what it looked for if there is none.

use super::error::DataError;
use super::folder::Listed;
use super::images::Images;
use super::{cifar, folder, idx, subset};
use std::fs;
use std::path::{Path, PathBuf};

/// A data set as it was found, before any choice among its images.
pub(super) struct Found {
    pub name: String,
    pub classes: Vec<String>,
    pub train: Part,
    /// The data set's own validation or test images.
    pub own: Option<Part>,
    pub notices: Vec<String>,
}

/// Images in memory, or files to be decoded once it is known which of them are needed.
pub(super) enum Part {
    Images(Images),
    Files(Vec<Listed>),
}

impl Part {
    pub fn labels(&self) -> Vec<u16> {
        match self {
            Self::Images(images) => images.labels.clone(),
            Self::Files(files) => files.iter().map(|file| file.label).collect(),
        }
    }
}

/// Opens the data set at a path, whatever its format.
pub(super) fn open(path: &Path) -> Result<Found, DataError> {
    let about = fs::metadata(path).map_err(|error| DataError::reading(path, &error))?;
    if about.is_dir() {
        return open_folder(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if idx::is_name(&name) || cifar::is_name(&name) {
        return open_folder(path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")));
    }
    if about.is_file() && subset::is_subset(path)? {
        return subset::open(path);
    }
    let hint = if [".zip", ".tar", ".tgz", ".gz", ".7z"].iter().any(|end| name.ends_with(end)) {
        "it is an archive; unpack it and give the folder"
    } else {
        "it is a single file; give the folder that holds the data set"
    };
    Err(DataError::unknown(path, hint))
}

fn open_folder(path: &Path) -> Result<Found, DataError> {
    for format in [idx::open, cifar::open, folder::open] {
        if let Some(found) = format(path)? {
            return Ok(found);
        }
    }
    let inside = entries(path)?;
    let known = |name: &str| idx::is_name(name) || cifar::is_name(name);
    let holds = |folder: &&PathBuf| {
        folder.is_dir() && entries(folder).is_ok_and(|inside| inside.iter().any(|file| known(&name_of(file))))
    };
    Err(DataError::unknown(
        path,
        if inside.is_empty() {
            "the folder is empty".to_owned()
        } else if let Some(deeper) = inside.iter().find(holds) {
            format!("there is one in {}; give that folder", deeper.display())
        } else if inside.iter().any(|file| name_of(file) == "data_batch_1") {
            "these are CIFAR's files for Python; get the binary version".to_owned()
        } else if inside.iter().any(|file| folder::is_picture(file)) {
            "pictures lie in it directly, and each class needs a folder of its own".to_owned()
        } else {
            {
                let names: Vec<PathBuf> = inside.iter().map(|path| name_of(path).into()).collect();
                format!("it holds only {}", folder::first_few(&names))
            }
        },
    ))
}

/// What a folder holds, hidden files left out, in the order of names.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |error| DataError::reading(folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = name_of(&path);
        // `__MACOSX` is what macOS adds to archives: copies of names without pictures.
        if !name.starts_with('.') && name != "__MACOSX" {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The last part of a path, to be shown or compared.
pub(super) fn name_of(path: &Path) -> String {
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        // `.` and `..` have no name of their own, but the folder they stand for does.
        None => path.canonicalize().map_or_else(
            |_| path.display().to_string(),
            |full| full.file_name().unwrap_or(full.as_os_str()).to_string_lossy().into_owned(),
        ),
    }
}
