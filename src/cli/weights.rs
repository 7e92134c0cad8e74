//! `residual-lab weights`: get weights to start from.

use super::get;
use super::output::Failure;
use lab_core::fetch::Kind;

/// Arguments of `weights`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  residual-lab weights get
  residual-lab weights get resnet18")]
pub struct Args {
    #[command(subcommand)]
    command: WeightsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum WeightsCommand {
    /// Get weights from where they were published, or list those that there are
    #[command(after_help = "Examples:
  residual-lab weights get
  residual-lab weights get resnet18
  residual-lab weights get resnet18 --from https://mirror.example.org/models")]
    Get(get::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let WeightsCommand::Get(args) = &args.command;
    get::run(Kind::Weights, args)
}
