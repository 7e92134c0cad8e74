//! Begins run folders and finds them again, for the engine to write.

use super::events;
use super::layout::{self, FORMAT, RunInfo, numbered};
use super::past;
use super::read;
use super::trained;
use super::written::{FolderRecord, vacant};
use crate::checkpoint::CheckpointPlan;
use crate::checksum::crc32c;
use crate::experiment::{Experiment, PlanError, Source, Start};
use crate::machine;
use crate::protocol::Prepared;
use crate::protocol::keep::{Keeper, Kept, Record, Trained};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Keeps experiments in folders.
pub struct Folder {
    place: Place,
    keeping: CheckpointPlan,
    images: Option<Source>,
}

enum Place {
    Under(PathBuf),
    Exactly(PathBuf),
    Within(PathBuf),
    Memory,
}

impl Folder {
    /// Each run in a new folder in this one, named by date, time and experiment.
    #[must_use]
    pub fn under(place: PathBuf) -> Self {
        Self::at(Place::Under(place))
    }

    /// A run in this very folder, which must be empty or absent.
    #[must_use]
    pub fn exactly(folder: PathBuf) -> Self {
        Self::at(Place::Exactly(folder))
    }

    /// A run in this very folder, which may hold other things but no run.
    #[must_use]
    pub(crate) fn within(folder: PathBuf) -> Self {
        Self::at(Place::Within(folder))
    }

    /// No run at all, for trainings of which nothing is kept. Those that networks start from are found all the same.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::at(Place::Memory)
    }

    fn at(place: Place) -> Self {
        Self { place, keeping: CheckpointPlan::default(), images: None }
    }

    /// The same with other habits of writing checkpoints.
    #[must_use]
    pub fn keeping(self, keeping: CheckpointPlan) -> Self {
        Self { keeping, ..self }
    }

    /// The same for a run whose images lie elsewhere by now.
    #[must_use]
    pub fn with_images(self, images: Option<Source>) -> Self {
        Self { images, ..self }
    }

    /// An experiment with its images where they are, and where that is if somebody said so.
    fn found(&self, experiment: Experiment) -> Result<(Experiment, Option<Source>), String> {
        let Some(source) = &self.images else { return Ok((experiment, None)) };
        let mut plan = experiment.into_plan();
        plan.data.source = source.clone();
        let plan = plan.anchored().map_err(|error| error.to_string())?;
        let moved = plan.data.source.clone();
        let found = Experiment::check(plan).map_err(|found| PlanError::Invalid(found).to_string())?;
        Ok((found, Some(moved)))
    }

    fn create(&self, name: &str) -> Result<PathBuf, String> {
        match &self.place {
            Place::Exactly(folder) => {
                vacant(folder)?;
                layout::clear_beginnings(folder);
                fs::create_dir_all(folder).map_err(|error| cannot("create the run folder", folder, &error))?;
                Ok(folder.clone())
            }
            Place::Within(folder) if folder.join(layout::EXPERIMENT).exists() => {
                Err(format!("there is a run in {} already", folder.display()))
            }
            Place::Within(folder) => Ok(folder.clone()),
            Place::Memory => Err("nothing of this training is kept".to_owned()),
            Place::Under(place) => {
                fs::create_dir_all(place).map_err(|error| cannot("create the folder of runs", place, &error))?;
                layout::sweep_beginnings(place);
                for name in numbered(&layout::dated(name)) {
                    let folder = place.join(name);
                    match fs::create_dir(&folder) {
                        Ok(()) => return Ok(folder),
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        Err(error) => return Err(cannot("create the run folder", &folder, &error)),
                    }
                }
                Err(format!("there is no free name for a run in {}", place.display()))
            }
        }
    }
}

impl Keeper for Folder {
    fn open(&mut self, prepared: &Prepared) -> Result<Box<dyn Record>, String> {
        let folder = self.create(&prepared.experiment.name)?;
        let lock = layout::lock(&folder).map_err(|error| {
            // It may be another's by now; what is empty is nobody's.
            let _ = fs::remove_dir(&folder);
            cannot("begin a run in", &folder, &error)
        })?;
        begin(&folder, lock, prepared, self.keeping).map(|record| Box::new(record) as Box<dyn Record>).inspect_err(
            |_| {
                if !matches!(self.place, Place::Within(_)) && !folder.join(layout::EXPERIMENT).exists() {
                    // The folder is this run's own, and nothing worth keeping is in it.
                    let _ = fs::remove_dir_all(&folder);
                }
            },
        )
    }

    fn reopen(&mut self, folder: &Path) -> Result<Kept, String> {
        let run = read::open(folder).map_err(|error| error.to_string())?;
        let (experiment, moved) = self.found(run.experiment.clone())?;
        let record = FolderRecord::reopen(&run.folder, &run.info, self.keeping, moved)?;
        let past = past::read(&run)?;
        let edited = run.edited();
        let RunInfo { dataset, arms, .. } = run.info;
        let outcome = run.outcome;
        Ok(Kept { experiment, dataset, arms, past, outcome, edited, record: Box::new(record) })
    }

    fn trained(&self, start: &Start, arm: &str) -> Result<Trained, String> {
        trained::find(start, arm)
    }
}

fn begin(folder: &Path, lock: File, prepared: &Prepared, keeping: CheckpointPlan) -> Result<FolderRecord, String> {
    let plan = prepared.experiment.clone().into_plan().anchored().map_err(|error| error.to_string())?;
    let plan = plan.to_toml().map_err(|error| error.to_string())?;
    let info = RunInfo {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started: events::now(),
        device: prepared.device.clone(),
        machine: machine::in_words(),
        plan: Some(crc32c(plan.as_bytes())),
        steps_per_epoch: prepared.steps_per_epoch,
        total_steps: prepared.total_steps,
        dataset: prepared.dataset.clone(),
        arms: prepared.arms.clone(),
    };
    FolderRecord::begin(folder, lock, plan, &info, keeping)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
