//! Takes trials one after another: finds one that nobody works on, claims it, hands it out, and writes down how it ended.

use super::claim::{Claim, Claims, Grip};
use super::ending::second_chance;
use super::error::StudyError;
use super::folder::{Begun, StudyFolder, write};
use super::keeper::{Kit, TrialKeeper};
use super::layout::TRIAL;
use super::lease::Lease;
use super::owner::Owner;
use super::record::{TrialRecord, TrialState};
use crate::experiment::Experiment;
use crate::files;
use crate::protocol::keep::Keeper;
use crate::protocol::{End, Outcome};
use crate::runs;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// One who works on a study.
pub struct Worker {
    study: Arc<StudyFolder>,
    me: Owner,
    /// Whether the trials of others have been found to be those of the same study.
    checked: bool,
    /// Trials that are known to be over.
    over: BTreeSet<u32>,
    /// When the owners of other trials were first heard of.
    heard: BTreeMap<(u32, u32), SystemTime>,
}

/// What there is to do.
pub enum Next {
    /// A trial, claimed.
    Trial(Box<Assignment>),
    /// Nothing now, but somebody may have died at work, which shows within seconds.
    Wait,
    /// Nothing: so many trials are being worked on by others, and all the rest are over.
    Nothing {
        /// Being worked on.
        held: u32,
    },
    /// The study was stopped by hand.
    Stopped,
}

/// How work on a trial ended.
pub enum Ending<'a> {
    /// The experiment came to an end.
    Finished(&'a Outcome),
    /// It was stopped on the way, to be gone on with.
    Interrupted,
    /// It could not be run.
    Failed(String),
}

/// A trial that this process works on. Dropping it lets go of the trial.
pub struct Assignment {
    kit: Kit,
    /// The experiment to run, or why it cannot be.
    experiment: Result<Experiment, StudyError>,
    resumes: bool,
    _lease: Lease,
}

impl Worker {
    /// One who has done nothing yet.
    #[must_use]
    pub fn new(study: StudyFolder) -> Self {
        Self { study: Arc::new(study), me: Owner::me(), checked: false, over: BTreeSet::new(), heard: BTreeMap::new() }
    }

    /// The study.
    #[must_use]
    pub fn study(&self) -> &StudyFolder {
        &self.study
    }

    /// Claims the first trial that is to be done and that nobody works on, or the one of this number.
    ///
    /// # Errors
    /// A number that no trial has, a damaged file, what the disk says.
    pub fn next(&mut self, only: Option<u32>) -> Result<Next, StudyError> {
        if self.study.is_stopped() {
            return Ok(Next::Stopped);
        }
        if let Some(number) = only {
            self.study.study().place(number)?;
        }
        let disk = StudyError::disk(self.study.path());
        let claims = self.study.claims();
        let begun = self.study.begun()?;
        if !self.checked {
            self.study.unchanged(&begun)?;
            self.checked = true;
        }
        let generations = claims.generations().map_err(&disk)?;
        let (mut held, mut wait, mut now) = (0, false, None);
        if let Some(number) = self.second_chance(&begun).filter(|_| only.is_none()) {
            let generation = generations.get(&number).map_or(1, |generation| generation + 1);
            if let Some(assignment) = self.take(&claims, number, generation, true)? {
                return Ok(Next::Trial(Box::new(assignment)));
            }
        }
        for number in only.map_or(1..=self.study.study().trials(), |number| number..=number) {
            if self.over.contains(&number) {
                continue;
            }
            if begun.get(&number).is_some_and(|begun| begun.record.state.is_over()) {
                self.over.insert(number);
                continue;
            }
            let generation = generations.get(&number).copied();
            let grip = match generation {
                Some(generation) => self.grip(&claims, number, generation, &mut now).map_err(&disk)?,
                None => Grip::Free,
            };
            if grip == Grip::Free {
                let generation = generation.map_or(1, |generation| generation + 1);
                match self.take(&claims, number, generation, false)? {
                    Some(assignment) => return Ok(Next::Trial(Box::new(assignment))),
                    // Somebody was faster.
                    None => held += 1,
                }
            } else {
                held += 1;
                wait |= grip == Grip::Perhaps;
            }
        }
        Ok(if wait { Next::Wait } else { Next::Nothing { held } })
    }

