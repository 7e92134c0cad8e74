//! Where things are in a run folder, what folders are called, and who may write there.

use crate::checkpoint::Checkpoint;
use crate::files::slug;
use crate::protocol::{ArmInfo, DatasetInfo};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub(super) const EXPERIMENT: &str = "experiment.toml";
pub(super) const INFO: &str = "run.json";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const OUTCOME: &str = "outcome.json";
pub(super) const LOCK: &str = ".lock";
pub(super) const NOTES: &str = "notes.json";
pub(super) const TRASH: &str = ".trash";
pub(super) const METRICS: &str = "metrics.csv";
pub(super) const GRADIENTS: &str = "gradients.csv";
pub(super) const CONFUSION: &str = "confusion.csv";
pub(super) const PREDICTIONS: &str = "predictions.bin";

/// What a run's images and networks turned out to be: the contents of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of Residual Lab that began it.
    pub program: String,
    /// When it began, local time with its offset.
    pub started: String,
    /// The device it began on, in words.
    pub device: String,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Steps planned.
    pub total_steps: u64,
    /// Its images.
    pub dataset: DatasetInfo,
    /// One for each arm.
    pub arms: Vec<ArmInfo>,
}

/// The folder that runs go to unless somebody says otherwise; `None` where the user has no data directory.
#[must_use]
pub fn default_place() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "residual-lab").map(|dirs| dirs.data_dir().join("runs"))
}

/// One folder for each arm, in order. Names that differ only in punctuation get numbers.
pub(super) fn arm_folders<'a>(run: &Path, names: impl Iterator<Item = &'a str>) -> Vec<PathBuf> {
    let mut slugs: Vec<String> = Vec::new();
    for name in names {
        let slug = slug(name);
        let free = numbered(&slug).find(|candidate| !slugs.contains(candidate));
        slugs.push(free.unwrap_or(slug));
    }
    slugs.into_iter().map(|slug| run.join("arms").join(slug)).collect()
}

/// Where an arm's checkpoint is.
pub(super) fn checkpoint(arm_folder: &Path, which: Checkpoint) -> PathBuf {
    arm_folder.join("checkpoints").join(which.name())
}

/// Keeps every other process from writing the run as long as the file is open.
pub(super) fn lock(run: &Path) -> io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(run.join(LOCK))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::other("another Residual Lab is training there")),
        // Some network file systems have no locks; writing there is still better than refusing.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Whether a process is writing the run now.
#[must_use]
pub fn is_being_written(run: &Path) -> bool {
    let Ok(file) = File::options().write(true).open(run.join(LOCK)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// A name with date and time before it.
pub(super) fn dated(name: &str) -> String {
    format!("{}-{}", jiff::Zoned::now().strftime("%Y-%m-%d-%H%M%S"), slug(name))
}

/// A folder that is not there yet, named by date, time and what is in it.
pub(crate) fn free_name(place: &Path, name: &str) -> PathBuf {
    let name = dated(name);
    let free = numbered(&name).map(|name| place.join(name)).find(|folder| !folder.exists());
    free.unwrap_or_else(|| place.join(name))
}

/// `name`, `name-2`, `name-3` …
pub(super) fn numbered(name: &str) -> impl Iterator<Item = String> {
    let again = (2u32..).map(move |count| format!("{name}-{count}"));
    std::iter::once(name.to_owned()).chain(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_whose_names_look_alike_get_folders_of_their_own() {
        let folders = arm_folders(Path::new("run"), ["a b", "a-b", "A.B", "c"].into_iter());
        let expected = ["a-b", "a-b-2", "a-b-3", "c"].map(|slug| Path::new("run").join("arms").join(slug));
        assert_eq!(folders, expected);
    }
}
