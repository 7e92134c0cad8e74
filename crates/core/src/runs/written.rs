//! A run folder that is being written. Whatever cannot be written waits in memory, and is written once that is possible
//! again: here, or in another folder.

#![allow(clippy::used_underscore_binding, reason = "a lock is held, not read")]

use super::arm::ArmFiles;
use super::events::{Diary, EventLine, Happening};
use super::layout::{self, RunInfo, arm_folders};
use super::rows::MetricsRow;
use crate::checkpoint::CheckpointPlan;
use crate::experiment::{Plan, Source, settings};
use crate::files::{self, json, write_atomically};
use crate::protocol::keep::Record;
use crate::protocol::{Change, Evaluation, Intervention, Outcome, ProbeRecord, SpreadRecord, StepRecord};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that are open at once while checkpoints take each other's place and images are read.
const HANDLES: usize = 12;

/// Tables of an arm, some of which are opened with their first row.
const TABLES: usize = 4;

/// How long rows may wait in memory.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

pub(super) struct FolderRecord {
    folder: PathBuf,
    /// The bytes of `experiment.toml` and of `run.json`.
    plan: Vec<u8>,
    info: Vec<u8>,
    names: Vec<String>,
    classes: Vec<String>,
    blocks: Vec<Vec<String>>,
    arms: Vec<ArmFiles>,
    diary: Diary,
    /// How it ended, until that is written.
    outcome: Option<Vec<u8>>,
    /// Whether there is a file that says how it ended.
    ended: bool,
    unwritten: Option<String>,
    flushed: Instant,
    keeping: CheckpointPlan,
    /// Where its images are by now, if they have moved and that is not written yet.
    moved: Option<Source>,
    /// Held while this record lives, so that no second process writes here.
    _lock: File,
}

/// Whether a run can begin in this folder.
///
/// # Errors
/// Why not: there is something in it already, or it is a file.
pub fn vacant(folder: &Path) -> Result<(), String> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(empty) if empty || layout::is_beginning(folder) => Ok(()),
        Ok(_) => Err(format!("{} is not empty: name a new folder for the run", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("cannot use the folder {}: {error}", folder.display())),
    }
}

impl FolderRecord {
    /// Begins a run in a folder that is locked. The plan comes last: a folder without one is no run yet, so that none is
    /// half-begun.
    pub fn begin(
        folder: &Path,
        lock: File,
        plan: String,
        info: &RunInfo,
        keeping: CheckpointPlan,
    ) -> Result<Self, String> {
        // Another one may have begun and ended since the folder was looked at.
        if folder.join(layout::EXPERIMENT).exists() {
            return Err(format!("there is a run in {} already: name a new folder", folder.display()));
        }
        let begin = || {
            write_atomically(&folder.join(layout::INFO), &json(info)?)?;
            let mut record = Self::open(folder, plan.into_bytes(), info, keeping, lock)?;
            record.diary.note(&EventLine::new(0, Happening::Start, &format!("started on {}", info.device)))?;
            record.diary.file().sync()?;
            write_atomically(&folder.join(layout::EXPERIMENT), &record.plan)?;
            Ok(record)
        };
        begin().map_err(|error: io::Error| writing(folder, &error))
    }

    /// Goes on with a run, whose images may have `moved`.
    pub fn reopen(
        folder: &Path,
        info: &RunInfo,
        keeping: CheckpointPlan,
        moved: Option<Source>,
    ) -> Result<Self, String> {
        let lock = layout::lock(folder).map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => {
                let folder = folder.display();
                format!(
                    "the run in {folder} is open in another Residual Lab, which may write there: close it there first"
                )
            }
            _ => writing(folder, &error),
        })?;
        let reopen = || {
            files::sweep(folder);
            let plan = fs::read(folder.join(layout::EXPERIMENT))?;
            let mut record = Self::open(folder, plan, info, keeping, lock)?;
            record.moved = moved;
            Ok(record)
        };
        reopen().map_err(|error| writing(folder, &error))
    }

    fn open(folder: &Path, plan: Vec<u8>, info: &RunInfo, keeping: CheckpointPlan, lock: File) -> io::Result<Self> {
        let names: Vec<String> = info.arms.iter().map(|arm| arm.name.clone()).collect();
        let folders = arm_folders(folder, names.iter().map(String::as_str));
        let text = String::from_utf8_lossy(&plan).into_owned();
        // One of another version may not be read; its runs go on without.
        let known = Plan::from_toml(&text).ok();
        let arm = |(index, folder)| {
            let settings = known.as_ref().map_or_else(Vec::new, |plan| settings(plan, index));
            ArmFiles::open(folder, info.dataset.validation, &text, &settings)
        };
        let record = Self {
            folder: folder.to_owned(),
            plan,
            info: json(info)?,
            classes: info.dataset.classes.clone(),
            blocks: info.arms.iter().map(|arm| arm.blocks.clone()).collect(),
            arms: folders.into_iter().enumerate().map(arm).collect::<Result<_, _>>()?,
            diary: Diary::open(folder.join(layout::EVENTS))?,
            outcome: None,
            ended: folder.join(layout::OUTCOME).exists(),
            unwritten: None,
            flushed: Instant::now(),
            keeping,
            moved: None,
            names,
            _lock: lock,
        };
        // Too few would be found out when the end is to be written, and nobody can give a process more by then.
        files::can_open_more(HANDLES + TABLES * record.arms.len(), &folder.join(layout::INFO))?;
        Ok(record)
    }

    /// Writes all that waits; where that fails, it goes on waiting.
    fn attempt(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) {
        self.flushed = Instant::now();
        self.unwritten = write(self).err().map(|error| files::in_words(&self.folder, &error));
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stand()?;
        self.arms.iter_mut().try_for_each(ArmFiles::flush)?;
        self.diary.file().flush()?;
        if let Some(outcome) = &self.outcome {
            write_atomically(&self.folder.join(layout::OUTCOME), outcome)?;
            (self.outcome, self.ended) = (None, true);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.arms.iter_mut().try_for_each(ArmFiles::sync)?;
        self.diary.file().sync()
    }

    /// Puts a folder that somebody took away back in its place.
    fn stand(&mut self) -> io::Result<()> {
        if self.folder.join(layout::EXPERIMENT).exists() {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        self._lock = layout::lock(&self.folder)?;
        write_atomically(&self.folder.join(layout::INFO), &self.info)?;
        write_atomically(&self.folder.join(layout::EXPERIMENT), &self.plan)
    }

    /// It has not ended, whatever was written before.
    fn goes_on(&mut self) {
        self.outcome = None;
        if self.ended {
            // Where it cannot be removed, the next outcome takes its place.
            let _ = fs::remove_file(self.folder.join(layout::OUTCOME));
            self.ended = false;
        }
    }

    /// Writes down what happened, and with the first such line where the images are by now.
    fn note(&mut self, line: EventLine) -> Result<(), String> {
        let line = EventLine { images: self.moved.take(), ..line };
        self.diary.note(&line).map_err(|error| writing(&self.folder, &error))
    }

    fn with_arms(&mut self, mut act: impl FnMut(usize, &mut ArmFiles) -> io::Result<()>) -> Result<(), String> {
        let done = self.arms.iter_mut().enumerate().try_for_each(|(index, arm)| act(index, arm));
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.attempt(Self::flush);
        }
        done.map_err(|error| writing(&self.folder, &error))
    }

    fn cut(&mut self, steps: &[u64], step: u64) -> io::Result<Vec<(u64, Change)>> {
        for (index, arm) in self.arms.iter_mut().enumerate() {
            arm.rewind(steps.get(index).copied().unwrap_or(step))?;
        }
        self.diary.cut(step)
    }
}