    fn grip(
        &mut self,
        claims: &Claims,
        number: u32,
        generation: u32,
        now: &mut Option<SystemTime>,
    ) -> io::Result<Grip> {
        let found = claims.find(number, generation)?;
        let before = *self.heard.entry((number, generation)).or_insert(found.heard());
        let now = match now {
            Some(now) => *now,
            None => *now.insert(claims.now()?),
        };
        Ok(found.grip(&self.me, now, Some(before)))
    }

    /// A trial that ended early and is to go on after all.
    fn second_chance(&self, begun: &BTreeMap<u32, Begun>) -> Option<u32> {
        let study = self.study.study();
        second_chance(study.early_stopping?, study.search.objective.goal(), begun.values().map(|begun| &begun.record))
    }

    /// Claims a trial; `None` if somebody else did so first, is still writing there, or has finished it. One that ended
    /// early is taken only if it is to be `revived`.
    fn take(
        &mut self,
        claims: &Claims,
        number: u32,
        generation: u32,
        revived: bool,
    ) -> Result<Option<Assignment>, StudyError> {
        let disk = StudyError::disk(self.study.path());
        let claim = Claim { owner: self.me.clone(), since: runs::now(), step: 0, released: false };
        if !claims.make(number, generation, &claim).map_err(&disk)? {
            return Ok(None);
        }
        let lease = Lease::begin(claims, number, generation, claim, self.study.stop_file()).map_err(&disk)?;
        // Only now does nobody else write what is there.
        let begun = self.study.begun()?;
        let known = begun.get(&number).cloned();
        let is_over = |trial: &Begun| match trial.record.state {
            TrialState::EndedEarly => !revived || self.second_chance(&begun) != Some(number),
            state => state.is_over(),
        };
        if known.as_ref().is_some_and(is_over) {
            self.over.insert(number);
            return Ok(None);
        }
        let trial = self.study.trial(number, &begun)?;
        let Begun { folder, mut record } = match known {
            Some(begun) => begun,
            None => self.study.begin(&trial)?,
        };
        if runs::is_being_written(&folder) {
            return Ok(None);
        }
        let resumes = can_resume(&folder);
        if !resumes {
            clear(&folder).map_err(&disk)?;
            record = TrialRecord { began: Some(runs::now()), ..TrialRecord::new(&trial) };
            write(&folder, &record).map_err(&disk)?;
        }
        if record.state.is_over() {
            record = record.revived();
            write(&folder, &record).map_err(&disk)?;
        }
        self.over.remove(&number);
        lease.pulse().at(record.step());
        let kit = Kit::new(Arc::clone(&self.study), folder, record, lease.pulse());
        Ok(Some(Assignment { experiment: self.study.study().experiment(&trial), kit, resumes, _lease: lease }))
    }

    /// Puts trials back to where nobody has begun them: those of these numbers, or all that have failed.
    ///
    /// # Errors
    /// A number that no trial has, a trial that somebody works on, what the disk says.
    pub fn retry(&mut self, numbers: &[u32]) -> Result<Vec<u32>, StudyError> {
        let disk = StudyError::disk(self.study.path());
        numbers.iter().try_for_each(|&number| self.study.study().place(number).map(drop))?;
        let claims = self.study.claims();
        let begun = self.study.begun()?;
        let wanted = |(number, begun): &(&u32, &Begun)| match numbers {
            [] => begun.record.state == TrialState::Failed,
            numbers => numbers.contains(number),
        };
        let mut done = Vec::new();
        for (&number, begun) in begun.iter().filter(wanted) {
            let generation = claims.generations().map_err(&disk)?.get(&number).copied().unwrap_or(0);
            let claim = Claim { owner: self.me.clone(), since: runs::now(), step: 0, released: false };
            let found = if generation == 0 { None } else { Some(claims.find(number, generation).map_err(&disk)?) };
            let now = claims.now().map_err(&disk)?;
            let free = found.as_ref().is_none_or(|found| found.grip(&self.me, now, None) == Grip::Free);
            if !free || !claims.make(number, generation + 1, &claim).map_err(&disk)? {
                let owner =
                    found.and_then(|found| found.claim).map_or("somebody".to_owned(), |claim| claim.owner.to_string());
                return Err(StudyError::Busy { number, owner });
            }
            let _lease = Lease::begin(&claims, number, generation + 1, claim, self.study.stop_file()).map_err(&disk)?;
            clear(&begun.folder).map_err(&disk)?;
            let trial = self.study.trial(number, &BTreeMap::from([(number, begun.clone())]))?;
            write(&begun.folder, &TrialRecord::new(&trial)).map_err(&disk)?;
            self.over.remove(&number);
            done.push(number);
        }
        Ok(done)
    }
}

