//! Studies that are worked on by processes of this program, one after the other: what runs, what waits. Nothing here waits
//! for a process. Knows nothing of what is in a study's folder.

use crate::own_program::{self, Complaint, OwnProgram};
use lab_core::behind::behind;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What the program is called with to work on a study; the folder is part of it.
#[derive(Clone, Debug)]
pub(super) struct StudyJob {
    pub folder: PathBuf,
    pub words: Vec<OsString>,
    /// What it is called with to go on.
    pub again: Vec<OsString>,
}

struct RunningStudy {
    job: StudyJob,
    process: Child,
    complaint: Complaint,
    /// Whether it was asked to stop.
    stopping: bool,
    /// How and when it ended.
    ended: Option<(ExitStatus, Instant)>,
}

/// How long after a process has ended its last words are waited for: a process that it began may keep the line open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The process that works, and what waits for it to end.
#[derive(Default)]
pub struct WorkQueue {
    program: OwnProgram,
    running: Option<RunningStudy>,
    waiting: Vec<StudyJob>,
    /// Whether nothing new is begun.
    paused: bool,
    /// How the last process ended, if not well.
    failure: Option<String>,
}

impl WorkQueue {
    pub(super) fn new(program: OwnProgram) -> Self {
        Self { program, ..Self::default() }
    }

    /// Whether a process of this window works on a study.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The study that is worked on.
    #[must_use]
    pub fn current(&self) -> Option<&Path> {
        self.running.as_ref().map(|running| running.job.folder.as_path())
    }

    /// Whether it was asked to stop and has not done so yet.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.stopping)
    }

    /// Whether nothing new is begun until [`Self::go_on`].
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The studies that wait, in their order.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Path> {
        self.waiting.iter().map(|job| job.folder.as_path()).collect()
    }

    pub(super) fn failure(&self) -> Option<&String> {
        self.failure.as_ref()
    }

    /// Begins at once, or behind the studies that wait already.
    pub(super) fn add(&mut self, job: StudyJob) -> Result<(), String> {
        self.program.call([])?;
        let is_known =
            |folder: &Path| self.current() == Some(folder) && !self.is_stopping() || self.waiting().contains(&folder);
        if is_known(&job.folder) {
            return Ok(());
        }
        if self.running.is_some() || self.paused {
            self.waiting.push(job);
            return Ok(());
        }
        self.start(job)
    }

    fn start(&mut self, job: StudyJob) -> Result<(), String> {
        let mut command = self.program.call(job.words.iter().cloned().chain(["--until-input-ends".into()]))?;
        // When the window ends, by force or not, its end of the pipe closes, and the process stops with a checkpoint.
        command.stdin(Stdio::piped());
        let (process, complaint) = behind(|| own_program::start(&mut command))?;
        self.running = Some(RunningStudy { job, process, complaint, stopping: false, ended: None });
        self.failure = None;
        Ok(())
    }

    /// Asks the process to stop after the step in progress, with a checkpoint; the next study begins.
    pub fn stop(&mut self) {
        if let Some(running) = &mut self.running {
            drop(running.process.stdin.take());
            running.stopping = true;
        }
    }

    /// The same, but nothing else begins, and the study is the first to go on.
    pub fn pause(&mut self) {
        if let Some(running) = &self.running {
            let StudyJob { folder, again, .. } = running.job.clone();
            self.waiting.insert(0, StudyJob { folder, words: again.clone(), again });
        }
        self.paused = true;
        self.stop();
    }

    /// Takes a pause back.
    pub fn go_on(&mut self) {
        self.paused = false;
    }

    /// Lets a waiting study and the one behind it change places.
    pub fn later(&mut self, place: usize) {
        if place + 1 < self.waiting.len() {
            self.waiting.swap(place, place + 1);
        }
    }

    /// Takes a study from among those that wait; its folder stays.
    pub fn leave(&mut self, place: usize) {
        if place < self.waiting.len() {
            self.waiting.remove(place);
        }
    }

    /// Looks whether the process has ended, and begins the next one. Whether anything has changed.
    pub(super) fn tend(&mut self) -> bool {
        let mut ended = false;
        if let Some(running) = &mut self.running
            && running.ended.is_none()
            && let Ok(Some(status)) = running.process.try_wait()
        {
            running.ended = Some((status, Instant::now()));
        }
        let heard = |running: &mut RunningStudy| {
            let said = |at: Instant| running.complaint.is_finished() || at.elapsed() > LAST_WORDS;
            running.ended.is_some_and(|(_, at)| said(at))
        };
        if let Some(RunningStudy { job, complaint, ended: Some((status, _)), .. }) = self.running.take_if(heard) {
            let said = if complaint.is_finished() { complaint.join().unwrap_or_default() } else { None };
            let name = job.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            self.failure = own_program::failure(status, said).map(|why| match status.code() {
                Some(1) => format!("{name}: trainings failed; the table of trials says why."),
                _ => format!("{name}: {why}"),
            });
            ended = true;
        }
        if self.running.is_none() && !self.paused && !self.waiting.is_empty() {
            let failure = self.failure.take();
            let job = self.waiting.remove(0);
            let begun = self.start(job);
            // What went wrong with the study before is still shown.
            self.failure = begun.err().or(failure);
            ended = true;
        }
        ended
    }
}
