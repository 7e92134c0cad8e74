//! An arm on disk: weights and the optimiser's memory as safetensors, progress as TOML. All checkpoints of an arm are in
//! one folder, which is replaced as a whole: the best one can never be ahead of the newest, or behind what it says.

use super::arm::{Arm, Files, Progress};
use super::optimizer::MemoryError;
use crate::nn::weights::{self, WeightsError};
use crate::nn::{DeviceError, StateError};
use lab_core::checkpoint::{Checkpoint, START};
use lab_core::checksum::crc32c;
use lab_core::experiment::{Augmentation, Course, Optimizer as Rule};
use lab_core::files;
use safetensors::SafeTensorError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The weights' file in a checkpoint folder, under PyTorch's names.
pub const WEIGHTS: &str = "weights.safetensors";
const MEMORY: &str = "optimizer.safetensors";
/// TOML, which gives back every number as it was; JSON has no infinity.
const STATE: &str = "state.toml";
/// What the other files are to be, so that damage is noticed.
const SEAL: &str = "seal.toml";
/// What the folders of the newest checkpoints are called, before their step.
const STEP: &str = "step-";

/// What a checkpoint says besides weights and the optimiser's memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub progress: Progress,
    /// The optimiser, as it may have been changed while training.
    pub optimizer: Rule,
    /// The session's, the same in every arm.
    pub session: SessionState,
    /// See [`Arm::weights_at`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_at: Option<u64>,
}

impl State {
    /// The step of the weights beside it.
    pub fn step(&self) -> u64 {
        self.weights_at.unwrap_or(self.progress.step)
    }
}

/// What a session must know to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionState {
    /// Training time so far, in seconds.
    pub seconds: f64,
    /// Steps in all, more than planned if training was extended.
    pub total_steps: u64,
    /// How the schedules are laid over them; as planned if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
    /// The augmentation, as it may have been changed while training.
    pub augmentation: Augmentation,
    /// Steps between two probes, likewise.
    pub probe_every: u32,
}