impl Assignment {
    /// What the trial is and how it stands.
    #[must_use]
    pub fn record(&self) -> TrialRecord {
        self.kit.record()
    }

    /// Its run folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.kit.folder
    }

    /// The experiment to run.
    ///
    /// # Errors
    /// Settings, chosen by a search that learns, with which none can be run.
    pub fn experiment(&self) -> Result<&Experiment, &StudyError> {
        self.experiment.as_ref()
    }

    /// Whether it goes on from a checkpoint; otherwise it begins.
    #[must_use]
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    /// Where the engine keeps it.
    #[must_use]
    pub fn keeper(&self) -> Box<dyn Keeper> {
        Box::new(TrialKeeper::new(self.kit.clone()))
    }

    /// Whether the study was stopped by hand since it was begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.kit.pulse.is_stopping()
    }

    /// Whether it could not be begun or ended for want of room, and not for anything that the trial can help.
    #[must_use]
    pub fn lacks_room(&self) -> bool {
        files::is_full(&self.kit.folder)
    }

    /// Tries to write what could not be written of how it stands; gives why that still fails.
    #[must_use]
    pub fn unwritten(&self) -> Option<String> {
        self.kit.write();
        self.kit.unwritten()
    }

    /// Writes down how it ended. Where that cannot be written at present, [`Self::unwritten`] tells and tries again.
    ///
    /// # Errors
    /// Somebody else has taken over.
    pub fn end(&self, ending: &Ending) -> Result<TrialRecord, StudyError> {
        let state = match ending {
            Ending::Interrupted => TrialState::Waiting,
            Ending::Failed(_) => TrialState::Failed,
            Ending::Finished(outcome) if outcome.arms.iter().all(|arm| arm.diverged_at.is_some()) => {
                TrialState::Diverged
            }
            // A stop that came during the last validation has ended it.
            Ending::Finished(outcome) if self.record().step() < outcome.steps => TrialState::Waiting,
            Ending::Finished(_) if self.record().why.is_some() => TrialState::EndedEarly,
            Ending::Finished(_) => TrialState::Done,
        };
        let change = |record: &mut TrialRecord| {
            record.state = state;
            if state == TrialState::Waiting {
                return;
            }
            match ending {
                Ending::Interrupted => {}
                Ending::Failed(why) => record.why = Some(why.clone()),
                Ending::Finished(outcome) => record.seconds = Some(outcome.seconds),
            }
            if state == TrialState::Diverged {
                record.why = Some(End::Diverged.into());
            } else if state != TrialState::Failed {
                record.objective = record.reports.last().and_then(|report| report.value);
            }
            record.ended = Some(runs::now());
        };
        let written =
            self.kit.note(change).map_err(|why| StudyError::disk(self.kit.study.path())(io::Error::other(why)));
        written.map(|()| self.record())
    }
}

/// Whether there is a checkpoint of every arm to go on from.
fn can_resume(folder: &Path) -> bool {
    runs::open(folder).is_ok_and(|run| run.can_go_on())
}

/// Removes what there is of a run beside the trial's own file; first the file that makes the folder a run.
fn clear(folder: &Path) -> io::Result<()> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_by_key(|path| path.extension().is_none_or(|ending| ending != "toml"));
    for path in paths.iter().filter(|path| !path.ends_with(TRIAL)) {
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}
