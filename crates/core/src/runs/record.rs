//! Writes run folders while the engine trains.

use super::events::{self, EventLine};
use super::history::History;
use super::layout::{self, RunInfo, arm_folders, numbered};
use super::past;
use super::read;
use super::rows::{GradientRow, MetricsRow};
use super::table::GrowingTable;
use super::trained;
use crate::checkpoint::Checkpoint;
use crate::experiment::Start;
use crate::files::{settle_folder, write_atomically};
use crate::instrument::matrix;
use crate::protocol::keep::{Keeper, Kept, Record, Trained};
use crate::protocol::{ArmProbe, Evaluation, Intervention, Outcome, Prepared, ProbeRecord, StepRecord};
use serde::Serialize;
use std::cell::RefCell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long rows may wait in memory.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Keeps experiments in folders.
pub struct Folder {
    place: Place,
}

enum Place {
    Under(PathBuf),
    Exactly(PathBuf),
    Within(PathBuf),
}

impl Folder {
    /// Each run in a new folder in this one, named by date, time and experiment.
    #[must_use]
    pub fn under(place: PathBuf) -> Self {
        Self { place: Place::Under(place) }
    }

    /// A run in this very folder, which must be empty or absent.
    #[must_use]
    pub fn exactly(folder: PathBuf) -> Self {
        Self { place: Place::Exactly(folder) }
    }

    /// A run in this very folder, which may hold other things but no run.
    #[must_use]
    pub(crate) fn within(folder: PathBuf) -> Self {
        Self { place: Place::Within(folder) }
    }

    fn create(&self, name: &str) -> Result<PathBuf, String> {
        match &self.place {
            Place::Exactly(folder) => {
                vacant(folder)?;
                fs::create_dir_all(folder).map_err(|error| cannot("create the run folder", folder, &error))?;
                Ok(folder.clone())
            }
            Place::Within(folder) if folder.join(layout::EXPERIMENT).exists() => {
                Err(format!("there is a run in {} already", folder.display()))
            }
            Place::Within(folder) => Ok(folder.clone()),
            Place::Under(place) => {
                fs::create_dir_all(place).map_err(|error| cannot("create the folder of runs", place, &error))?;
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

/// Whether a run can begin in this folder.
///
/// # Errors
/// Why not: there is something in it already, or it is a file.
pub fn vacant(folder: &Path) -> Result<(), String> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} is not empty: name a new folder for the run", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot("use the folder", folder, &error)),
    }
}

impl Keeper for Folder {
    fn open(&mut self, prepared: &Prepared) -> Result<Box<dyn Record>, String> {
        let folder = self.create(&prepared.experiment.name)?;
        begin(&folder, prepared).map(|record| Box::new(record) as Box<dyn Record>).inspect_err(|_| {
            if !matches!(self.place, Place::Within(_)) {
                // The folder is this run's own, and nothing worth keeping is in it.
                let _ = fs::remove_dir_all(&folder);
            }
        })
    }

    fn reopen(&mut self, folder: &Path) -> Result<Kept, String> {
        let run = read::open(folder).map_err(|error| error.to_string())?;
        let record = FolderRecord::open(&run.folder, &run.info).map_err(|error| writing(folder, &error))?;
        let folders = arm_folders(&run.folder, run.info.arms.iter().map(|arm| arm.name.as_str()));
        let past = past::read(&folders).map_err(|error| cannot("read the tables of", folder, &error))?;
        let RunInfo { dataset, arms, .. } = run.info;
        Ok(Kept { experiment: run.experiment, dataset, arms, past, record: Box::new(record) })
    }

