//! `residual-lab train`: the engine with a terminal in front of it.

use super::choices::one_of;
use super::devices::DeviceArgs;
use super::output::{self, Failure};
use super::plan::PlanArgs;
use super::progress::Progress;
use super::signals::Signals;
use super::study;
use super::verdict;
use super::watch::{Watched, typed, watch};
use clap::builder::PossibleValue;
use lab_core::checkpoint::CheckpointPlan;
use lab_core::experiment::{Extension, Source};
use lab_core::files;
use lab_core::number::{count, duration, or_dash, precise, precise_percent};
use lab_core::protocol::{Command, Outcome};
use lab_core::runs;
use lab_core::study::{StudyFolder, StudyPlan};
use lab_engine::train::engine::Engine;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Arguments of `train`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ctrl-C stops after the step in progress, keeps a checkpoint, and ends with exit code 75: there is more
to do. SIGTERM, SIGUSR1, SIGUSR2 and a reader that goes away do so, too. A second Ctrl-C does not wait.

Examples:
  residual-lab train
  residual-lab train --preset resnet20 --data cifar-10-batches-bin --epochs 2
  residual-lab train my.toml --set recipe.batch_size=64 --out runs/first
  residual-lab train --set recipe.seeds=3 --epochs 2 --out three-seeds
  residual-lab train --resume runs/first
  residual-lab train --resume runs/first --extend 2"
)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Go on with a run from its last checkpoint: its folder, or its name in the usual place
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// With --resume: train for this many epochs more than planned
    #[arg(long, value_name = "N", requires = "resume", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    extend: Option<u32>,
    /// With --extend: what becomes of the learning rate's schedule; "stretch" lays it over all steps, "restart" begins it
    /// anew, "constant" holds the last learning rate
    #[arg(long, value_name = "WHAT", requires = "extend", default_value = "stretch", value_parser = one_of(extensions()))]
    schedule: Extension,
    #[command(flatten)]
    at: DeviceArgs,
    /// The folder of this run, which must be empty or absent; a new one in the usual place if left out
    #[arg(long, value_name = "RUN_FOLDER", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Write a checkpoint at least this often [default: 2]
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    checkpoint_every: Option<u64>,
    /// Keep this many of the newest checkpoints, besides the last and the best one
    #[arg(long, value_name = "K", default_value_t = 0)]
    keep_checkpoints: usize,
    /// Where the end of the run cannot be written, wait for room this long, then end with exit code 75
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=10_080))]
    wait_for_room: u64,
    /// Print how the run ended as JSON and nothing else
    #[arg(long)]
    json: bool,
}

fn minutes(text: &str) -> Result<u64, String> {
    let whole = text.parse().ok().filter(|minutes| (1..=10_080).contains(minutes));
    whole.ok_or_else(|| "whole minutes are wanted, from 1 to 10080".to_owned())
}

/// What can become of a schedule, by name.
fn extensions() -> impl Iterator<Item = (Extension, PossibleValue)> {
    Extension::ALL.into_iter().map(|(extension, name, _)| (extension, PossibleValue::new(name)))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(named) = &args.resume {
        let images = args.plan.only_data()?;
        if let Some(folder) = study::find(named) {
            return resume_study(args, &folder, images);
        }
        let run = runs::find(named).map_err(Failure::usage)?.folder;
        return train(args, Command::Resume { run, device: args.at.device }, images);
    }
    let experiment = Box::new(args.plan.experiment()?);
    if experiment.recipe.seeds > 1 {
        let plan = StudyPlan::of_seeds(*experiment);
        let study = study::create(plan, args.out.as_deref())?;
        return over_seeds(args, study);
    }
    train(args, Command::Start { experiment, device: args.at.device, paused: false }, None)
}

/// Goes on with a study, as an experiment with several seeds is one.
fn resume_study(args: &Args, folder: &Path, images: Option<Source>) -> Result<(), Failure> {
    if args.extend.is_some() {
        let why = "a study is as long as its study.toml says; --extend goes with a single run";
        return Err(Failure::Usage(why.to_owned()));
    }
    if images.is_some() {
        let why = "a study's images lie where its study.toml says; change it there";
        return Err(Failure::Usage(why.to_owned()));
    }
    over_seeds(args, StudyFolder::open(folder).map_err(Failure::usage)?)
}

/// Trains with each seed, and says what that has shown.
fn over_seeds(args: &Args, study: StudyFolder) -> Result<(), Failure> {
    let (folder, points) = (study.path().to_owned(), study.study().points());
    study::here(study, args.at.device, args.json)?;
    if args.json || points > 1 {
        return Ok(());
    }
    let found = verdict::of_all(verdict::of_study(&folder)?)?;
    output::print(&format!("\n{}", verdict::in_words(&found)))
}

