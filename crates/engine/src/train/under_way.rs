//! A session with its record: what is written of it, what cannot be written at present, and what is to be changed again
//! after a crash. Decides nothing about when to train; that is the worker's.

use super::checkpoint;
use super::failure::Failure;
use super::session::{Session, dataset_info};
use super::snapshot::Snapshot;
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::experiment::Extension;
use lab_core::instrument::Confusion;
use lab_core::names::quoted;
use lab_core::number::{self, plural};
use lab_core::protocol::keep::Record;
use lab_core::protocol::{Change, Command, DatasetInfo, End, Evaluation, Event, Intervention, Outcome, Past, PastStep};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long after a failure writing is tried again.
pub(super) const RETRY: Duration = Duration::from_secs(2);

/// What is known of a run that goes on.
#[derive(Default)]
pub(super) struct Before {
    pub past: Option<Arc<Past>>,
    pub outcome: Option<Outcome>,
}

impl Before {
    fn last(&self) -> Option<&PastStep> {
        let arms = self.past.iter().flat_map(|past| &past.arms);
        arms.filter_map(|arm| arm.steps.last()).max_by_key(|last| last.step)
    }

    /// The last step that was recorded.
    pub fn recorded(&self) -> u64 {
        self.last().map_or(0, |last| last.step)
    }

    /// How a run was left that nobody ended, and what a person should know of it whose networks are behind its record.
    pub fn left(&self, run: &Run) -> (Outcome, Option<String>) {
        let (step, recorded) = (run.session.step, self.recorded());
        let behind = recorded > step;
        let of = kept_at(&run.session);
        let reason =
            if behind { format!("the networks are those of {of}: interrupted") } else { "interrupted".to_owned() };
        let seconds = self.last().map_or(0.0, |last| last.seconds).max(run.session.seconds);
        let outcome = Outcome { steps: recorded.max(step), seconds, ..run.outcome(&reason.into()) };
        let said = behind.then(|| {
            let recorded = plural(recorded, "step");
            format!(
                "{recorded} were recorded, but the networks that were kept are those of {of}: these answer questions, and \
                 going on does the steps since then again"
            )
        });
        (outcome, said)
    }
}

/// The step that a session's networks are of, or of each the step of its own.
fn kept_at(session: &Session) -> String {
    let steps = || session.arms.iter().map(|arm| arm.progress.step);
    if steps().all(|step| step == session.step) {
        return format!("step {}", number::count(session.step));
    }
    let arms =
        session.arms.iter().map(|arm| format!("step {} ({})", number::count(arm.progress.step), quoted(&arm.name)));
    arms.collect::<Vec<_>>().join(", ")
}

/// A session with its record.
pub(super) struct Run {
    pub session: Session,
    pub record: Box<dyn Record>,
    pub paused: bool,
    pub over: bool,
    /// Steps to be done although the session is paused.
    pub singles: u32,
    /// The step at which the networks were last shown, and when that was.
    pub shown: Option<(u64, Instant)>,
    /// The folder of each arm's checkpoints.
    folders: Vec<Option<PathBuf>>,
    /// When checkpoints were written last.
    saved: Instant,
    /// Why the last ones could not be.
    unsaved: Option<String>,
    /// Why it has ended, while that waits to be written.
    ending: Option<End>,
    /// What was last reported of all that cannot be written.
    reported: Option<String>,
    tried: Instant,
    /// Whether it is as it was left: nothing has been written since it was opened.
    untouched: bool,
    /// What was changed by hand before a crash, to be changed again at these steps.
    again: VecDeque<(u64, Change)>,
    /// The last step that was recorded before a crash: up to there it is trained as it was.
    recorded: u64,
    /// By how much it is then to be extended.
    later: Vec<(u32, Extension)>,
}

impl Run {
    /// A session that has just begun.
    pub fn new(session: Session, record: Box<dyn Record>, paused: bool) -> Self {
        let now = Instant::now();
        let over = session.is_over() || session.has_stalled();
        let mut run = Self {
            session,
            record,
            paused,
            over,
            singles: 0,
            shown: None,
            folders: Vec::new(),
            saved: now,
            unsaved: None,
            ending: None,
            reported: None,
            tried: now,
            untouched: false,
            again: VecDeque::new(),
            recorded: 0,
            later: Vec::new(),
        };
        run.find_folders();
        (0..run.folders.len()).for_each(|arm| run.remember(arm));
        run
    }

    /// Has an arm that is kept in no folder remember its weights.
    fn remember(&mut self, arm: usize) {
        if self.folders.get(arm).is_some_and(Option::is_none) {
            self.session.arms[arm].remember();
        }
    }

