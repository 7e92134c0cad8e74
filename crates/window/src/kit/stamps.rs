//! Whether files have changed, by their sizes and times. Must not know what is in them.

use std::fs;
use std::path::{Path, PathBuf};
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

/// The tables of a run's arms, in the same order each time.
#[must_use]
pub fn tables(run: &Path) -> Vec<PathBuf> {
    let arms = fs::read_dir(run.join("arms")).into_iter().flatten().filter_map(Result::ok);
    let mut tables: Vec<PathBuf> = arms.map(|arm| arm.path().join("metrics.csv")).collect();
    tables.sort();
    tables
}
