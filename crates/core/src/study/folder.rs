//! A study's folder: made, opened, looked through. It is the whole state of the study; whoever shares it may work on it.

use super::changed;
use super::checked::{Study, Trial};
use super::claim::{Claims, Found, Grip};
use super::error::StudyError;
use super::layout::{CLAIMS, STOP, STUDY, TRIAL, TRIALS, number_of, trial_name};
use super::owner::Owner;
use super::plan::StudyPlan;
use super::record::{TrialRecord, TrialState};
use crate::files::{create_folder, json, remove_if_there, write_atomically};
use crate::runs;
use crate::search::{KnownTrial, State};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A study on disk.
#[derive(Clone, Debug)]
pub struct StudyFolder {
    folder: PathBuf,
    study: Study,
}

/// A trial that has a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    pub folder: PathBuf,
    /// What its file says.
    pub record: TrialRecord,
}

/// How a trial stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nobody has begun it.
    Waiting,
    /// Somebody works on it.
    Running {
        owner: Owner,
        /// The newest step that was reported.
        step: u64,
    },
    /// It was begun, and nobody works on it.
    Interrupted,
    /// It has ended.
    Over(TrialState),
}

impl Standing {
    /// In a word or two.
    #[must_use]
    pub fn in_words(&self) -> &'static str {
        self.order_and_words().1
    }

    /// Its place among all where they are counted, and its words.
    fn order_and_words(&self) -> (u8, &'static str) {
        match self {
            Self::Over(TrialState::Done) => (0, "done"),
            Self::Over(TrialState::EndedEarly) => (1, "ended early"),
            Self::Over(TrialState::Diverged) => (2, "diverged"),
            Self::Over(TrialState::Failed) => (3, "failed"),
            Self::Running { .. } => (4, "running"),
            Self::Interrupted => (5, "interrupted"),
            Self::Waiting | Self::Over(TrialState::Waiting) => (6, "waiting"),
        }
    }
}

/// How many trials stand how: `3 done, 1 running`.
#[must_use]
pub fn tally(trials: &[Seen]) -> String {
    let mut counts = BTreeMap::new();
    trials.iter().for_each(|trial| *counts.entry(trial.standing.order_and_words()).or_insert(0_usize) += 1);
    let parts: Vec<String> = counts.into_iter().map(|((_, words), count)| format!("{count} {words}")).collect();
    parts.join(", ")
}

/// A trial as whoever looks at the study sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Counted from 1.
    pub number: u32,
    /// Its point in words; `None` while a search that learns has not chosen it.
    pub point: Option<String>,
    pub seed: u64,
    pub standing: Standing,
    /// Its folder and what is written there, if it was begun.
    pub begun: Option<Begun>,
}

impl Seen {
    /// Steps that are done.
    #[must_use]
    pub fn steps(&self) -> u64 {
        let record = self.begun.as_ref().map(|begun| &begun.record);
        match &self.standing {
            Standing::Running { step, .. } => *step,
            Standing::Over(TrialState::Done) => self.total_steps().unwrap_or(0),
            _ => record.map_or(0, TrialRecord::step),
        }
    }

    /// Steps in all, once it has begun.
    #[must_use]
    pub fn total_steps(&self) -> Option<u64> {
        self.begun.as_ref()?.record.total_steps
    }

    /// What it came to, or its newest validation while it trains.
    #[must_use]
    pub fn newest(&self) -> Option<f64> {
        let record = &self.begun.as_ref()?.record;
        record.objective.or_else(|| record.reports.last()?.value)
    }

    /// Its point as a table has it.
    #[must_use]
    pub fn point_in_words(&self) -> &str {
        self.point.as_deref().unwrap_or("not chosen yet")
    }
}

impl StudyFolder {
    /// Makes the folder of a study. Its file says all: the experiment is written out, and paths are absolute.
    ///
    /// # Errors
    /// A search of nothing, a folder with something in it, or what the system says.
    pub fn create(folder: &Path, study: Study) -> Result<Self, StudyError> {
        let disk = StudyError::disk(folder);
        study.is_sensible()?;
        let study = study.anchored().map_err(&disk)?;
        let text = study.to_toml()?;
        let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if folder.exists() && !is_empty {
            return Err(StudyError::Taken(folder.to_owned()));
        }
        if is_empty {
            fs::remove_dir(folder).map_err(&disk)?;
        }
        if let Some(place) = folder.parent() {
            fs::create_dir_all(place).map_err(&disk)?;
        }
        create_folder(folder, |new| {
            fs::create_dir(new.join(TRIALS))?;
            fs::create_dir(new.join(CLAIMS))?;
            write_atomically(&new.join(STUDY), text.as_bytes())
        })
        .map_err(&disk)?;
        Ok(Self { folder: folder.to_owned(), study })
    }