/// Whose checkpoint it is, and what is in its files.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Seal {
    arm: String,
    /// CRC-32C of each file, by its name.
    files: BTreeMap<String, u32>,
}

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The weights could not be read from the device.
    #[error(transparent)]
    Weights(#[from] StateError),
    /// Nor could the optimiser's memory.
    #[error(transparent)]
    Memory(#[from] DeviceError),
    /// The format cannot hold them.
    #[error(transparent)]
    Format(#[from] SafeTensorError),
    /// How the arm is doing cannot be written down.
    #[error(transparent)]
    State(#[from] toml::ser::Error),
    /// The disk failed, which may be mended while training goes on.
    #[error("{}", files::in_words(.0, .1))]
    Disk(PathBuf, io::Error),
}

/// Why a checkpoint's files are not what was written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// What they are to be cannot be read.
    #[error("{} is damaged", .0.display())]
    Unreadable(PathBuf),
    /// They are another arm's.
    #[error("{} is a checkpoint of \"{theirs}\", not of \"{wanted}\"", .folder.display())]
    OfAnother {
        folder: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Whose it should be.
        wanted: String,
    },
    /// One of them cannot be read.
    #[error("{}: {why}", .path.display())]
    File {
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// One of them is another than was written.
    #[error("{} is damaged: it is not what was written", .0.display())]
    Damaged(PathBuf),
}

/// Why a checkpoint cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Its files are not what was written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The same, with what can be done about it.
    #[error("{0}; {REPAIR}")]
    Repairable(SealError),
    /// What it says of its arm cannot be read.
    #[error("{}: {why}", .path.display())]
    File {
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// What it says of its arm is no longer what such files say.
    #[error("{} is damaged: {why}; {REPAIR}", .path.display())]
    State {
        path: PathBuf,
        /// What is wrong, in the reader's words.
        why: String,
    },
    /// Its weights or the optimiser's memory cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Its weights are another network's.
    #[error(transparent)]
    Fit(#[from] StateError),
    /// The optimiser's memory is another network's.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Writes an arm's checkpoints into `folder`, whole or not at all: the newest, the best one if this is it, and the `kept`
/// newest ones by their steps. Before its first step there is only what it begins with. An arm whose weights are not finite is left out, so that the last good checkpoint stays; then
/// the answer is `false`. Of an arm that has diverged only that is written down, beside its last good weights.
pub(crate) fn write(arm: &mut Arm, session: &SessionState, folder: &Path, kept: usize) -> Result<bool, SaveError> {
    let described = State {
        progress: arm.progress.clone(),
        optimizer: arm.optimizer.rule.clone(),
        session: session.clone(),
        weights_at: arm.weights_at,
    };
    let described = toml::to_string(&described)?;
    if arm.progress.diverged_at.is_some() {
        return mark(arm, &described, folder).map(|()| true);
    }
    let state = super::evaluate::plain(&arm.model).state()?;
    if state.values().any(|array| array.values.iter().any(|value| !value.is_finite())) {
        return Ok(false);
    }
    let memory = arm.optimizer.state(&arm.names)?;
    let [state, memory] = [&state, &memory].map(weights::to_bytes);
    let contents: Files = [(WEIGHTS, state?), (MEMORY, memory?), (STATE, described.into_bytes())];
    let is_best = arm.progress.best.is_some_and(|best| best.step == arm.progress.step);
    let written = replace(folder, |new| {
        let begins = arm.progress == Progress::default();
        let last = new.join(if begins { START } else { Checkpoint::Last.name() });
        fs::create_dir_all(&last)?;
        write_sealed(&last, &arm.name, &contents)?;
        if begins {
            return Ok(());
        }
        let best = Checkpoint::Best.name();
        if is_best {
            files::link_folder(&last, &new.join(best))?;
        } else if let Some(unwritten) = &arm.unwritten_best {
            fs::create_dir_all(new.join(best))?;
            write_sealed(&new.join(best), &arm.name, unwritten)?;
        } else {
            keep(folder, new, best)?;
        }
        // Whoever goes on with a run without asking for such checkpoints did not ask to lose those that it has.
        let most = if kept > 0 { kept - 1 } else { usize::MAX };
        let before: Vec<String> = by_step(folder).into_iter().rev().take(most).collect();
        before.iter().try_for_each(|name| keep(folder, new, name))?;
        if kept > 0 {
            let name = format!("{STEP}{:08}", arm.progress.step);
            if !before.contains(&name) {
                files::link_folder(&last, &new.join(name))?;
            }
        }
        Ok(())
    });
    // Training goes on while the disk is full, and the best weights must not be lost with it.
    match &written {
        Ok(()) => arm.unwritten_best = None,
        Err(_) if is_best => arm.unwritten_best = Some(contents),
        Err(_) => {}
    }
    written.map(|()| true)
}

/// Writes down that an arm has diverged, unless that is written already.
fn mark(arm: &Arm, described: &str, folder: &Path) -> Result<(), SaveError> {
    let Some(last) = newest(folder) else { return Ok(()) };
    if state(&last).is_ok_and(|state| state.progress.diverged_at.is_some()) {
        return Ok(());
    }
    replace(folder, |new| {
        files::link_folder(folder, new)?;
        let Some(last) = newest(new) else { return Ok(()) };
        let mut seal = read_seal(&last).unwrap_or_default();
        arm.name.clone_into(&mut seal.arm);
        seal.files.insert(STATE.to_owned(), crc32c(described.as_bytes()));
        // New files, because the old ones have a second name that must keep what it has.
        files::write_atomically(&last.join(STATE), described.as_bytes())?;
        files::write_atomically(&last.join(SEAL), toml::to_string(&seal).map_err(io::Error::other)?.as_bytes())
    })
}

/// Where an arm goes on from: its newest checkpoint, or what it began with.
pub(crate) fn newest(folder: &Path) -> Option<PathBuf> {
    [Checkpoint::Last.name(), START].map(|name| folder.join(name)).into_iter().find(|folder| folder.is_dir())
}

fn replace(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), SaveError> {
    let new = files::beside(folder, "tmp");
    let made = fs::create_dir_all(&new).and_then(|()| fill(&new)).and_then(|()| files::replace_folder(&new, folder));
    made.map_err(|error| {
        // The first error is the one to report; what stays behind is swept by the next writer.
        let _ = fs::remove_dir_all(&new);
        SaveError::Disk(folder.to_owned(), error)
    })
}

fn write_sealed(folder: &Path, arm: &str, contents: &[(&str, Vec<u8>)]) -> io::Result<()> {
    let mut seal = Seal { arm: arm.to_owned(), files: BTreeMap::new() };
    for (name, bytes) in contents {
        fs::write(folder.join(name), bytes)?;
        seal.files.insert((*name).to_owned(), crc32c(bytes));
    }
    fs::write(folder.join(SEAL), toml::to_string(&seal).map_err(io::Error::other)?)
}

fn keep(from: &Path, to: &Path, name: &str) -> io::Result<()> {
    let folder = from.join(name);
    if folder.is_dir() { files::link_folder(&folder, &to.join(name)) } else { Ok(()) }
}

/// The names of the checkpoints that are kept by their steps, oldest first.
fn by_step(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(STEP)).collect();
    names.sort();
    names
}

fn read_seal(folder: &Path) -> Option<Seal> {
    toml::from_str(&fs::read_to_string(folder.join(SEAL)).ok()?).ok()
}

/// Whether a checkpoint's files are what was written. Version 0.1 sealed none, so nothing can be said of these.
///
/// # Errors
/// What is damaged, missing or another arm's.
pub fn verify(folder: &Path, arm: &str) -> Result<(), SealError> {
    if !folder.join(SEAL).exists() {
        return Ok(());
    }
    let seal = read_seal(folder).ok_or_else(|| SealError::Unreadable(folder.join(SEAL)))?;
    if seal.arm != arm {
        return Err(SealError::OfAnother { folder: folder.to_owned(), theirs: seal.arm, wanted: arm.to_owned() });
    }
    for (name, sum) in &seal.files {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) if crc32c(&bytes) == *sum => {}
            Ok(_) => return Err(SealError::Damaged(path)),
            Err(why) => return Err(SealError::File { path, why }),
        }
    }
    Ok(())
}

/// Whether a file of a checkpoint is what was written, as far as that can be seen: a file that lies elsewhere is taken
/// as it is.
///
/// # Errors
/// That it is damaged, and what to do.
pub(super) fn unharmed(file: &Path) -> Result<(), CheckpointError> {
    let seal = file.parent().and_then(read_seal);
    let name = file.file_name().map(|name| name.to_string_lossy());
    let Some(sum) = seal.zip(name).and_then(|(seal, name)| seal.files.get(&*name).copied()) else { return Ok(()) };
    match fs::read(file) {
        Ok(bytes) if crc32c(&bytes) != sum => Err(CheckpointError::Repairable(SealError::Damaged(file.to_owned()))),
        // Whoever reads it says why that cannot be done.
        _ => Ok(()),
    }
}

/// Every checkpoint in an arm's folder of them, the newest first as far as they say.
#[must_use]
pub fn all(folder: &Path) -> Vec<PathBuf> {
    let names = [Checkpoint::Last.name(), Checkpoint::Best.name(), START].map(str::to_owned);
    let folders =
        names.into_iter().chain(by_step(folder)).map(|name| folder.join(name)).filter(|folder| folder.is_dir());
    let mut found: Vec<PathBuf> = folders.collect();
    found.sort_by_key(|folder| std::cmp::Reverse(state(folder).map_or(0, |state| state.progress.step)));
    found
}

/// The step of the weights in a checkpoint.
///
/// # Errors
/// A checkpoint that is missing or damaged.
pub fn step(folder: &Path) -> Result<u64, CheckpointError> {
    Ok(state(folder)?.step())
}

/// What a checkpoint says besides weights and the optimiser's memory.
///
/// # Errors
/// A checkpoint that is missing or damaged.
pub(crate) fn state(folder: &Path) -> Result<State, CheckpointError> {
    let path = folder.join(STATE);
    let text = fs::read_to_string(&path).map_err(|why| CheckpointError::File { path: path.clone(), why })?;
    let damaged = |why: &str| CheckpointError::State { path: path.clone(), why: why.to_owned() };
    let state: State = toml::from_str(&text).map_err(|error| damaged(error.message()))?;
    let rule = &state.optimizer;
    let sane = |value: f64| value.is_finite() && value >= 0.0;
    if sane(rule.learning_rate) && sane(rule.weight_decay) {
        Ok(state)
    } else {
        Err(damaged("its optimiser makes no sense"))
    }
}

const REPAIR: &str = "`residual-lab runs check` says what can be repaired";

/// Takes an arm back to where its checkpoint is.
///
/// # Errors
/// What is missing, damaged, or belongs to another network.
pub(crate) fn read(arm: &mut Arm, folder: &Path) -> Result<SessionState, CheckpointError> {
    verify(folder, &arm.name).map_err(CheckpointError::Repairable)?;
    let state = state(folder)?;
    let saved = weights::read(&folder.join(WEIGHTS))?;
    let memory = weights::read(&folder.join(MEMORY))?;
    arm.adopt(arm.model.clone().with_state(&saved)?);
    arm.optimizer.restore(&arm.names, &arm.model, &memory)?;
    arm.optimizer.rule = state.optimizer;
    arm.progress = state.progress;
    arm.weights_at = state.weights_at;
    Ok(state.session)
}

/// Gives an arm that has stopped the weights of its newest checkpoint back.
///
/// # Errors
/// What is missing or damaged.
pub(crate) fn take_back(arm: &mut Arm, folder: &Path) -> Result<(), CheckpointError> {
    verify(folder, &arm.name)?;
    let saved = weights::read(&folder.join(WEIGHTS))?;
    arm.adopt(arm.model.clone().with_state(&saved)?);
    arm.weights_at = Some(state(folder)?.step());
    Ok(())
}
