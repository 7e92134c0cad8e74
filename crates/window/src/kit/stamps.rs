//! Whether files have changed, by their sizes and times. Must not know what is in them.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// Sizes and times of files; nothing for those that are not there.
pub type Stamps = Vec<Option<(u64, SystemTime)>>;

/// The stamps of these files.
pub fn stamps(files: impl IntoIterator<Item = PathBuf>) -> Stamps {
    let stamp = |path: PathBuf| {
        let data = fs::metadata(path).ok()?;
        Some((data.len(), data.modified().ok()?))
    };
    files.into_iter().map(stamp).collect()
}
