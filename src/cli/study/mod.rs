//! `residual-lab study`: an experiment with axes and seeds, worked through here or on a cluster.
//!
//! Must not know how a network is trained or asked.

mod extend;
mod folder;
mod here;
mod jobs;
mod new;
mod results;
mod slurm;
mod status;
mod work;

pub(super) use folder::{create, find};
pub(super) use here::{WorkOptions, here, worked};

use super::output::Failure;

/// What to do with a study.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:
  residual-lab study new rates --vary recipe.optimizer.learning_rate=0.01,0.1 --seeds 3
  residual-lab study run rates --jobs 2
  residual-lab study results rates")]
pub enum Command {
    /// Make a study: an experiment, what to vary, and how often
    New(new::Args),
    /// Give a study more seeds, or a search more points
    Extend(extend::Args),
    /// Run a study here, several trials at a time, or go on with it
    Run(jobs::Args),
    /// Work on a study until nothing is left to do; any number of processes and machines may do so at once
    Work(work::Args),
    /// Say how every trial stands
    Status(status::Args),
    /// Show what a study has come to: mean and standard deviation over the seeds
    Results(results::Args),
    /// Hand a study to SLURM
    Submit(slurm::Args),
    /// Let everybody who works on a study stop, with a checkpoint
    Stop(status::StopArgs),
    /// Put trials back to their beginning: those that failed, or those that are named
    Retry(status::RetryArgs),
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::New(args) => new::run(&args),
        Command::Extend(args) => extend::run(&args),
        Command::Run(args) => jobs::run(&args),
        Command::Work(args) => work::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Results(args) => results::run(&args),
        Command::Submit(args) => slurm::run(&args),
        Command::Stop(args) => status::stop(&args),
        Command::Retry(args) => status::retry(&args),
    }
}