    /// One that was kept, with so many steps recorded; nothing is written before it is taken up.
    pub fn opened(session: Session, record: Box<dyn Record>, recorded: u64) -> Self {
        Self { untouched: true, recorded, ..Self::new(session, record, false) }
    }

    /// Puts an extension off until the steps that were recorded beyond the newest checkpoint have been done again, which
    /// another schedule would change; tells so where there are such steps.
    pub fn puts_off(&mut self, epochs: u32, schedule: Extension) -> Option<String> {
        let behind = self.session.step < self.recorded;
        behind.then(|| {
            self.later.push((epochs, schedule));
            format!(
                "first the steps up to {} are done again as they were, for they were recorded after the newest checkpoint; \
                 then training is extended",
                number::count(self.recorded)
            )
        })
    }

    /// What was put off and is due now.
    pub fn due(&mut self) -> Vec<(u32, Extension)> {
        if self.session.step < self.recorded { Vec::new() } else { std::mem::take(&mut self.later) }
    }

    /// Goes on writing where the session stands, if that is not so yet: drops what was recorded after that, and has the
    /// changes that were made by hand then made again.
    ///
    /// # Errors
    /// What could not be written.
    pub fn take_up(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.untouched) {
            return Ok(());
        }
        self.again = self.record.rewind(self.session.step, &self.session.recorded()).map_err(Failure::Keep)?.into();
        self.change_again();
        self.over = self.session.is_over() || self.session.has_stalled();
        Ok(())
    }

    /// Validates every arm that is left, as long as `go_on`; gives those that this has stopped.
    ///
    /// # Errors
    /// What the device says when it fails, or what could not be written.
    pub fn evaluate(
        &mut self,
        mut go_on: impl FnMut() -> bool,
        mut tell: impl FnMut(Evaluation),
    ) -> Result<Vec<usize>, Failure> {
        let mut failed = Vec::new();
        for index in 0..self.session.arms.len() {
            let left = !self.session.arms[index].has_stopped();
            if let Some(evaluation) = self.session.evaluate(index, |_| go_on()) {
                self.record.evaluated(&evaluation).map_err(Failure::Keep)?;
                if evaluation.loss.is_finite() {
                    self.remember(index);
                }
                tell(evaluation);
            } else if left && self.session.arms[index].has_stopped() {
                failed.push(index);
            }
        }
        Ok(failed)
    }

    /// Takes note of why an arm has stopped, and gives it its last good weights back, so that these answer for it.
    ///
    /// # Errors
    /// What could not be written.
    pub fn stopped(&mut self, arm: usize) -> Result<Intervention, Failure> {
        let mut what = self.session.why_stopped(arm);
        let newest = self.record.checkpoints(arm).and_then(|folder| checkpoint::newest(&folder));
        let arm = &mut self.session.arms[arm];
        let stopped = Some(arm.name.clone());
        let taken = if let Some(newest) = newest {
            checkpoint::take_back(arm, &newest)
        } else {
            arm.recall();
            Ok(())
        };
        if let Err(why) = taken {
            what += &format!("; its last checkpoint cannot be read: {why}");
        }
        let intervention = Intervention { stopped, ..Intervention::new(self.session.step, what) };
        self.record.intervened(&intervention).map_err(Failure::Keep)?;
        Ok(intervention)
    }

    /// Makes the changes that were made by hand at this step before a crash; says whether there were any.
    pub fn change_again(&mut self) -> bool {
        let mut any = false;
        while let Some((_, change)) = self.again.pop_front_if(|(step, _)| *step <= self.session.step) {
            any = true;
            match change {
                // The log is a file that anybody may have edited; what no experiment may have is not made again.
                Change::Tune(tune) => {
                    let _ = self.session.tune(&tune);
                }
                Change::Length { steps, course } => self.session.reach(steps, course),
            }
        }
        any
    }

    /// Asking a record for these brings its files up to date, so it is not done at each look.
    fn find_folders(&mut self) {
        self.folders = (0..self.session.arms.len()).map(|arm| self.record.checkpoints(arm)).collect();
    }

    /// The networks as they are now, and where their checkpoints are.
    pub fn snapshot(&self) -> Snapshot {
        let which = [Checkpoint::Last, Checkpoint::Best];
        let both = |folder: &Option<PathBuf>| which.map(|which| Some(folder.as_ref()?.join(which.name())));
        Snapshot::of(&self.session, &self.folders.iter().map(both).collect::<Vec<_>>())
    }

    /// Whether a checkpoint is due although no validation is.
    pub fn is_save_due(&self) -> bool {
        self.saved.elapsed() > self.record.keeping().every
    }

    /// Writes checkpoints; what a person should know of that is given.
    ///
    /// # Errors
    /// What the device says when it fails. A disk that fails ends nothing.
    pub fn save(&mut self) -> Result<Vec<String>, Failure> {
        self.saved = Instant::now();
        let saved = self.session.save(self.record.as_mut())?;
        self.unsaved = saved.unwritten;
        Ok(saved.said)
    }

    /// Why something cannot be written at present.
    fn unwritten(&self) -> Option<String> {
        self.record.unwritten().or_else(|| self.unsaved.clone())
    }

    /// Whether something waits for being written.
    pub fn waits(&self) -> bool {
        self.reported.is_some() || self.unwritten().is_some()
    }

    /// Tries again to write what waits, from time to time.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn retry(&mut self) -> Result<Vec<String>, Failure> {
        if self.unwritten().is_none() || self.tried.elapsed() < RETRY {
            return Ok(Vec::new());
        }
        self.write()
    }

    /// Tries at once.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn write(&mut self) -> Result<Vec<String>, Failure> {
        self.tried = Instant::now();
        self.record.write();
        let said = if self.unsaved.is_some() { self.save()? } else { Vec::new() };
        self.write_end()?;
        Ok(said)
    }

    /// Ends it, and says how it stands.
    ///
    /// # Errors
    /// What could not be put into words.
    pub fn finish(&mut self, reason: End) -> Result<Outcome, Failure> {
        let outcome = self.outcome(&reason);
        self.ending = Some(reason);
        self.write_end()?;
        Ok(outcome)
    }

    /// Takes the end back.
    pub fn go_on(&mut self) {
        (self.over, self.paused, self.ending) = (false, false, None);
    }

    /// A run whose end is written counts as whole, so that comes after everything else.
    fn write_end(&mut self) -> Result<(), Failure> {
        match self.ending.take_if(|_| self.record.unwritten().is_none() && self.unsaved.is_none()) {
            Some(reason) => {
                let outcome = self.session.outcome(&reason, self.record.folder());
                self.record.finished(&outcome).map_err(Failure::Keep)
            }
            None => Ok(()),
        }
    }

    /// Goes on writing in another folder.
    ///
    /// # Errors
    /// Why that folder will not do, or what the device says when it fails.
    pub fn move_to(&mut self, folder: &Path) -> Result<Vec<String>, Failure> {
        self.record.move_to(folder).map_err(Failure::Keep)?;
        self.find_folders();
        self.shown = None;
        let said = self.save()?;
        self.write_end()?;
        Ok(said)
    }

    /// What is to be reported of what cannot be written, if that has changed.
    pub fn news(&mut self) -> Option<Event> {
        let now = self.unwritten();
        if now == self.reported {
            return None;
        }
        self.reported.clone_from(&now);
        Some(Event::Unwritten(now))
    }

    /// How the session stands.
    pub fn outcome(&self, reason: &End) -> Outcome {
        self.session.outcome(reason, self.record.folder())
    }

    /// Why it is over, when it is.
    pub fn reason(&self) -> End {
        let session = &self.session;
        let faulty = session.arms.iter().position(|arm| arm.fault.is_some());
        match faulty.filter(|_| session.all_stopped()) {
            Some(arm) => format!("no network is left: {}", session.why_stopped(arm)).into(),
            None if session.all_stopped() => End::Diverged,
            None if session.step >= session.total_steps => End::Complete,
            None => "stopped early: the validation loss no longer falls".into(),
        }
    }
}