impl Record for FolderRecord {
    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn checkpoints(&mut self, arm: usize) -> Option<PathBuf> {
        // A checkpoint must not be ahead of the tables.
        self.attempt(Self::sync);
        Some(self.arms.get(arm)?.checkpoints())
    }

    fn keeping(&self) -> CheckpointPlan {
        self.keeping
    }

    fn rewind(&mut self, step: u64, steps: &[u64]) -> Result<Vec<(u64, Change)>, String> {
        self.cut(steps, step).map_err(|error| writing(&self.folder, &error))
    }

    fn resumed(&mut self, step: u64) -> Result<(), String> {
        self.goes_on();
        self.note(EventLine::new(step, Happening::Resume, &format!("goes on after step {step}")))?;
        self.attempt(Self::flush);
        Ok(())
    }

    fn step(&mut self, record: &StepRecord) -> Result<(), String> {
        self.goes_on();
        self.with_arms(|index, arm| MetricsRow::of(record, index).map_or(Ok(()), |row| arm.stepped(row)))
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

    fn counted(&mut self, record: &SpreadRecord) -> Result<(), String> {
        self.with_arms(|index, arm| {
            arm.counted(record.step, record.arms.get(index).map_or(&[], Vec::as_slice));
            Ok(())
        })
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
        let Intervention { step, what, change, stopped } = intervention.clone();
        self.note(EventLine { change, stopped, ..EventLine::new(step, Happening::Intervention, &what) })?;
        self.attempt(Self::flush);
        Ok(())
    }

    fn finished(&mut self, outcome: &Outcome) -> Result<(), String> {
        self.outcome = Some(json(outcome).map_err(|error| writing(&self.folder, &error))?);
        self.note(EventLine::new(outcome.steps, Happening::Finish, outcome.reason.in_words()))?;
        self.attempt(Self::sync);
        Ok(())
    }

    fn unwritten(&self) -> Option<String> {
        self.unwritten.clone()
    }

    fn write(&mut self) {
        self.attempt(Self::sync);
    }

    fn move_to(&mut self, folder: &Path) -> Result<(), String> {
        // A folder with other things in it gets one for the run.
        let name = self.folder.file_name().unwrap_or_default();
        let within = if vacant(folder).is_err() && folder.is_dir() { folder.join(name) } else { folder.to_owned() };
        let folder = &within;
        vacant(folder)?;
        let mut begin = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let lock = layout::lock(folder)?;
            write_atomically(&folder.join(layout::INFO), &self.info)?;
            let folders = arm_folders(folder, self.names.iter().map(String::as_str));
            let copies = self.arms.iter_mut().zip(&folders).map(|(arm, folder)| arm.copied_to(folder));
            let copies = copies.collect::<io::Result<Vec<_>>>()?;
            let diary = self.diary.file().copied_to(folder.join(layout::EVENTS))?;
            write_atomically(&folder.join(layout::EXPERIMENT), &self.plan)?;
            // Only now that all is there does everything go on there: no file of a run may be here and another there.
            let copies = folders.iter().zip(copies);
            self.arms.iter_mut().zip(copies).for_each(|(arm, (folder, copies))| arm.go_on_in(folder, copies));
            *self.diary.file() = diary;
            self._lock = lock;
            Ok(())
        };
        begin().map_err(|error| files::in_words(folder, &error))?;
        folder.clone_into(&mut self.folder);
        self.attempt(Self::sync);
        Ok(())
    }
}

impl Drop for FolderRecord {
    fn drop(&mut self) {
        // Nobody is left to tell; what was flushed before is whole.
        let _ = self.sync();
    }
}

fn writing(folder: &Path, error: &io::Error) -> String {
    format!("cannot write the run in {}: {error}", folder.display())
}