    fn trained(&self, start: &Start, arm: &str) -> Result<Trained, String> {
        trained::find(start, arm)
    }
}

fn begin(folder: &Path, prepared: &Prepared) -> Result<FolderRecord, String> {
    let info = RunInfo {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started: events::now(),
        device: prepared.device.clone(),
        steps_per_epoch: prepared.steps_per_epoch,
        total_steps: prepared.total_steps,
        dataset: prepared.dataset.clone(),
        arms: prepared.arms.clone(),
    };
    let plan = prepared.experiment.clone().into_plan().anchored().map_err(|error| error.to_string())?;
    let plan = plan.to_toml().map_err(|error| error.to_string())?;
    let write = || -> io::Result<FolderRecord> {
        write_atomically(&folder.join(layout::EXPERIMENT), plan.as_bytes())?;
        write_atomically(&folder.join(layout::INFO), &json(&info)?)?;
        let record = FolderRecord::open(folder, &info)?;
        record.note(&EventLine::new(0, "start", &format!("started on {}", info.device)))?;
        Ok(record)
    };
    write().map_err(|error| writing(folder, &error))
}

/// The files of one arm.
struct ArmFiles {
    folder: PathBuf,
    metrics: GrowingTable,
    gradients: GrowingTable,
    predictions: History,
    newest: Option<MetricsRow>,
}

impl ArmFiles {
    fn open(folder: PathBuf, images: usize) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        for which in [Checkpoint::Last, Checkpoint::Best] {
            settle_folder(&layout::checkpoint(&folder, which))?;
        }
        let metrics = GrowingTable::append::<MetricsRow>(folder.join(layout::METRICS))?;
        let gradients = GrowingTable::append::<GradientRow>(folder.join(layout::GRADIENTS))?;
        let predictions = History::new(folder.join(layout::PREDICTIONS), images);
        Ok(Self { folder, metrics, gradients, predictions, newest: None })
    }

    fn evaluated(&mut self, evaluation: &Evaluation, classes: &[String]) -> io::Result<()> {
        let row = if let Some(step) = self.newest.take().filter(|row| row.step == evaluation.step) {
            let row = step.validated(evaluation);
            self.metrics.replace_newest(&row)?;
            row
        } else {
            let row = MetricsRow::at(evaluation.step, evaluation.epoch, evaluation.seconds).validated(evaluation);
            self.metrics.push(&row)?;
            row
        };
        self.newest = Some(row);
        self.predictions.push(evaluation.step, &evaluation.predicted)?;
        write_atomically(&self.folder.join(layout::CONFUSION), matrix(&evaluation.confusion, classes).csv().as_bytes())
    }

    fn probed(&mut self, step: u64, probe: &ArmProbe, blocks: &[String]) -> io::Result<()> {
        GradientRow::of(step, probe, blocks).try_for_each(|row| self.gradients.push(&row))
    }

    fn rewind(&mut self, step: u64) -> io::Result<()> {
        self.gradients.cut::<GradientRow>(step)?;
        self.predictions.cut(step)?;
        if self.metrics.cut::<MetricsRow>(step)? {
            // The matrix may be newer than the step; the next validation writes it anew.
            remove_if_there(&self.folder.join(layout::CONFUSION))?;
        }
        // A stop may have ended a validation, which then comes after its step has been written.
        self.newest = self.metrics.take_up()?;
        Ok(())
    }
}

/// A run folder that is being written.
struct FolderRecord {
    folder: PathBuf,
    classes: Vec<String>,
    blocks: Vec<Vec<String>>,
    /// In a cell because asking for a checkpoint's path, which changes nothing, is the moment to bring the tables up
    /// to date with it.
    arms: RefCell<Vec<ArmFiles>>,
    flushed: Instant,
    /// Held while this record lives, so that no second process writes here.
    _lock: File,
}

impl FolderRecord {
    fn open(folder: &Path, info: &RunInfo) -> io::Result<Self> {
        let lock = layout::lock(folder)?;
        let folders = arm_folders(folder, info.arms.iter().map(|arm| arm.name.as_str()));
        let arm = |folder| ArmFiles::open(folder, info.dataset.validation);
        Ok(Self {
            folder: folder.to_owned(),
            classes: info.dataset.classes.clone(),
            blocks: info.arms.iter().map(|arm| arm.blocks.clone()).collect(),
            arms: RefCell::new(folders.into_iter().map(arm).collect::<Result<_, _>>()?),
            flushed: Instant::now(),
            _lock: lock,
        })
    }

