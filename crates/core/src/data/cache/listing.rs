//! What is kept, for people to see and to remove.

use super::entry;
use super::folder::{Lying, lying};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Kept pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    pub path: PathBuf,
    /// The data set that they come from; `None` where the file is damaged.
    pub source: Option<PathBuf>,
    pub count: usize,
    /// 1 for gray, 3 for colours.
    pub channels: usize,
    /// Width and height that they were brought to.
    pub size: (usize, usize),
    pub bytes: u64,
    /// When they were last used.
    pub used: SystemTime,
}

/// What is kept in a folder, that which was used last first.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Cached>> {
    let described = |file: Lying| {
        let about = entry::read(&file.path).ok().map(|(about, ..)| about);
        let [channels, height, width] = about.as_ref().map_or([0; 3], |about| about.shape);
        Cached {
            path: file.path,
            count: about.as_ref().map_or(0, |about| about.outcomes.len()),
            source: about.map(|about| about.source),
            channels,
            size: (width, height),
            bytes: file.bytes,
            used: file.used,
        }
    };
    Ok(lying(folder)?.into_iter().rev().filter(|file| file.is_named).map(described).collect())
}

/// Removes all that is kept in a folder, and says how many files and bytes that was.
///
/// # Errors
/// If a file cannot be removed.
pub fn clear(folder: &Path) -> io::Result<(usize, u64)> {
    let mut removed = (0, 0);
    for file in lying(folder)? {
        fs::remove_file(&file.path)?;
        removed = (removed.0 + 1, removed.1 + file.bytes);
    }
    Ok(removed)
}
