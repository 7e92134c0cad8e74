//! Reads run folders.

use super::events::{self, EventLine};
use super::history::{self, Validation};
use super::layout::{self, RunInfo, arm_folders, default_place};
use super::rows::{GradientRow, MetricsRow, Row};
use super::table;
use crate::checkpoint::{Checkpoint, START};
use crate::checksum::crc32c;
use crate::experiment::{Experiment, Plan, PlanError, Source};
use crate::protocol::{Change, Outcome};
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What lies where a run was looked for, and what to do.
fn what_it_is(path: &Path) -> String {
    if path.is_file() && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
        return "it is a zip file; unpack it, and name the folder that comes out".to_owned();
    }
    if let Some(run) = path.parent().filter(|folder| path.is_file() && folder.join(layout::EXPERIMENT).is_file()) {
        return format!("it is a file of the run folder {0}; name {0}", run.display());
    }
    match &runs_below(path)[..] {
        [] => format!("it has no {}; name a run's own folder, the one with that file", layout::EXPERIMENT),
        runs => {
            const MOST: usize = 5;
            let names: Vec<String> = runs.iter().take(MOST).map(|run| run.display().to_string()).collect();
            let more = if runs.len() > MOST { " …" } else { "" };
            format!("it holds runs; name one of them: {}{more}", names.join(" "))
        }
    }
}

/// The runs that lie in a folder, or in it as a study's trials do.
fn runs_below(folder: &Path) -> Vec<PathBuf> {
    let entries = [folder.to_owned(), folder.join(layout::TRIALS)].map(fs::read_dir).into_iter().flatten().flatten();
    let below = entries.flatten().map(|entry| entry.path()).filter(|path| path.join(layout::EXPERIMENT).is_file());
    let mut found: Vec<PathBuf> = below.collect();
    found.sort();
    found
}

