//! `residual-lab study run`: a study on this machine, several trials at a time, each in a process of its own.

use super::folder::{create, find, open};
use super::here::{here, show};
use super::status::tally;
use super::work::{title, unread};
use crate::cli::devices::DeviceArgs;
use crate::cli::output::{self, Failure};
use crate::cli::signals::Signals;
use indicatif::ProgressBar;
use lab_core::experiment::DeviceChoice;
use lab_core::study::{Standing, StudyFolder, StudyPlan, TrialState};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Signals are looked for this often, and whether a process has ended.
const LISTEN: Duration = Duration::from_millis(100);

/// The folder is looked through this often.
const LOOK: Duration = Duration::from_secs(1);

/// Arguments of `study run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ctrl-C stops after the steps in progress and keeps everything; the same command goes on.

Examples:
  residual-lab study run rates
  residual-lab study run rates --jobs 4
  residual-lab study run my-study.toml --out rates")]
pub struct Args {
    /// A study's folder, or a study.toml of which a folder is made
    #[arg(value_name = "FILE_OR_FOLDER")]
    study: PathBuf,
    /// How many trials at a time; the processor's threads are shared among them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: u16,
    #[command(flatten)]
    at: DeviceArgs,
    /// With a file: the study's folder, which must be empty or absent; a new one in the usual place if left out
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the results as JSON and nothing else
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let study = if find(&args.study).is_none() && args.study.is_file() {
        create(StudyPlan::read(&args.study).map_err(Failure::usage)?, args.out.as_deref())?
    } else if args.out.is_some() {
        return Err(Failure::Usage("--out goes with a study's file; a folder is where it is".to_owned()));
    } else {
        open(&args.study)?
    };
    if args.jobs == 1 { here(study, args.at.device, args.json) } else { together(&study, args) }
}

fn together(study: &StudyFolder, args: &Args) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    study.go_on().map_err(Failure::running)?;
    if !args.json {
        let said = output::print(&format!("study folder: {}", study.path().display()));
        said.map_err(|failure| unread(study.path(), failure))?;
    }
    let threads = (rayon::current_num_threads() / usize::from(args.jobs)).max(1);
    let mut workers =
        (0..args.jobs).map(|_| start(study, args.at.device, threads)).collect::<Result<Vec<Child>, Failure>>()?;
    let mut watcher = Watcher::new(study, args.json);
    while !workers.is_empty() {
        std::thread::sleep(LISTEN);
        if signals.asked() {
            // The end of their input is what they stop for, and would be, too, if this process ended by force.
            workers.iter_mut().for_each(|worker| drop(worker.stdin.take()));
        }
        // How they ended says less than the folder: what one leaves behind, another may have done.
        workers.retain_mut(|worker| worker.try_wait().is_ok_and(|status| status.is_none()));
        watcher.look(workers.is_empty()).map_err(|failure| unread(study.path(), failure))?;
    }
    drop(watcher);
    let shown = show(study, args.json);
    // Whether somebody reads it changes nothing about how it ended.
    judged(study, &signals)?;
    shown
}

/// How the trials have ended, as an exit code says it.
fn judged(study: &StudyFolder, signals: &Signals) -> Result<(), Failure> {
    let trials = study.trials().map_err(Failure::running)?;
    let is_over = trials.iter().all(|trial| matches!(trial.standing, Standing::Over(_)));
    let has_failed = trials.iter().any(|trial| trial.standing == Standing::Over(TrialState::Failed));
    let tally = tally(study, &trials);
    if is_over && !has_failed {
        return Ok(());
    }
    if !is_over && (signals.asked() || study.is_stopped()) {
        output::notice(&format!("{tally}; the same command goes on"));
        return signals.stopped();
    }
    Err(Failure::Running(format!("{tally}; `study status` says more, `study retry` puts back what failed")))
}

/// Starts a process that takes trials; dropping its input asks it to stop.
fn start(study: &StudyFolder, device: DeviceChoice, threads: usize) -> Result<Child, Failure> {
    let program = std::env::current_exe().map_err(Failure::running)?;
    let mut command = Command::new(program);
    command.args(["study", "work", "--quiet", "--until-input-ends", "--device", &device.to_string()]);
    command.arg(study.path()).env("RAYON_NUM_THREADS", threads.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().map_err(|error| Failure::Running(format!("cannot start another process: {error}")))
}

/// Tells of trials that have ended: a bar on a terminal, a line for each.
struct Watcher<'a> {
    study: &'a StudyFolder,
    quiet: bool,
    bar: ProgressBar,
    shown: BTreeSet<u32>,
    looked: Instant,
}

impl<'a> Watcher<'a> {
    fn new(study: &'a StudyFolder, quiet: bool) -> Self {
        let trials = u64::from(study.study().trials());
        let bar = if quiet { ProgressBar::hidden() } else { output::bar(trials, output::COUNTED) };
        let over = study.trials().unwrap_or_default().into_iter();
        let shown =
            over.filter(|trial| matches!(trial.standing, Standing::Over(_))).map(|trial| trial.number).collect();
        Self { study, quiet, bar, shown, looked: Instant::now() }
    }

    fn look(&mut self, now: bool) -> Result<(), Failure> {
        if self.quiet || (self.looked.elapsed() < LOOK && !now) {
            return Ok(());
        }
        self.looked = Instant::now();
        for trial in self.study.trials().map_err(Failure::running)? {
            let (Standing::Over(_), Some(begun)) = (&trial.standing, &trial.begun) else { continue };
            if !self.shown.insert(trial.number) {
                continue;
            }
            let objective = self.study.study().search.objective;
            let came_to = |value| format!(", {} {}", objective.name(), objective.value_in_words(value));
            let came_to = begun.record.objective.map_or_else(String::new, came_to);
            let why = begun.record.why.as_ref().map_or(String::new(), |why| format!(" ({why})"));
            let line =
                format!("{}: {}{came_to}{why}", title(self.study.study(), &begun.record), trial.standing.in_words());
            self.bar.suspend(|| output::print(&line))?;
        }
        self.bar.set_position(self.shown.len() as u64);
        Ok(())
    }
}