/// # Errors
/// The images of a run are no longer those that it was started with.
pub(super) fn same_images(then: &DatasetInfo, now: &Dataset) -> Result<(), Failure> {
    then.changes(&dataset_info(now)).map_or(Ok(()), |how| Err(Failure::OtherImages(how)))
}

/// Whether a validation is to end early. A stop lets it come to its end, so that all arms are validated; a second one does
/// not, nor does what begins something else.
#[derive(Default)]
pub(super) struct Ending {
    stops: u32,
    elsewhere: bool,
}

impl Ending {
    pub fn hear(&mut self, command: &Command) {
        use Command::{Import, Open, Play, Quit, Resume, Start, Stop};
        self.stops += u32::from(matches!(command, Stop));
        self.elsewhere |=
            matches!(command, Start { .. } | Play { .. } | Resume { .. } | Open { .. } | Import(_) | Quit);
    }

    pub fn is_near(&self) -> bool {
        self.elsewhere || self.stops > 1
    }
}

/// Counts what images of which class were taken for which, in the validations of which that is known.
pub(super) fn count(past: &mut Past, dataset: &Dataset) {
    let labels = &dataset.validation.labels;
    for evaluation in past.arms.iter_mut().flat_map(|arm| &mut arm.evaluations) {
        if evaluation.predicted.len() == labels.len() {
            evaluation.confusion = Confusion::of(labels, &evaluation.predicted, dataset.classes.len());
        }
    }
}
