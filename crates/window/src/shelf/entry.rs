//! A run on disk as the list shows it.

use super::results::RunResults;
use crate::kit::plot::Pace;
use lab_core::experiment::Experiment;
use lab_core::protocol::Outcome;
use lab_core::runs::{Notes, RunInfo};
use std::path::PathBuf;

/// A run on disk.
#[derive(Clone, Debug)]
pub struct Entry {
    pub folder: PathBuf,
    /// As it was started.
    pub experiment: Experiment,
    /// What its images and networks turned out to be.
    pub info: RunInfo,
    /// Steps in all, with all extensions.
    pub planned: u64,
    /// How it ended; `None` while it trains and after a crash.
    pub outcome: Option<Outcome>,
    /// What a person added.
    pub notes: Notes,
    /// Whether a process is writing it now.
    pub live: bool,
    /// One for each arm; empty until the tables have been read.
    pub results: Vec<RunResults>,
}

impl Entry {
    /// What the run is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.notes.name.as_deref().unwrap_or(&self.experiment.name)
    }

    /// What its steps are in other measures.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace { steps_per_epoch: self.info.steps_per_epoch as f64, batch_size: self.experiment.recipe.batch_size as f64 }
    }

    /// Steps done by the arm that came furthest.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.results.iter().map(|results| results.steps).max().unwrap_or(0)
    }

    /// Whether every arm's loss left the finite numbers.
    #[must_use]
    pub fn has_diverged(&self) -> bool {
        let arms = self.outcome.as_ref().map_or(&[][..], |outcome| &outcome.arms);
        !arms.is_empty() && arms.iter().all(|arm| arm.diverged_at.is_some())
    }

    /// Whether it can go on from a checkpoint.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !self.live && !self.has_diverged() && self.outcome.as_ref().is_none_or(|outcome| outcome.steps < self.planned)
    }
}
