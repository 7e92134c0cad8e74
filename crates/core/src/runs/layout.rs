//! Where things are in a run folder, what folders are called, and who may write there.

use super::events;
use crate::checkpoint::Checkpoint;
use crate::files::{settle_folder, slug, user_data};
use crate::protocol::{ArmInfo, DatasetInfo};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub(crate) const EXPERIMENT: &str = "experiment.toml";
pub(super) const INFO: &str = "run.json";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const OUTCOME: &str = "outcome.json";
pub(super) const LOCK: &str = ".lock";
pub(super) const NOTES: &str = "notes.json";
pub(super) const TRASH: &str = ".trash";
/// The folder of a run that holds one for each arm.
const ARMS: &str = "arms";
/// The folder of a study that holds its runs.
pub(crate) const TRIALS: &str = "trials";
pub(super) const METRICS: &str = "metrics.csv";
pub(super) const GRADIENTS: &str = "gradients.csv";
pub(super) const CONFUSION: &str = "confusion.csv";
pub(super) const PREDICTIONS: &str = "predictions.bin";

/// The version of what is in a run folder; that of version 0.1 of the program was 0, without a word.
pub(super) const FORMAT: u32 = 1;

/// What a run's images and networks turned out to be: the contents of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of what is in the folder.
    #[serde(default)]
    pub format: u32,
    /// The version of Residual Lab that began it.
    pub program: String,
    /// When it began, local time with its offset.
    pub started: String,
    /// The device it began on, in words.
    pub device: String,
    /// The computer it began on, in words; version 0.1 did not say.
    #[serde(default)]
    pub machine: String,
    /// CRC-32C of the plan as it was written, so that one that was edited since is noticed; version 0.1 did not say.
    #[serde(default)]
    pub plan: Option<u32>,
    pub steps_per_epoch: u64,
    pub total_steps: u64,
    pub dataset: DatasetInfo,
    /// One for each arm.
    pub arms: Vec<ArmInfo>,
}

impl RunInfo {
    /// Whether a run can have been so: whoever reads the file makes room for what it says.
    ///
    /// # Errors
    /// What makes no sense.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.format > FORMAT {
            let ours = env!("CARGO_PKG_VERSION");
            return Err(format!(
                "a newer version of Residual Lab wrote it ({}, and this is {ours}); use that one",
                self.program
            ));
        }
        let DatasetInfo { shape: [channels, height, width], classes, mean, std, .. } = &self.dataset;
        let values = [channels, height, width].into_iter().try_fold(1usize, |all, side| all.checked_mul(*side));
        let sense = [
            (values.is_some_and(|values| (1..=MOST_VALUES).contains(&values)), "images of that shape"),
            (mean.len() == *channels && std.len() == *channels, "a mean and a deviation for each channel"),
            (mean.iter().chain(std).all(|value| value.is_finite()) && !std.contains(&0.0), "numbers to normalise with"),
            ((1..=MOST_CLASSES).contains(&classes.len()), "that many classes"),
            (self.dataset.train.max(self.dataset.validation) <= MOST_IMAGES, "that many images"),
        ];
        match sense.into_iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(format!("it makes no sense: there are no {what}; put the file back from a copy")),
            None => Ok(()),
        }
    }
}

/// More than any image has that is trained on, than any data set has classes, and images.
const MOST_VALUES: usize = 1 << 28;
const MOST_CLASSES: usize = 1 << 16;
const MOST_IMAGES: usize = 1 << 32;

/// The folder that runs go to unless somebody says otherwise; `None` where the user has no data directory.
#[must_use]
pub fn default_place() -> Option<PathBuf> {
    user_data().map(|folder| folder.join("runs"))
}

/// One folder for each arm, in order. Names that differ only in punctuation get numbers.
pub(super) fn arm_folders<'a>(run: &Path, names: impl Iterator<Item = &'a str>) -> Vec<PathBuf> {
    let mut slugs: Vec<String> = Vec::new();
    for name in names {
        let slug = slug(name);
        let free = numbered(&slug).find(|candidate| !slugs.contains(candidate));
        slugs.push(free.unwrap_or(slug));
    }
    slugs.into_iter().map(|slug| run.join(ARMS).join(slug)).collect()
}

