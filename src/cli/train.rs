//! `residual-lab train`: the engine with a terminal in front of it.

use super::output::{self, Failure};
use super::plan::PlanArgs;
use super::progress::Progress;
use crossbeam_channel::RecvTimeoutError;
use lab_core::experiment::DeviceChoice;
use lab_core::number::{count, duration, or_dash, precise, precise_percent};
use lab_core::protocol::{Command, Event, Outcome};
use lab_core::runs;
use lab_engine::train::engine::Engine;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long Ctrl-C may go unnoticed.
const LISTEN: Duration = Duration::from_millis(50);

/// Arguments of `train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ctrl-C stops after the step in progress and keeps a checkpoint; a second Ctrl-C does not wait.

Examples:
  residual-lab train
  residual-lab train --preset resnet20 --data cifar-10-batches-bin --epochs 2
  residual-lab train my.toml --set recipe.batch_size=64 --out runs/first
  residual-lab train --resume runs/first
  residual-lab train --resume runs/first --extend 2")]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Go on with a run from its last checkpoint: its folder, or its name in the usual place
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// With --resume: train for this many epochs more than planned
    #[arg(long, value_name = "N", requires = "resume", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    extend: Option<u32>,
    /// Where to train: auto, flex, ndarray, gpu or gpu:N; `residual-lab devices` lists them
    #[arg(long, default_value_t)]
    device: DeviceChoice,
    /// The folder of this run, which must be empty or absent; a new one in the usual place if left out
    #[arg(long, value_name = "RUN_FOLDER", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Print how the run ended as JSON and nothing else
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let command = match &args.resume {
        Some(_) if !args.plan.is_empty() => {
            let why = "a run goes on as it was planned; leave out what describes an experiment beside --resume";
            return Err(Failure::Usage(why.to_owned()));
        }
        Some(named) => {
            let run = runs::find(named).map_err(Failure::usage)?.folder;
            Command::Resume { run, device: args.device }
        }
        None => {
            let experiment = Box::new(args.plan.experiment()?);
            Command::Start { experiment, device: args.device, paused: false }
        }
    };
    let keeper = keeper(args.out.clone())?;
    let interrupted = interrupts()?;
    let engine = Engine::start(Box::new(keeper), || {}).map_err(Failure::running)?;
    engine.send(command);
    if let Some(epochs) = args.extend {
        engine.send(Command::Extend(epochs));
    }
    let starts = if args.extend.is_some() { 2 } else { 1 };
    let outcome = watch(&engine, &interrupted, starts, &mut Progress::new(args.json))?;
    report(&outcome, args.json)
}

/// What keeps runs: in the folder asked for, or in the usual place.
pub(super) fn keeper(out: Option<PathBuf>) -> Result<runs::Folder, Failure> {
    if let Some(folder) = out {
        runs::vacant(&folder).map_err(Failure::Usage)?;
        return Ok(runs::Folder::exactly(folder));
    }
    let place = runs::default_place().ok_or_else(|| {
        Failure::Usage("there is no home directory to keep runs in; name a folder with --out".to_owned())
    })?;
    Ok(runs::Folder::under(place))
}

/// A flag that Ctrl-C and the system's request to end raise; the second one ends the process at once.
fn interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: a signal finds the flag raised only if it is the second one.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&asked))
            .and_then(|_| flag::register(signal, Arc::clone(&asked)))
            .map_err(|error| Failure::Running(format!("cannot listen for Ctrl-C: {error}")))?;
    }
    Ok(asked)
}

/// Shows what happens until the run ends. A run that is extended starts twice, and may have ended in between.
fn watch(engine: &Engine, interrupted: &AtomicBool, starts: u32, progress: &mut Progress) -> Result<Outcome, Failure> {
    let (mut started, mut stopping) = (0, false);
    loop {
        match engine.events().recv_timeout(LISTEN) {
            Ok(Event::Finished(outcome)) if started >= starts => return Ok(*outcome),
            Ok(Event::Failed(why)) if started > 0 => return Err(Failure::Running(why)),
            Ok(Event::Failed(why)) => return Err(Failure::Usage(why)),
            Ok(event) => {
                started += u32::from(matches!(event, Event::Prepared(_)));
                progress.show(event)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(engine_failure());
            }
        }
        if stopping || !interrupted.load(Ordering::Relaxed) {
            continue;
        }
        if started == 0 {
            return Err(Failure::Running("interrupted before training began".to_owned()));
        }
        stopping = true;
        output::notice("stopping after this step; Ctrl-C again to stop at once");
        engine.send(Command::Stop);
    }
}

/// What there is to say of an engine whose thread is gone.
pub(super) fn engine_failure() -> Failure {
    Failure::Running("the engine ended without saying why".to_owned())
}

fn report(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    if json {
        output::print_json(outcome)?;
    } else {
        output::print(&summary(outcome))?;
    }
    let unsaved: Vec<&str> = outcome.arms.iter().filter(|arm| arm.unsaved).map(|arm| arm.name.as_str()).collect();
    if !unsaved.is_empty() {
        return Err(Failure::Running(format!(
            "the weights of {} are no longer finite numbers, so no checkpoint has them; try a lower learning rate, as in \
             --set recipe.optimizer.learning_rate=0.01",
            unsaved.join(", ")
        )));
    }
    let diverged = outcome.arms.iter().filter_map(|arm| arm.diverged_at).max();
    match diverged {
        Some(step) if outcome.arms.iter().all(|arm| arm.diverged_at.is_some()) => Err(Failure::Running(format!(
            "every network diverged, the last one at step {step}; try a lower learning rate, as in \
             --set recipe.optimizer.learning_rate=0.01"
        ))),
        _ => Ok(()),
    }
}

fn summary(outcome: &Outcome) -> String {
    let header = [
        "network",
        "parameters",
        "train loss",
        "train accuracy",
        "validation loss",
        "validation accuracy",
        "best accuracy",
    ];
    let rows: Vec<Vec<String>> = outcome
        .arms
        .iter()
        .map(|arm| {
            let best = match (arm.best_accuracy, arm.best_step) {
                (Some(accuracy), Some(step)) => format!("{} (step {step})", precise_percent(accuracy)),
                _ => or_dash(None),
            };
            let diverged = arm.diverged_at.map(|step| format!("diverged at step {step}"));
            vec![
                arm.name.clone(),
                count(arm.parameters),
                diverged.unwrap_or_else(|| or_dash(arm.train_loss.map(precise))),
                or_dash(arm.train_accuracy.map(precise_percent)),
                or_dash(arm.validation_loss.map(precise)),
                or_dash(arm.validation_accuracy.map(precise_percent)),
                best,
            ]
        })
        .collect();
    let time = duration(outcome.seconds);
    let mut text =
        format!("\n{}\n\n{}, {} steps in {time}", output::table(&header, &rows), outcome.reason, outcome.steps);
    if let Some(run) = &outcome.run {
        text += &format!("\nrun folder: {}", run.display());
    }
    text
}
