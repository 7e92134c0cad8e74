//! The folder of kept pictures: where it is, how much it may hold, and that the oldest go first.

use crate::files::user_cache;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the names of files with kept pictures end in.
pub(super) const ENDING: &str = "pictures";

/// A file that has not got its name after so long will never get it.
const ABANDONED: Duration = Duration::from_hours(24);

/// Where decoded pictures are kept, and which of them.
#[derive(Clone, Copy, Debug)]
pub struct CachePolicy<'a> {
    /// The folder; the user's own if left out.
    pub folder: Option<&'a Path>,
    /// Picture files of fewer bytes together are decoded each time.
    pub from: u64,
    /// Images of more bytes together stay in the file and are read from it when they are needed.
    pub in_memory: u64,
    /// The most bytes that all kept files may have together.
    pub at_most: u64,
}

impl Default for CachePolicy<'_> {
    fn default() -> Self {
        Self { folder: None, from: 4 << 20, in_memory: 512 << 20, at_most: 64 << 30 }
    }
}

/// Where decoded pictures are kept if nobody names another folder; `None` where the user has no folder at all.
#[must_use]
pub fn user_folder() -> Option<PathBuf> {
    user_cache().map(|folder| folder.join("pictures"))
}

/// A file in the folder.
pub(super) struct Lying {
    pub path: PathBuf,
    pub bytes: u64,
    pub used: SystemTime,
    pub is_named: bool,
}

/// Whatever lies in the folder and is ours, the oldest first.
pub(super) fn lying(folder: &Path) -> io::Result<Vec<Lying>> {
    let inside = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in inside {
        let path = entry?.path();
        let is_named = path.extension().is_some_and(|ending| ending == ENDING);
        let is_temporary = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".tmp"));
        // Others may remove it meanwhile.
        if let (true, Ok(about)) = (is_named || is_temporary, fs::metadata(&path)) {
            files.push(Lying { path, bytes: about.len(), used: about.modified()?, is_named });
        }
    }
    files.sort_by_key(|file| file.used);
    Ok(files)
}

/// Removes the oldest files until the others have no more than so many bytes, and files that nobody finished. What
/// another process still reads stays readable to it, or cannot be removed.
pub(super) fn make_room(folder: &Path, at_most: u64, except: &Path) {
    let files = lying(folder).unwrap_or_default();
    let mut total: u64 = files.iter().filter(|file| file.is_named && file.path != except).map(|file| file.bytes).sum();
    for file in files {
        let is_abandoned = !file.is_named && file.used.elapsed().is_ok_and(|age| age > ABANDONED);
        let is_too_much = file.is_named && file.path != except && total > at_most;
        let is_gone = (is_abandoned || is_too_much) && fs::remove_file(&file.path).is_ok();
        if is_gone && file.is_named {
            total -= file.bytes;
        }
    }
}