/// Why a run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("there is no run {}: neither a folder of this path nor one of this name in the usual place; check the path", .0.display())]
    Absent(PathBuf),
    #[error("{} is not a run folder: {}", .0.display(), what_it_is(.0))]
    NotARun(PathBuf),
    /// An arm that was not validated yet.
    #[error("{} has no checkpoint of {arm} yet; let it train until the first validation", .run.display())]
    NoCheckpoint { run: PathBuf, arm: String },
    /// An arm that never will be.
    #[error(
        "{} has no checkpoint of {arm}: it diverged at step {step}, before the first validation; train it anew with a lower \
         learning rate, as in --set recipe.optimizer.learning_rate=0.01", .run.display()
    )]
    Diverged { run: PathBuf, arm: String, step: u64 },
    /// A file of the run is there, but the system does not give it.
    #[error("cannot read {}: {why}", .path.display())]
    Unreadable {
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A file of the run is missing or makes no sense.
    #[error("the run is damaged: {}: {why}", .path.display())]
    Damaged {
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A run on disk. Its numbers are read when asked for.
#[derive(Clone, Debug)]
pub struct Run {
    pub folder: PathBuf,
    /// As it was started, but for its images, which are where they were last found.
    pub experiment: Experiment,
    /// What its images and networks turned out to be.
    pub info: RunInfo,
    /// How it ended; `None` while it trains and after a crash.
    pub outcome: Option<Outcome>,
}

impl Run {
    /// An arm's steps and validations, oldest first; empty for an arm that does not exist.
    ///
    /// # Errors
    /// A table that is no table.
    pub fn metrics(&self, arm: usize) -> Result<Vec<MetricsRow>, RunError> {
        self.table(arm, layout::METRICS)
    }

    /// An arm's probes, oldest first; empty for an arm that does not exist.
    ///
    /// # Errors
    /// A table that is no table.
    pub fn gradients(&self, arm: usize) -> Result<Vec<GradientRow>, RunError> {
        self.table(arm, layout::GRADIENTS)
    }

    /// Steps in all, with all extensions.
    #[must_use]
    pub fn planned_steps(&self) -> u64 {
        if let Some(planned) = self.outcome.as_ref().and_then(|outcome| outcome.planned) {
            return planned;
        }
        let happened = self.events().unwrap_or_default();
        let extended = happened.into_iter().rev().find_map(|line| match line.change? {
            Change::Length { steps, .. } => Some(steps),
            Change::Tune(_) => None,
        });
        extended.unwrap_or(self.info.total_steps)
    }

    fn table<R: Row>(&self, arm: usize, name: &str) -> Result<Vec<R>, RunError> {
        let Some(folder) = self.arm_folder(arm) else { return Ok(Vec::new()) };
        let path = folder.join(name);
        table::read(&path).map_err(|error| damaged(&path, error))
    }

    /// What an arm took every validation image for, oldest validation first; empty for an arm that does not exist.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn validations(&self, arm: usize) -> Result<Vec<Validation>, RunError> {
        let Some(folder) = self.arm_folder(arm) else { return Ok(Vec::new()) };
        let path = folder.join(layout::PREDICTIONS);
        history::read(&path, self.info.dataset.validation).map_err(|error| damaged(&path, error))
    }

    /// That somebody has edited the experiment since the run was begun, if that is so.
    #[must_use]
    pub fn edited(&self) -> Option<String> {
        let plan = self.folder.join(layout::EXPERIMENT);
        is_edited(&self.info, &fs::read(&plan).ok()?).then(|| {
            format!("{} was edited after the run had begun: what is trained from here on follows it", plan.display())
        })
    }

    /// An arm's newest confusion matrix as CSV, if it has one.
    #[must_use]
    pub fn confusion(&self, arm: usize) -> Option<String> {
        fs::read_to_string(self.arm_folder(arm)?.join(layout::CONFUSION)).ok()
    }

    /// What happened to the run, oldest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn events(&self) -> Result<Vec<EventLine>, RunError> {
        let path = self.folder.join(layout::EVENTS);
        events::read(&path).map_err(|error| damaged(&path, error))
    }

    /// The folder of an arm's checkpoint, if it has one.
    #[must_use]
    pub fn checkpoint(&self, arm: usize, which: Checkpoint) -> Option<PathBuf> {
        let arm = self.arm_folder(arm)?;
        // Whoever is training there may be replacing the folder just now. Should settling fail, the folder is absent and
        // the answer says so.
        if let Ok(_lock) = layout::lock_now(&self.folder) {
            let _ = layout::settle(&arm);
        }
        let folder = layout::checkpoints(&arm).join(which.name());
        folder.is_dir().then_some(folder)
    }

    /// The folder of what an arm began with, as long as it has no checkpoint.
    #[must_use]
    pub fn beginning(&self, arm: usize) -> Option<PathBuf> {
        Some(layout::checkpoints(&self.arm_folder(arm)?).join(START)).filter(|folder| folder.is_dir())
    }

    /// Whether every arm has a checkpoint to go on from, be it that of its beginning.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        let newest = |arm| self.checkpoint(arm, Checkpoint::Last).or_else(|| self.beginning(arm));
        (0..self.info.arms.len()).all(|arm| newest(arm).is_some())
    }

    /// The folder of the checkpoint that an arm's weights are read from: its newest where it has no best one yet.
    ///
    /// # Errors
    /// An arm without any checkpoint.
    pub fn weights(&self, arm: usize, which: Checkpoint) -> Result<PathBuf, RunError> {
        let found = self.checkpoint(arm, which).or_else(|| self.checkpoint(arm, Checkpoint::Last));
        found.ok_or_else(|| {
            let ended = self.outcome.as_ref().and_then(|outcome| outcome.arms.get(arm));
            let name = self.info.arms.get(arm).map_or_else(String::new, |arm| arm.name.clone());
            let run = self.folder.clone();
            match ended.and_then(|arm| arm.diverged_at) {
                Some(step) => RunError::Diverged { run, arm: name, step },
                None => RunError::NoCheckpoint { run, arm: name },
            }
        })
    }

    /// Where an arm's tables and checkpoints are.
    #[must_use]
    pub fn arm_folder(&self, arm: usize) -> Option<PathBuf> {
        arm_folders(&self.folder, self.info.arms.iter().map(|arm| arm.name.as_str())).into_iter().nth(arm)
    }
}

