//! `residual-lab study work`: one process that takes trials of a study until nothing is left to do. It is the one place
//! where trials are run, whoever started the process: a person, `study run`, the window or a scheduler.

use super::folder::{open, refused};
use crate::cli::devices::DeviceArgs;
use crate::cli::output::{self, Failure};
use crate::cli::progress::Progress;
use crate::cli::signals::Signals;
use crate::cli::watch::{Watched, watch};
use lab_core::experiment::DeviceChoice;
use lab_core::files;
use lab_core::number::plural;
use lab_core::protocol::Command;
use lab_core::study::{Assignment, Ending, Next, Study, StudyFolder, TrialRecord, TrialState, Worker};
use lab_engine::train::engine::Engine;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// While others may have died at work, it is looked again this often.
const LOOK: Duration = Duration::from_millis(500);

/// After so many failures, one after another, it is not the trials' fault.
const MOST_FAILURES: u32 = 3;

/// Arguments of `study work`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is left to do, 75 stopped before that (Ctrl-C, SIGTERM, SIGUSR1, SIGUSR2, or no reader),
1 trials failed.

Examples:
  residual-lab study work rates
  residual-lab study work rates --index 3      trial 3 and no other"
)]
pub struct Args {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Work on this trial only; they count from 1
    #[arg(long, value_name = "I")]
    index: Option<u32>,
    #[command(flatten)]
    at: DeviceArgs,
    /// Say nothing but what goes wrong
    #[arg(long)]
    quiet: bool,
    /// Stop, with a checkpoint, when the standard input ends: for whoever starts this process and may end before it
    #[arg(long)]
    until_input_ends: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    if args.until_input_ends {
        signals.mind_the_input();
    }
    let (study, device) = (open(&args.folder)?, args.at.device);
    work(study, Work { only: args.index, device, quiet: args.quiet, signals: &signals })
}

/// Which trials of a study are taken, and how.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    /// This one and no other; all that are left if absent.
    pub only: Option<u32>,
    pub device: DeviceChoice,
    /// Says nothing but what goes wrong.
    pub quiet: bool,
    pub signals: &'a Signals,
}

/// Takes trials until nothing is left to do.
pub(super) fn work(study: StudyFolder, how: Work) -> Result<(), Failure> {
    let folder = study.path().to_owned();
    take(&mut Worker::new(study), how).map_err(|failure| unread(&folder, failure))
}

/// A failure before the work was done: if it is that nobody reads the output any more, how to go on.
pub(super) fn unread(study: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Silent => Failure::Unfinished(format!(
            "stopped, because nobody reads the output any more; `residual-lab study run {}` goes on",
            output::word(study)
        )),
        failure => failure,
    }
}

fn take(worker: &mut Worker, Work { only, device, quiet, signals }: Work) -> Result<(), Failure> {
    if device != DeviceChoice::Auto {
        // A device that is not there is no trial's fault.
        lab_engine::train::device::open(device).map_err(Failure::usage)?;
    }
    let (mut failed, mut in_a_row) = (0, 0);
    let mut progress = Progress::of_trials(quiet);
    while !signals.asked() {
        match worker.next(only) {
            Err(why) if why.lacks_room() => wait_for_room(worker.study(), signals),
            Err(why) => return Err(refused(why)),
            Ok(Next::Trial(assignment)) => {
                if !quiet {
                    output::print(&format!("\n{}", title(worker.study().study(), &assignment.record())))?;
                }
                match one(*assignment, device, &mut progress, signals)? {
                    TrialState::Failed => (failed, in_a_row) = (failed + 1, in_a_row + 1),
                    TrialState::Waiting => wait_for_room(worker.study(), signals),
                    _ => in_a_row = 0,
                }
                if in_a_row == MOST_FAILURES {
                    break;
                }
            }
            Ok(Next::Wait) => std::thread::sleep(LOOK),
            Ok(Next::Nothing { held }) => {
                if held > 0 && !quiet {
                    let are = if held == 1 { "is" } else { "are" };
                    output::notice(&format!("{} {are} being worked on by others", plural(held.into(), "trial")));
                }
                break;
            }
            Ok(Next::Stopped) => {
                output::notice("the study was stopped; `residual-lab study run` goes on with it");
                break;
            }
        }
    }
    if failed > 0 {
        let rest = if in_a_row == MOST_FAILURES { ", one after another, so the rest was left alone" } else { "" };
        let why = format!(
            "{} failed{rest}; `residual-lab study status` says why, `study retry` tries again",
            plural(failed, "trial")
        );
        return Err(Failure::Running(why));
    }
    signals.stopped()
}

/// Begins nothing while the disk is full.
fn wait_for_room(study: &StudyFolder, signals: &Signals) {
    if !files::is_full(study.path()) {
        return;
    }
    let folder = study.path().display();
    output::notice(&format!("the disk of {folder} is full; make room there, and the study goes on"));
    while files::is_full(study.path()) && !signals.asked() {
        std::thread::sleep(LOOK);
    }
}

/// Runs one trial to its end, or until somebody wants to stop.
fn one(
    assignment: Assignment,
    device: DeviceChoice,
    progress: &mut Progress,
    signals: &Signals,
) -> Result<TrialState, Failure> {
    let outcome = match assignment.experiment() {
        Ok(experiment) => {
            let engine = Engine::start(assignment.keeper(), || {}).map_err(Failure::running)?;
            engine.send(if assignment.resumes() {
                Command::Resume { run: assignment.folder().to_owned(), device }
            } else {
                Command::Start { experiment: Box::new(experiment.clone()), device, paused: false }
            });
            let asked = || signals.asked() || assignment.is_stopping();
            // Whoever works on a study waits for room as long as it takes: other trials need it, too.
            let watched = watch(&engine, asked, || None, Duration::MAX, 1, progress);
            progress.rest();
            watched
        }
        Err(why) => Err(Failure::usage(why)),
    };
    let ending = match &outcome {
        Ok(Watched::Ended(outcome)) => Ending::Finished(outcome),
        Ok(Watched::Stopped(_) | Watched::Unwritten(..) | Watched::NotBegun) => Ending::Interrupted,
        Err(Failure::Running(_) | Failure::Usage(_)) if assignment.lacks_room() => Ending::Interrupted,
        Err(Failure::Running(why) | Failure::Usage(why)) => Ending::Failed(why.clone()),
        Err(_) => Ending::Interrupted,
    };
    let number = assignment.record().number;
    let ended = assignment.end(&ending);
    if let Some(why) = assignment.unwritten() {
        output::notice(&format!("how trial {number} ended waits to be written: {why}"));
        while assignment.unwritten().is_some() && !signals.asked() {
            std::thread::sleep(LOOK);
        }
    }
    match ended {
        Ok(record) => {
            if let Some(why) = &record.why {
                output::notice(&format!("trial {number}: {why}"));
            }
            // Whoever read the output has gone away; the trial is gone on with some other time.
            if progress.is_unread() { Err(Failure::Silent) } else { Ok(record.state) }
        }
        Err(why) => {
            output::notice(&format!("trial {number} is left to others: {why}"));
            Ok(TrialState::Waiting)
        }
    }
}

/// What a trial is, in one line.
pub(super) fn title(study: &Study, record: &TrialRecord) -> String {
    let seed = if study.seeds().len() > 1 { format!("seed {}", record.seed) } else { String::new() };
    let parts: Vec<&str> = [record.point.as_str(), &seed].into_iter().filter(|part| !part.is_empty()).collect();
    let of = format!("trial {} of {}", record.number, study.trials());
    if parts.is_empty() { of } else { format!("{of}: {}", parts.join(", ")) }
}