    /// Makes a new folder in this one, named by date, time and study.
    ///
    /// # Errors
    /// What the system says.
    pub fn create_under(place: &Path, study: Study) -> Result<Self, StudyError> {
        Self::create(&new_folder(place, &study.name), study)
    }

    /// Opens a study's folder.
    ///
    /// # Errors
    /// No study folder, or what is wrong with its file.
    pub fn open(folder: &Path) -> Result<Self, StudyError> {
        if !is_study(folder) {
            return Err(StudyError::NotAStudy(folder.to_owned()));
        }
        let study = Study::check(StudyPlan::read(&folder.join(STUDY))?)?;
        Ok(Self { folder: folder.to_owned(), study })
    }

    /// The study.
    #[must_use]
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where its trials' run folders are, as a list of runs shows them.
    #[must_use]
    pub fn trials_folder(&self) -> PathBuf {
        self.folder.join(TRIALS)
    }

    pub(super) fn claims(&self) -> Claims {
        Claims::in_folder(self.folder.join(CLAIMS))
    }

    pub(super) fn stop_file(&self) -> PathBuf {
        self.folder.join(STOP)
    }

    /// Asks everybody who works on the study to stop after the step in progress, with a checkpoint, and nobody to begin.
    ///
    /// # Errors
    /// What the system says.
    pub fn stop(&self) -> Result<(), StudyError> {
        write_atomically(&self.stop_file(), b"").map_err(StudyError::disk(&self.folder))
    }

    /// Takes [`Self::stop`] back.
    ///
    /// # Errors
    /// What the system says.
    pub fn go_on(&self) -> Result<(), StudyError> {
        remove_if_there(&self.stop_file()).map_err(StudyError::disk(&self.folder))
    }

