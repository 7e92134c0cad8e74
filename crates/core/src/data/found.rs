//! What a format gives: a data set as it lies on disk, before any choice among its images; and what all formats share.

use super::error::DataError;
use super::images::Images;
use std::fs;
use std::path::{Path, PathBuf};

/// A format: how it is told and how it is opened. Both `open_*` give `None` where something else lies.
pub(super) struct Format {
    /// Whether a file of this name, in small letters, is a part of such a data set, which then is the whole folder.
    pub is_part: fn(&str) -> bool,
    /// Opens a folder.
    pub open_folder: fn(&Path) -> Result<Option<Found>, DataError>,
    /// Opens a single file.
    pub open_file: fn(&Path) -> Result<Option<Found>, DataError>,
}

impl Format {
    /// A format that is told by nothing; each names what it has.
    pub const NONE: Self = Self { is_part: |_| false, open_folder: |_| Ok(None), open_file: |_| Ok(None) };
}

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

/// A picture file and its class.
#[derive(Clone)]
pub(super) struct Listed {
    pub path: PathBuf,
    pub label: u16,
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

/// Up to five names of files, for a message.
pub(super) fn first_few(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(5).map(|path| path.display().to_string()).collect();
    let more = if paths.len() > 5 { ", …" } else { "" };
    names.join(", ") + more
}

/// "1 file", "2 files".
pub(super) fn files(count: usize) -> String {
    if count == 1 { "1 file".into() } else { format!("{count} files") }
}