/// Opens a run folder.
///
/// # Errors
/// No run folder, or one with a missing or damaged file.
pub fn open(folder: &Path) -> Result<Run, RunError> {
    let plan = folder.join(layout::EXPERIMENT);
    let text = match fs::read_to_string(&plan) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let why = if folder.exists() { RunError::NotARun } else { RunError::Absent };
            return Err(why(folder.to_owned()));
        }
        Err(error) => return Err(RunError::Unreadable { path: plan, why: error }),
    };
    // Said first, because a newer version may write plans that this one does not know.
    let info: RunInfo = read_json(&folder.join(layout::INFO))?;
    info.check().map_err(|why| damaged(&folder.join(layout::INFO), why))?;
    let moved = moved(folder).filter(|_| !is_edited(&info, text.as_bytes()));
    let checked = Plan::from_toml(&text).and_then(|mut plan| {
        plan.data.source = moved.unwrap_or(plan.data.source);
        Experiment::check(plan).map_err(PlanError::Invalid)
    });
    let experiment = checked.map_err(|error| damaged(&plan, error))?;
    if !info.arms.iter().map(|arm| &arm.name).eq(experiment.arms.iter().map(|arm| &arm.name)) {
        return Err(damaged(&folder.join(layout::INFO), "it has other arms than the experiment"));
    }
    let ended = folder.join(layout::OUTCOME);
    let outcome = if ended.exists() { Some(read_json(&ended)?) } else { None };
    Ok(Run { folder: folder.to_owned(), experiment, info, outcome })
}

/// Whether a run's plan is no longer what it was begun with.
fn is_edited(info: &RunInfo, plan: &[u8]) -> bool {
    info.plan.is_some_and(|written| written != crc32c(plan))
}

/// Where the images of a run in a folder were last found, if they have moved.
fn moved(folder: &Path) -> Option<Source> {
    let happened = events::read(&folder.join(layout::EVENTS)).ok()?;
    happened.into_iter().rev().find_map(|line| line.images)
}

/// The runs in a folder, newest first, and those that are damaged.
pub struct Runs {
    pub whole: Vec<Run>,
    /// What is wrong with the others.
    pub damaged: Vec<RunError>,
}

/// Finds the runs in a folder; folders that are no runs are passed over.
///
/// # Errors
/// A folder that cannot be read. A folder that does not exist has no runs.
pub fn list(place: &Path) -> io::Result<Runs> {
    let mut runs = Runs { whole: Vec::new(), damaged: Vec::new() };
    if !place.exists() {
        return Ok(runs);
    }
    for entry in fs::read_dir(place)? {
        match open(&entry?.path()) {
            Ok(run) => runs.whole.push(run),
            Err(RunError::NotARun(_)) => {}
            Err(error) => runs.damaged.push(error),
        }
    }
    runs.whole.sort_by(|a, b| b.info.started.cmp(&a.info.started).then_with(|| b.folder.cmp(&a.folder)));
    Ok(runs)
}

/// Opens the run that somebody named: by its folder, or by its folder's name in the default place.
///
/// # Errors
/// No such run, or a damaged one.
pub fn find(named: &Path) -> Result<Run, RunError> {
    let known = default_place().map(|place| place.join(named)).filter(|folder| !named.exists() && folder.exists());
    open(&known.unwrap_or_else(|| named.to_owned()))
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, RunError> {
    let bytes = fs::read(path).map_err(|why| match why.kind() {
        io::ErrorKind::NotFound => damaged(path, "it is missing"),
        _ => RunError::Unreadable { path: path.to_owned(), why },
    })?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> RunError {
    RunError::Damaged { path: path.to_owned(), why: why.to_string() }
}
