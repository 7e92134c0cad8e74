//! Follows one training in the engine until it ends or somebody wants it to.

use super::output::{self, Failure};
use super::progress::Progress;
use super::room::Needed;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use lab_core::protocol::{Command, Event, Outcome};
use lab_engine::train::engine::Engine;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a signal may go unnoticed.
const LISTEN: Duration = Duration::from_millis(50);

/// How long somebody who wants to stop waits for a run that is about to begin.
const GRACE: Duration = Duration::from_secs(1);

/// How a training ended.
pub(super) enum Watched {
    /// By itself.
    Ended(Outcome),
    /// It was asked to, before its last step.
    Stopped(Outcome),
    /// By itself, but its end could not be written, for this reason.
    Unwritten(Outcome, String),
    /// It was asked to, before its first step.
    NotBegun,
}

/// Shows what happens until the run ends, or until `asked` and the step in progress is done, or until nobody reads what is
/// shown. A run that is extended starts twice, and may have ended in between. What cannot be written in the end is waited for
/// with `patience`, or goes to a folder that `another` names.
pub(super) fn watch(
    engine: &Engine,
    asked: impl Fn() -> bool,
    mut another: impl FnMut() -> Option<PathBuf>,
    patience: Duration,
    starts: u32,
    progress: &mut Progress,
) -> Result<Watched, Failure> {
    let (mut started, mut stopping, mut total) = (0, false, 0);
    let (mut unwritten, mut ended, mut since, mut needed) = (None, None, None, None);
    let mut waiting: Option<Instant> = None;
    loop {
        match engine.events().recv_timeout(LISTEN) {
            Ok(Event::Finished(outcome)) if started >= starts => {
                let diverged = outcome.arms.iter().all(|arm| arm.diverged_at.is_some() || arm.fault.is_some());
                let on_the_way = stopping && outcome.steps < total && !diverged;
                ended = Some(if on_the_way { Watched::Stopped(*outcome) } else { Watched::Ended(*outcome) });
                if unwritten.is_some() {
                    waiting = Some(Instant::now());
                    progress.waits(needed.as_ref().and_then(Needed::in_words).as_deref(), patience);
                }
            }
            Ok(Event::Failed(why)) if started > 0 => return Err(Failure::Running(why)),
            Ok(Event::Failed(why)) => return Err(Failure::Usage(why)),
            Ok(event) => {
                match &event {
                    Event::Prepared(prepared) => {
                        started += 1;
                        total = prepared.total_steps;
                        needed = Needed::of(prepared);
                        // It has moved after its end.
                        if let Some(Watched::Ended(outcome) | Watched::Stopped(outcome)) = &mut ended {
                            outcome.run.clone_from(&prepared.run);
                        }
                    }
                    Event::Unwritten(why) => unwritten.clone_from(why),
                    _ => {}
                }
                progress.show(event)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Running("the engine ended without saying why".to_owned()));
            }
        }
        match (&unwritten, ended.take()) {
            (None, Some(ended)) => return Ok(ended),
            (Some(why), Some(ended)) if asked() || waiting.is_some_and(|since| since.elapsed() >= patience) => {
                let wanted = needed.as_ref().and_then(Needed::in_words);
                let why = wanted.map_or_else(|| why.clone(), |wanted| format!("{why} ({wanted})"));
                return match ended {
                    Watched::Ended(outcome) | Watched::Stopped(outcome) => Ok(Watched::Unwritten(outcome, why)),
                    _ => Err(Failure::Running(format!("the end of the run is not written: {why}"))),
                };
            }
            (Some(_), waits) => {
                ended = waits;
                another().into_iter().for_each(|folder| engine.send(Command::MoveRun(folder)));
            }
            (None, None) => {}
        }
        let unread = progress.is_unread();
        if stopping || !(asked() || unread) {
            continue;
        }
        if started == 0 {
            // It may be about to begin; reading images may take minutes more.
            if since.get_or_insert_with(Instant::now).elapsed() < GRACE {
                continue;
            }
            return Ok(Watched::NotBegun);
        }
        stopping = true;
        output::notice(if unread {
            "stopping after this step, because nobody reads the output any more"
        } else {
            "stopping after this step; Ctrl-C again to stop at once"
        });
        engine.send(Command::Stop);
    }
}

/// Folders that a person types, one a line. Reading begins with the first time that one is wanted, and not where it would
/// stop a process in the background.
pub(super) fn typed() -> impl FnMut() -> Option<PathBuf> {
    let mut lines: Option<Receiver<PathBuf>> = None;
    move || {
        let lines = lines.get_or_insert_with(|| {
            let (sender, receiver) = unbounded();
            if !is_in_the_background() {
                std::thread::spawn(move || {
                    let lines = std::io::stdin().lines().map_while(Result::ok);
                    let mut folders = lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
                    folders.all(|folder| sender.send(PathBuf::from(folder)).is_ok());
                });
            }
            receiver
        });
        lines.try_recv().ok()
    }
}

/// Whether the terminal belongs to another process at present, as the system tells it on Linux.
fn is_in_the_background() -> bool {
    let about = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold spaces; after it come state, parent, group, session, terminal, the terminal's group.
    let fields: Vec<&str> = about.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    std::io::stdin().is_terminal() && fields.get(2) != fields.get(5)
}
