//! Keeps a trial: a run folder like any other, beside which the trial's own file is kept up to date while the engine
//! trains. Here it is decided whether the trial ends early, and here whoever has lost the trial to another stops writing.

use super::ending::decide;
use super::error::StudyError;
use super::folder::{Begun, StudyFolder, write};
use super::lease::Pulse;
use super::record::{Report, TrialRecord, epochs};
use crate::checkpoint::CheckpointPlan;
use crate::files;
use crate::protocol::keep::{Keeper, Kept, Record};
use crate::protocol::{Change, Evaluation, Intervention, Outcome, Prepared, ProbeRecord, SpreadRecord, StepRecord};
use crate::runs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of the trial that somebody works on.
#[derive(Clone)]
pub(super) struct Kit {
    pub study: Arc<StudyFolder>,
    pub folder: PathBuf,
    pub draft: Arc<Mutex<Draft>>,
    pub pulse: Arc<Pulse>,
}

/// What is written down of a trial.
pub(super) struct Draft {
    pub record: TrialRecord,
    /// Why the file is older than this, if it is.
    pub unwritten: Option<String>,
}

/// Opens the record of one trial.
pub(super) struct TrialKeeper {
    kit: Kit,
    runs: runs::Folder,
}

/// The record of one trial.
struct TrialKept {
    kit: Kit,
    run: Box<dyn Record>,
    /// Epochs in all.
    epochs: u64,
    steps_per_epoch: u64,
    /// Each arm's validations: the loss and the accuracy after a step.
    seen: Vec<BTreeMap<u64, (f64, f64)>>,
}

impl TrialKeeper {
    pub fn new(kit: Kit) -> Self {
        Self { runs: runs::Folder::within(kit.folder.clone()), kit }
    }

    fn kept(
        &self,
        run: Box<dyn Record>,
        arms: usize,
        steps_per_epoch: u64,
        total_steps: u64,
    ) -> Result<TrialKept, String> {
        self.kit.note(|record| record.total_steps = Some(total_steps))?;
        let steps_per_epoch = steps_per_epoch.max(1);
        let seen = vec![BTreeMap::new(); arms];
        Ok(TrialKept { kit: self.kit.clone(), run, epochs: total_steps / steps_per_epoch, steps_per_epoch, seen })
    }
}

impl Keeper for TrialKeeper {
    fn open(&mut self, prepared: &Prepared) -> Result<Box<dyn Record>, String> {
        let run = self.runs.open(prepared)?;
        Ok(Box::new(self.kept(run, prepared.arms.len(), prepared.steps_per_epoch, prepared.total_steps)?))
    }

    fn reopen(&mut self, run: &Path) -> Result<Kept, String> {
        let info = runs::open(run).map_err(|error| error.to_string())?.info;
        let kept = self.runs.reopen(run)?;
        let mut record = self.kept(kept.record, info.arms.len(), info.steps_per_epoch, info.total_steps)?;
        for (seen, arm) in record.seen.iter_mut().zip(&kept.past.arms) {
            seen.extend(arm.evaluations.iter().map(|one| (one.step, (one.loss, one.accuracy))));
        }
        Ok(Kept { record: Box::new(record), ..kept })
    }
}

impl Kit {
    /// A trial of which this is known so far.
    pub fn new(study: Arc<StudyFolder>, folder: PathBuf, record: TrialRecord, pulse: Arc<Pulse>) -> Self {
        let draft = Arc::new(Mutex::new(Draft { record, unwritten: None }));
        Self { study, folder, draft, pulse }
    }

    fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the trial stands.
    pub fn record(&self) -> TrialRecord {
        self.draft().record.clone()
    }

    /// Changes what is written down of the trial. What cannot be written waits for [`Self::write`].
    pub fn note(&self, change: impl FnOnce(&mut TrialRecord)) -> Result<(), String> {
        self.mine()?;
        let mut draft = self.draft();
        change(&mut draft.record);
        draft.write(&self.folder);
        Ok(())
    }

    /// Why what is known of the trial cannot be written at present.
    pub fn unwritten(&self) -> Option<String> {
        self.draft().unwritten.clone()
    }

    /// Tries to write what could not be written. What another process has taken over is its own to write.
    pub fn write(&self) {
        let mut draft = self.draft();
        if self.mine().is_err() {
            draft.unwritten = None;
        } else if draft.unwritten.is_some() {
            draft.write(&self.folder);
        }
    }

    /// Whether the trial is still this process's.
    fn mine(&self) -> Result<(), String> {
        if self.pulse.is_mine() {
            return Ok(());
        }
        Err("this process was silent for so long that another one has taken over the trial".to_owned())
    }
}