    /// Whether it was stopped by hand.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop_file().exists()
    }

    /// The trials that were begun, by their numbers.
    ///
    /// # Errors
    /// A folder that cannot be read, a damaged file.
    pub fn begun(&self) -> Result<BTreeMap<u32, Begun>, StudyError> {
        let disk = StudyError::disk(&self.folder);
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(self.trials_folder()).map_err(&disk)? {
            let folder = entry.map_err(&disk)?.path();
            let Some(number) = number_of(&folder) else { continue };
            if let Some(record) = read(&folder)? {
                found.insert(number, Begun { folder, record });
            }
        }
        Ok(found)
    }

    /// Every trial, in order of their numbers.
    ///
    /// # Errors
    /// A folder that cannot be read, a damaged file.
    pub fn trials(&self) -> Result<Vec<Seen>, StudyError> {
        let disk = StudyError::disk(&self.folder);
        let begun = self.begun()?;
        self.unchanged(&begun)?;
        let (claims, me) = (self.claims(), Owner::me());
        let generations = claims.generations().map_err(&disk)?;
        let mut now = None;
        let mut seen = Vec::new();
        for number in 1..=self.study.trials() {
            let begun = begun.get(&number).cloned();
            let claimed =
                generations.get(&number).filter(|_| begun.as_ref().is_none_or(|begun| !begun.record.state.is_over()));
            let found = claimed.map(|&generation| claims.find(number, generation)).transpose().map_err(&disk)?;
            let standing = match (&begun, found.and_then(|found| found.claim.clone().zip(Some(found)))) {
                (Some(Begun { record, .. }), _) if record.state.is_over() => Standing::Over(record.state),
                (_, Some((claim, found))) if self.is_held(&found, &me, &mut now).map_err(&disk)? => {
                    Standing::Running { owner: claim.owner, step: claim.step }
                }
                (Some(_), _) => Standing::Interrupted,
                (None, _) => Standing::Waiting,
            };
            let (_, seed) = self.study.place(number)?;
            let point = match &begun {
                Some(begun) => Some(begun.record.point.clone()),
                None if self.study.learns() => None,
                None => Some(self.study.trial(number, &[])?.words),
            };
            seen.push(Seen { number, point, seed, standing, begun });
        }
        Ok(seen)
    }

    /// Finds a trial that was begun as another one than study.toml now has in its place: a mean over both would say nothing.
    pub(super) fn unchanged(&self, begun: &BTreeMap<u32, Begun>) -> Result<(), StudyError> {
        let moved = begun.iter().find(|(number, Begun { record, .. })| {
            let place = self.study.place(**number).ok();
            place.is_some_and(|(point, seed)| {
                let settings = self.study.settings_of(point);
                record.seed != seed || settings.is_some_and(|settings| settings != record.settings)
            })
        });
        moved.map_or(Ok(()), |(number, _)| self.trial(*number, begun).map(drop))?;
        let since = changed::written(&self.folder.join(STUDY));
        begun.iter().try_for_each(|(&number, Begun { folder, record })| {
            let Ok((point, seed)) = self.study.place(number) else { return Ok(()) };
            let (words, settings) = (record.point.clone(), record.settings.clone());
            match changed::first(&self.study, since, &Trial { number, point, words, settings, seed }, folder) {
                Some([was, is]) => Err(StudyError::Changed { number, was, is }),
                None => Ok(()),
            }
        })
    }

    fn is_held(&self, found: &Found, me: &Owner, now: &mut Option<std::time::SystemTime>) -> io::Result<bool> {
        let now = match now {
            Some(now) => *now,
            None => *now.insert(self.claims().now()?),
        };
        Ok(found.grip(me, now, None) != Grip::Free)
    }

    /// The trial of this number: as it was begun, or as the search now chooses it.
    ///
    /// # Errors
    /// A number that no trial has; a trial that was begun as another one than the study now has.
    pub(super) fn trial(&self, number: u32, begun: &BTreeMap<u32, Begun>) -> Result<Trial, StudyError> {
        let planned = self.study.trial(number, &self.known(begun))?;
        let Some(record) = begun.get(&number).map(|begun| &begun.record) else { return Ok(planned) };
        let same = record.seed == planned.seed && (self.study.learns() || record.settings == planned.settings);
        if !same {
            let words = |point: &str, seed| format!("{point} seed {seed}").trim_start().to_owned();
            let (was, is) = (words(&record.point, record.seed), words(&planned.words, planned.seed));
            return Err(StudyError::Changed { number, was, is });
        }
        Ok(Trial { words: record.point.clone(), settings: record.settings.clone(), ..planned })
    }

    /// What a search that learns knows of the points so far: each by the mean over its seeds, once all have ended.
    fn known(&self, begun: &BTreeMap<u32, Begun>) -> Vec<KnownTrial> {
        if !self.study.learns() {
            return Vec::new();
        }
        let goal = self.study.search.objective.goal();
        let mut points: BTreeMap<u32, Vec<&TrialRecord>> = BTreeMap::new();
        for (number, Begun { record, .. }) in begun {
            if let Ok((point, _)) = self.study.place(*number) {
                points.entry(point).or_default().push(record);
            }
        }
        let known = |(point, records): (u32, Vec<&TrialRecord>)| {
            let is = |state| records.iter().any(|record| record.state == state);
            let all = records.len() == self.study.seeds().len() && records.iter().all(|record| record.state.is_over());
            let state = match all {
                false => State::Running,
                true if is(TrialState::Failed) => State::Failed,
                true if is(TrialState::EndedEarly) => State::Pruned,
                true => {
                    let worth: f64 = records.iter().map(|record| record.worth(goal)).sum();
                    State::Finished(worth / records.len() as f64)
                }
            };
            let place = self.study.found(&records.first()?.settings)?;
            // How far points came that were ended early; for several seeds, the first stands for all.
            let rungs = records.first()?.rungs();
            Some(KnownTrial { trial: u64::from(point), point: place, state, rungs })
        };
        points.into_iter().filter_map(known).collect()
    }

    /// Makes a trial's folder.
    pub(super) fn begin(&self, trial: &Trial) -> Result<Begun, StudyError> {
        let folder = self.trials_folder().join(trial_name(trial, self.study.seeds().len()));
        let record = TrialRecord::new(trial);
        create_folder(&folder, |new| write(new, &record)).map_err(StudyError::disk(&self.folder))?;
        Ok(Begun { folder, record })
    }
}

/// A folder for a new study that is not there yet, in this one, named by date, time and study.
#[must_use]
pub fn new_folder(place: &Path, name: &str) -> PathBuf {
    runs::free_name(place, name)
}

/// What the study in a folder is called; `None` where there is none that can be read.
#[must_use]
pub fn name_of(folder: &Path) -> Option<String> {
    StudyPlan::read(&folder.join(STUDY)).ok().map(|plan| plan.name)
}

/// Whether a folder is a study's.
#[must_use]
pub fn is_study(folder: &Path) -> bool {
    folder.join(STUDY).is_file()
}

/// Reads what a trial's folder says of it; `None` where it says nothing.
pub(super) fn read(folder: &Path) -> Result<Option<TrialRecord>, StudyError> {
    let path = folder.join(TRIAL);
    let damaged = |why: String| StudyError::Damaged { path: path.clone(), why };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Writes down how a trial stands.
pub(super) fn write(folder: &Path, record: &TrialRecord) -> io::Result<()> {
    write_atomically(&folder.join(TRIAL), &json(record)?)
}
