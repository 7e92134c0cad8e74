//! Follows one training in the engine until it ends or somebody wants it to.

use super::output::{self, Failure};
use super::progress::Progress;
use crossbeam_channel::RecvTimeoutError;
use lab_core::protocol::{Command, Event, Outcome};
use lab_engine::train::engine::Engine;
use std::time::Duration;

/// How long a signal may go unnoticed.
const LISTEN: Duration = Duration::from_millis(50);

/// How a training ended.
pub(super) enum Watched {
    /// By itself.
    Ended(Outcome),
    /// It was asked to, before its last step.
    Stopped(Outcome),
    /// It was asked to, before its first step.
    NotBegun,
}

/// Shows what happens until the run ends, or until `asked` and the step in progress is done. A run that is extended starts
/// twice, and may have ended in between.
pub(super) fn watch(
    engine: &Engine,
    asked: impl Fn() -> bool,
    starts: u32,
    progress: &mut Progress,
) -> Result<Watched, Failure> {
    let (mut started, mut stopping, mut total) = (0, false, 0);
    loop {
        match engine.events().recv_timeout(LISTEN) {
            Ok(Event::Finished(outcome)) if started >= starts => {
                let diverged = outcome.arms.iter().all(|arm| arm.diverged_at.is_some());
                let on_the_way = stopping && outcome.steps < total && !diverged;
                return Ok(if on_the_way { Watched::Stopped(*outcome) } else { Watched::Ended(*outcome) });
            }
            Ok(Event::Failed(why)) if started > 0 => return Err(Failure::Running(why)),
            Ok(Event::Failed(why)) => return Err(Failure::Usage(why)),
            Ok(event) => {
                if let Event::Prepared(prepared) = &event {
                    started += 1;
                    total = prepared.total_steps;
                }
                progress.show(event)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Running("the engine ended without saying why".to_owned()));
            }
        }
        if stopping || !asked() {
            continue;
        }
        if started == 0 {
            return Ok(Watched::NotBegun);
        }
        stopping = true;
        output::notice("stopping after this step; Ctrl-C again to stop at once");
        engine.send(Command::Stop);
    }
}