/// The tables of a run's arms, in the same order each time.
#[must_use]
pub fn tables(run: &Path) -> Vec<PathBuf> {
    let arms = fs::read_dir(run.join(ARMS)).into_iter().flatten().filter_map(Result::ok);
    let mut tables: Vec<PathBuf> = arms.map(|arm| arm.path().join(METRICS)).collect();
    tables.sort();
    tables
}

/// Where an arm's checkpoints are.
pub(super) fn checkpoints(arm_folder: &Path) -> PathBuf {
    arm_folder.join("checkpoints")
}

/// Finishes or takes back what a crash interrupted, in this version or in 0.1, which replaced each checkpoint by itself.
pub(super) fn settle(arm_folder: &Path) -> io::Result<()> {
    let folder = checkpoints(arm_folder);
    settle_folder(&folder)?;
    [Checkpoint::Last, Checkpoint::Best].iter().try_for_each(|which| settle_folder(&folder.join(which.name())))
}

/// How long somebody who wants to write waits for one who holds the lock only for a moment: to settle a checkpoint, or to
/// ask whether the run is being written.
const PATIENCE: Duration = Duration::from_millis(200);

/// Keeps every other process from writing the run as long as the file is open.
pub(super) fn lock(run: &Path) -> io::Result<File> {
    let until = Instant::now() + PATIENCE;
    loop {
        match lock_now(run) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                thread::sleep(PATIENCE / 20);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another Residual Lab has it open"));
            }
            locked => return locked,
        }
    }
}

/// The same without waiting: an error of the kind that would block where another process holds it.
pub(super) fn lock_now(run: &Path) -> io::Result<File> {
    let path = run.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // Two that begin at once: the other one has cleared the folder away and made it anew.
        Ok(()) if !is_at(&file, &path) => Err(io::Error::other("another Residual Lab has begun there")),
        // Some network file systems have no locks; writing there is still better than refusing.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Whether an open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |data: fs::Metadata| (data.dev(), data.ino());
    file.metadata().map(place).ok() == fs::metadata(path).map(place).ok()
}

/// Whether an open file is still the one of this name: other systems remove none that is open.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Whether a folder holds nothing but what a run begins with, because whoever began it was killed: its plan comes last.
#[allow(clippy::case_sensitive_file_extension_comparisons, reason = "our own name")]
pub(super) fn is_beginning(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let known =
        |name: &str| [INFO, EVENTS, LOCK, ARMS].contains(&name) || (name.starts_with('.') && name.ends_with(".tmp"));
    let mut names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    names.all(|name| name.is_ok_and(|name| name.to_str().is_some_and(known))) && !is_being_written(folder)
}

/// Removes such beginnings from a folder.
pub(super) fn clear_beginnings(folder: &Path) {
    if folder.join(LOCK).exists() && is_beginning(folder) {
        // Whoever begins there at this moment keeps it. What cannot be removed is overwritten.
        let _lock = lock_now(folder).map(|lock| fs::remove_dir_all(folder).map(|()| lock));
    }
}

/// Removes the folders of runs that were never begun, which only a killed process leaves.
pub(super) fn sweep_beginnings(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    entries.for_each(|entry| clear_beginnings(&entry.path()));
}

/// Whether a process is writing the run now. Several may ask at once.
#[must_use]
pub fn is_being_written(run: &Path) -> bool {
    let Ok(file) = File::open(run.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// A name with date and time before it.
pub(super) fn dated(name: &str) -> String {
    format!("{}-{}", events::clock(SystemTime::now()).strftime("%Y-%m-%d-%H%M%S"), slug(name))
}

/// A folder that is not there yet, named by date, time and what is in it.
pub(crate) fn free_name(place: &Path, name: &str) -> PathBuf {
    free(place, &dated(name))
}

/// A folder that is not there yet, with this name or a number after it.
pub(crate) fn free(place: &Path, name: &str) -> PathBuf {
    let free = numbered(name).map(|name| place.join(name)).find(|folder| !folder.exists());
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
