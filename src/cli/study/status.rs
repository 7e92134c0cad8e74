//! `residual-lab study status`, `stop` and `retry`: how every trial stands, and changing that.

use super::folder::{open, refused};
use crate::cli::output::{self, Failure};
use lab_core::number::{or_dash, plural};
use lab_core::study::{Objective, Seen, Standing, StudyFolder, Worker};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `study status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab study status rates
  residual-lab study status rates --json")]
pub struct Args {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// For another program
    #[arg(long)]
    json: bool,
}

/// Arguments of `study stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = "`residual-lab study run` and `study submit` go on with it.

Example:
  residual-lab study stop rates")]
pub struct StopArgs {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Arguments of `study retry`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab study retry rates            all that failed
  residual-lab study retry rates 3 7        these two, whatever became of them")]
pub struct RetryArgs {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Trials by their numbers
    #[arg(value_name = "TRIAL")]
    trials: Vec<u32>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let study = open(&args.folder)?;
    let trials = study.trials().map_err(Failure::running)?;
    if args.json {
        let rows: Vec<Value> = trials.iter().map(for_programs).collect();
        return output::print_json(&json!({ "stopped": study.is_stopped(), "trials": rows }));
    }
    let objective = study.study().search.objective;
    let rows: Vec<Vec<String>> = trials.iter().map(|trial| row(trial, objective)).collect();
    let header = ["trial", "point", "seed", "state", "steps", objective.name(), ""];
    output::print(&output::table(&header, &rows))?;
    output::print(&format!("\n{}", tally(&study, &trials)))
}

pub(super) fn stop(args: &StopArgs) -> Result<(), Failure> {
    let study = open(&args.folder)?;
    study.stop().map_err(Failure::running)?;
    output::print("whoever works on the study stops after the step in progress; `residual-lab study run` goes on")
}

pub(super) fn retry(args: &RetryArgs) -> Result<(), Failure> {
    let mut worker = Worker::new(open(&args.folder)?);
    let done = worker.retry(&args.trials).map_err(refused)?;
    let numbers = done.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    output::print(&if done.is_empty() {
        "no trial has failed".to_owned()
    } else {
        format!("back to the start: {numbers}")
    })
}

/// How many trials stand how, in words.
pub(super) fn tally(study: &StudyFolder, trials: &[Seen]) -> String {
    let stopped = if study.is_stopped() { "; stopped" } else { "" };
    format!("{}: {}{stopped}", plural(trials.len() as u64, "trial"), lab_core::study::tally(trials))
}

fn row(trial: &Seen, objective: Objective) -> Vec<String> {
    let remark = match &trial.standing {
        Standing::Running { owner, .. } => owner.to_string(),
        _ => trial.begun.as_ref().and_then(|begun| begun.record.why.clone()).unwrap_or_default(),
    };
    vec![
        trial.number.to_string(),
        trial.point_in_words().to_owned(),
        trial.seed.to_string(),
        trial.standing.in_words().to_owned(),
        or_dash(trial.total_steps().map(|total| format!("{}/{total}", trial.steps()))),
        or_dash(trial.newest().map(|value| objective.value_in_words(value))),
        remark,
    ]
}

fn for_programs(trial: &Seen) -> Value {
    let record = trial.begun.as_ref().map(|begun| &begun.record);
    let owner = match &trial.standing {
        Standing::Running { owner, .. } => Some(owner),
        _ => None,
    };
    json!({
        "trial": trial.number,
        "point": trial.point,
        "settings": record.map(|record| &record.settings),
        "seed": trial.seed,
        "state": trial.standing.in_words(),
        "steps": trial.steps(),
        "total_steps": trial.total_steps(),
        "objective": record.and_then(|record| record.objective),
        "why": record.and_then(|record| record.why.as_ref()),
        "owner": owner.map(ToString::to_string),
        "job": owner.and_then(|owner| owner.job.as_ref()),
        "folder": trial.begun.as_ref().map(|begun| &begun.folder),
    })
}
