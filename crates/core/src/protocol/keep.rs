//! Where a session's results go: the traits that `runs` implements with folders on disk, and tests with vectors.
//!
//! The engine calls these on its own thread; an error ends the experiment with a message, never the engine.

use super::{
    ArmInfo, Change, DatasetInfo, Evaluation, Intervention, Outcome, Past, Prepared, ProbeRecord, SpreadRecord,
    StepRecord,
};
use crate::checkpoint::CheckpointPlan;
use crate::experiment::{Experiment, Start};
use std::path::{Path, PathBuf};

/// Opens records of experiments.
pub trait Keeper: Send {
    /// Begins the record of a new experiment.
    ///
    /// # Errors
    /// What could not be written, and what to do about it.
    fn open(&mut self, prepared: &Prepared) -> Result<Box<dyn Record>, String>;

    /// Finds a kept experiment again, to go on with it. Metrics after each arm's `last` are cut off when the session
    /// calls [`Record::rewind`].
    ///
    /// # Errors
    /// Why it cannot go on: no such folder, no checkpoint, a damaged file.
    fn reopen(&mut self, run: &Path) -> Result<Kept, String>;

    /// Finds the weights that an arm of this name starts from. Whoever knows of no runs takes them for a file's.
    ///
    /// # Errors
    /// Why they cannot be found: no such run, no checkpoint in it, several networks that could be meant.
    fn trained(&self, start: &Start, arm: &str) -> Result<Trained, String> {
        let _ = arm;
        Trained::file(start)
    }
}

/// Weights that an arm starts from.
pub struct Trained {
    /// What was named, from whatever folder it is read: the file, or the run's folder.
    pub source: PathBuf,
    /// The file, or the folder of the checkpoint.
    pub weights: PathBuf,
    /// What the weights were trained on, where that is known.
    pub dataset: Option<DatasetInfo>,
}

impl Trained {
    /// A file of weights, which says nothing of the images.
    ///
    /// # Errors
    /// A path without a working folder to start from.
    pub fn file(start: &Start) -> Result<Self, String> {
        let path = std::path::absolute(&start.weights).map_err(|why| format!("{}: {why}", start.weights.display()))?;
        Ok(Self { source: path.clone(), weights: path, dataset: None })
    }
}

/// An experiment found on disk.
pub struct Kept {
    /// As it was started.
    pub experiment: Experiment,
    /// What its images were.
    pub dataset: DatasetInfo,
    /// What its arms were.
    pub arms: Vec<ArmInfo>,
    /// What was recorded of it, also after its last checkpoints.
    pub past: Past,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// That its plan is no longer what it was begun with, if so.
    pub edited: Option<String>,
    /// Where it goes on writing.
    pub record: Box<dyn Record>,
}

/// The record of one experiment.
pub trait Record: Send {
    /// The run's folder; `None` for a record that keeps nothing on disk.
    fn folder(&self) -> Option<&Path>;

    /// The folder of an arm's checkpoints, which the session replaces as a whole; `None` to write none.
    fn checkpoints(&mut self, arm: usize) -> Option<PathBuf>;

    /// When checkpoints are written, and which are kept.
    fn keeping(&self) -> CheckpointPlan {
        CheckpointPlan::default()
    }

    /// Drops whatever was recorded of each arm after its own step, because the experiment goes on from `step`; a crash can
    /// leave arms at different ones. Gives what was changed by hand from then on, oldest first, to be changed again.
    ///
    /// # Errors
    /// What could not be written.
    fn rewind(&mut self, step: u64, steps: &[u64]) -> Result<Vec<(u64, Change)>, String>;

    /// The experiment goes on from a step: it has not ended, whatever was written before.
    ///
    /// # Errors
    /// What could not be written.
    fn resumed(&mut self, step: u64) -> Result<(), String>;

    /// Why some of what was recorded cannot be written at present; it is kept in memory. `None` where all is well.
    fn unwritten(&self) -> Option<String> {
        None
    }

    /// Tries to write what could not be written.
    fn write(&mut self) {}

    /// Goes on in another folder, which must be empty or absent, with all there is.
    ///
    /// # Errors
    /// Why that folder will not do.
    fn move_to(&mut self, folder: &Path) -> Result<(), String> {
        Err(format!("{} is of no use: this session keeps no runs", folder.display()))
    }

    /// A step was done.
    ///
    /// # Errors
    /// What could not be written.
    fn step(&mut self, record: &StepRecord) -> Result<(), String>;

    /// A probe was taken.
    ///
    /// # Errors
    /// What could not be written.
    fn probed(&mut self, record: &ProbeRecord) -> Result<(), String>;

    /// Values were counted.
    ///
    /// # Errors
    /// What could not be written.
    fn counted(&mut self, _record: &SpreadRecord) -> Result<(), String> {
        Ok(())
    }

    /// An arm was validated.
    ///
    /// # Errors
    /// What could not be written.
    fn evaluated(&mut self, evaluation: &Evaluation) -> Result<(), String>;

    /// Something happened from outside.
    ///
    /// # Errors
    /// What could not be written.
    fn intervened(&mut self, intervention: &Intervention) -> Result<(), String>;

    /// Asked when every arm has been validated at this step, and when training goes on from it: whether the experiment is
    /// to end here, and why.
    ///
    /// # Errors
    /// What could not be written.
    fn enough(&mut self, _step: u64) -> Result<Option<String>, String> {
        Ok(None)
    }

    /// The experiment ended.
    ///
    /// # Errors
    /// What could not be written.
    fn finished(&mut self, outcome: &Outcome) -> Result<(), String>;
}

/// For sessions that leave nothing behind: nothing is written, and nothing can go on.
pub struct KeepNothing;

impl Keeper for KeepNothing {
    fn open(&mut self, _: &Prepared) -> Result<Box<dyn Record>, String> {
        Ok(Box::new(Self))
    }
    fn reopen(&mut self, run: &Path) -> Result<Kept, String> {
        Err(format!("{} cannot go on: this session keeps no runs", run.display()))
    }
}

impl Record for KeepNothing {
    fn folder(&self) -> Option<&Path> {
        None
    }
    fn checkpoints(&mut self, _: usize) -> Option<PathBuf> {
        None
    }
    fn rewind(&mut self, _: u64, _: &[u64]) -> Result<Vec<(u64, Change)>, String> {
        Ok(Vec::new())
    }
    fn resumed(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }
    fn step(&mut self, _: &StepRecord) -> Result<(), String> {
        Ok(())
    }
    fn probed(&mut self, _: &ProbeRecord) -> Result<(), String> {
        Ok(())
    }
    fn evaluated(&mut self, _: &Evaluation) -> Result<(), String> {
        Ok(())
    }
    fn intervened(&mut self, _: &Intervention) -> Result<(), String> {
        Ok(())
    }
    fn finished(&mut self, _: &Outcome) -> Result<(), String> {
        Ok(())
    }
}