fn train(args: &Args, command: Command, images: Option<Source>) -> Result<(), Failure> {
    let mut keeping = CheckpointPlan { newest: args.keep_checkpoints, ..CheckpointPlan::default() };
    if let Some(minutes) = args.checkpoint_every {
        keeping.every = Duration::from_mins(minutes);
    }
    let keeper = keeper(args.out.clone())?.keeping(keeping).with_images(images);
    let signals = Signals::listen()?;
    let engine = Engine::start(Box::new(keeper), || {}).map_err(Failure::running)?;
    engine.send(command);
    if let Some(epochs) = args.extend {
        engine.send(Command::Extend { epochs, schedule: args.schedule });
    }
    let starts = if args.extend.is_some() { 2 } else { 1 };
    let patience = Duration::from_mins(args.wait_for_room);
    let mut progress = Progress::new(args.json).offering();
    match watch(&engine, || signals.asked(), typed(), patience, starts, &mut progress)? {
        Watched::Ended(outcome) => {
            let shown = report(&outcome, args.json);
            judged(&outcome)?;
            shown
        }
        Watched::Stopped(outcome) if progress.is_unread() => Err(Failure::Unfinished(format!(
            "stopped after step {}, because nobody reads the output any more{}",
            count(outcome.steps),
            way_on(&outcome)
        ))),
        Watched::Stopped(outcome) => {
            let shown = report(&outcome, args.json);
            output::notice(&format!("stopped after step {}{}", count(outcome.steps), way_on(&outcome)));
            judged(&outcome)?;
            if let Err(Failure::Running(why)) = shown {
                output::notice(&why);
            }
            signals.stopped()
        }
        Watched::Unwritten(outcome, why) => {
            numbers(&outcome, args.json)?;
            let way_on = way_on(&outcome);
            Err(Failure::Unfinished(format!("the end of the run is not written: {why}{way_on}")))
        }
        Watched::NotBegun => {
            // Images may still be read for minutes; nothing is lost if that ends with the process.
            std::mem::forget(engine);
            let why = "stopped before training began: the same command begins anew";
            Err(Failure::Unfinished(why.to_owned()))
        }
    }
}

/// What keeps runs: in the folder asked for, or in the usual place.
fn keeper(out: Option<PathBuf>) -> Result<runs::Folder, Failure> {
    if let Some(folder) = out {
        runs::vacant(&folder).map_err(Failure::Usage)?;
        files::can_hold(&folder).map_err(Failure::usage)?;
        return Ok(runs::Folder::exactly(folder));
    }
    let place = runs::default_place().ok_or_else(|| Failure::no_home("name a folder for the run with --out"))?;
    Ok(runs::Folder::under(place))
}

/// How to go on with a run that has not come to its end.
fn way_on(outcome: &Outcome) -> String {
    let run = outcome.run.as_deref().map(output::word);
    run.map_or_else(String::new, |run| {
        format!("; `residual-lab train --resume {run}` goes on from its last checkpoint")
    })
}

/// The numbers of an outcome.
fn numbers(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    if json { output::print_json(outcome) } else { output::print(&summary(outcome)) }
}

/// Shows the numbers of an outcome and its verdict. A verdict that cannot be written, or made, hides neither.
fn report(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    let concluded = outcome.run.as_deref().map(verdict::of).transpose();
    numbers(outcome, json)?;
    let Some((found, written)) = concluded? else { return Ok(()) };
    if !json {
        output::print(&format!("\n{}", verdict::in_words(&found)))?;
    }
    written
}

/// What makes an outcome no success.
fn judged(outcome: &Outcome) -> Result<(), Failure> {
    let unsaved: Vec<&str> = outcome.arms.iter().filter(|arm| arm.unsaved).map(|arm| arm.name.as_str()).collect();
    if !unsaved.is_empty() {
        return Err(Failure::Running(format!(
            "the weights of {} are no longer finite numbers, so no checkpoint has them; try a lower learning rate, as in \
             --set recipe.optimizer.learning_rate=0.01",
            unsaved.join(", ")
        )));
    }
    if let Some((name, why)) = outcome.arms.iter().find_map(|arm| Some((&arm.name, arm.fault.as_ref()?))) {
        return Err(Failure::Running(format!("{name}: {why}")));
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
        "at the least loss",
    ];
    let rows: Vec<Vec<String>> = outcome
        .arms
        .iter()
        .map(|arm| {
            let best = match (arm.accuracy_at_least_loss, arm.least_loss_step) {
                (Some(accuracy), Some(step)) => format!("{} (step {step})", precise_percent(accuracy)),
                _ => or_dash(None),
            };
            let fault = arm.fault.as_ref().map(|_| "ended by a fault".to_owned());
            let diverged = arm.diverged_at.map(|step| format!("diverged at step {step}")).or(fault);
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