impl Draft {
    fn write(&mut self, folder: &Path) {
        self.unwritten = write(folder, &self.record).err().map(|error| files::in_words(folder, &error));
    }
}

impl TrialKept {
    /// The objective after a step: the mean over the arms that are judged; `None` where one of them has none.
    fn value(&self, step: u64) -> Option<f64> {
        let study = self.kit.study.study();
        let arms = study.judged();
        let value = |arm: &usize| self.seen.get(*arm)?.get(&step).copied();
        let values = arms.iter().map(value).collect::<Option<Vec<_>>>()?;
        let of = |(loss, accuracy)| study.search.objective.of(loss, accuracy);
        let mean = values.into_iter().map(of).sum::<f64>() / arms.len() as f64;
        mean.is_finite().then_some(mean)
    }
}

impl Record for TrialKept {
    fn folder(&self) -> Option<&Path> {
        self.run.folder()
    }

    fn checkpoints(&mut self, arm: usize) -> Option<PathBuf> {
        self.kit.mine().ok().and_then(|()| self.run.checkpoints(arm))
    }

    fn keeping(&self) -> CheckpointPlan {
        self.run.keeping()
    }

    fn resumed(&mut self, step: u64) -> Result<(), String> {
        self.run.resumed(step)
    }

    fn move_to(&mut self, folder: &Path) -> Result<(), String> {
        Err(format!("{} is of no use: a study's training stays in the study's folder", folder.display()))
    }

    fn unwritten(&self) -> Option<String> {
        self.run.unwritten().or_else(|| self.kit.unwritten())
    }

    fn write(&mut self) {
        if self.kit.mine().is_ok() {
            self.run.write();
            self.kit.write();
        }
    }

    fn rewind(&mut self, step: u64, steps: &[u64]) -> Result<Vec<(u64, Change)>, String> {
        self.kit.mine()?;
        for (seen, step) in self.seen.iter_mut().zip(steps) {
            seen.retain(|at, _| at <= step);
        }
        self.kit.note(|record| record.reports.retain(|report| report.step <= step))?;
        self.run.rewind(step, steps)
    }

    fn step(&mut self, record: &StepRecord) -> Result<(), String> {
        self.kit.mine()?;
        self.kit.pulse.at(record.step);
        self.run.step(record)
    }

    fn probed(&mut self, record: &ProbeRecord) -> Result<(), String> {
        self.run.probed(record)
    }

    fn counted(&mut self, record: &SpreadRecord) -> Result<(), String> {
        self.run.counted(record)
    }

    fn evaluated(&mut self, evaluation: &Evaluation) -> Result<(), String> {
        self.kit.mine()?;
        if let Some(seen) = self.seen.get_mut(evaluation.arm) {
            seen.insert(evaluation.step, (evaluation.loss, evaluation.accuracy));
        }
        self.run.evaluated(evaluation)
    }

    fn intervened(&mut self, intervention: &Intervention) -> Result<(), String> {
        self.run.intervened(intervention)
    }

    fn enough(&mut self, step: u64) -> Result<Option<String>, String> {
        let known = {
            let record = self.kit.record();
            let answered = record.reports.last().is_some_and(|report| report.step >= step);
            answered.then_some(record.why)
        };
        let validated = self.seen.iter().any(|seen| seen.contains_key(&step));
        if let Some(why) = known.or_else(|| (!validated).then_some(None)) {
            return Ok(why);
        }
        let (value, epoch) = (self.value(step), step as f64 / self.steps_per_epoch as f64);
        let search = &self.kit.study.study().search;
        self.kit.note(|record| record.report(Report { step, epoch, value }, search.objective))?;
        let (Some(rule), true) = (self.kit.study.study().early_stopping, epochs(epoch) < self.epochs) else {
            return Ok(None);
        };
        let others = match self.kit.study.begun() {
            // Where the study's folder is gone for a while, nobody is known to be better.
            Err(StudyError::Disk { .. }) => return Ok(None),
            others => others.map_err(|error| error.to_string())?,
        };
        let mine = self.kit.record();
        let others: Vec<TrialRecord> = others
            .into_values()
            .map(|Begun { record, .. }| record)
            .filter(|record| record.number != mine.number)
            .collect();
        let why = decide(rule, search.objective.goal(), &mine, self.epochs, &others);
        if why.is_some() {
            self.kit.note(|record| record.why.clone_from(&why))?;
        }
        Ok(why)
    }

    fn finished(&mut self, outcome: &Outcome) -> Result<(), String> {
        self.kit.mine()?;
        self.run.finished(outcome)
    }
}