    fn note(&self, line: &EventLine) -> io::Result<()> {
        events::append(&self.folder.join(layout::EVENTS), line)
    }

    fn flush_if_due(&mut self) -> io::Result<()> {
        if self.flushed.elapsed() < FLUSH_EVERY {
            return Ok(());
        }
        self.flushed = Instant::now();
        self.arms.get_mut().iter_mut().try_for_each(|arm| {
            arm.metrics.flush()?;
            arm.gradients.flush()
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.arms.borrow_mut().iter_mut().try_for_each(|arm| {
            arm.metrics.sync()?;
            arm.gradients.sync()
        })
    }

    fn with_arms(&mut self, mut act: impl FnMut(usize, &mut ArmFiles) -> io::Result<()>) -> Result<(), String> {
        let mut arms = self.arms.get_mut().iter_mut().enumerate();
        let done = arms.try_for_each(|(index, arm)| act(index, arm)).and_then(|()| self.flush_if_due());
        done.map_err(|error| writing(&self.folder, &error))
    }
}

impl Record for FolderRecord {
    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn checkpoint(&self, arm: usize, which: Checkpoint) -> Option<PathBuf> {
        // Rows that cannot be written now stay in memory, and the next step reports why.
        let _ = self.sync();
        Some(layout::checkpoint(&self.arms.borrow().get(arm)?.folder, which))
    }

    fn rewind(&mut self, steps: &[u64]) -> Result<(), String> {
        let step = steps.iter().copied().min().unwrap_or(0);
        self.with_arms(|index, arm| arm.rewind(steps.get(index).copied().unwrap_or(step)))?;
        let again = || -> io::Result<()> {
            events::cut(&self.folder.join(layout::EVENTS), step)?;
            remove_if_there(&self.folder.join(layout::OUTCOME))?;
            self.note(&EventLine::new(step, "resume", &format!("goes on after step {step}")))
        };
        again().map_err(|error| writing(&self.folder, &error))
    }

    fn step(&mut self, record: &StepRecord) -> Result<(), String> {
        self.with_arms(|index, arm| {
            let Some(row) = MetricsRow::of(record, index) else { return Ok(()) };
            arm.metrics.push(&row)?;
            arm.newest = Some(row);
            Ok(())
        })
    }

    fn probed(&mut self, record: &ProbeRecord) -> Result<(), String> {
        let blocks = std::mem::take(&mut self.blocks);
        let done = self.with_arms(|index, arm| match (record.arms.get(index), blocks.get(index)) {
            (Some(probe), Some(blocks)) if !probe.blocks.is_empty() => arm.probed(record.step, probe, blocks),
            _ => Ok(()),
        });
        self.blocks = blocks;
        done
    }

    fn evaluated(&mut self, evaluation: &Evaluation) -> Result<(), String> {
        let classes = std::mem::take(&mut self.classes);
        let done = self.with_arms(
            |index, arm| {
                if index == evaluation.arm { arm.evaluated(evaluation, &classes) } else { Ok(()) }
            },
        );
        self.classes = classes;
        done
    }

    fn intervened(&mut self, intervention: &Intervention) -> Result<(), String> {
        let line = EventLine::new(intervention.step, "intervention", &intervention.what);
        self.note(&line).map_err(|error| writing(&self.folder, &error))
    }

    fn finished(&mut self, outcome: &Outcome) -> Result<(), String> {
        let finish = || -> io::Result<()> {
            self.sync()?;
            write_atomically(&self.folder.join(layout::OUTCOME), &json(outcome)?)?;
            self.note(&EventLine::new(outcome.steps, "finish", &outcome.reason))
        };
        finish().map_err(|error| writing(&self.folder, &error))
    }
}

impl Drop for FolderRecord {
    fn drop(&mut self) {
        // Nobody is left to tell; what was flushed before is whole.
        let _ = self.sync();
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

fn writing(folder: &Path, error: &io::Error) -> String {
    format!("cannot write the run in {}: {error}", folder.display())
}
