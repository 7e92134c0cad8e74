//! `residual-lab study extend`: more seeds, or more points of a search, for a study that exists.

use super::folder::{open, refused};
use super::new::seeds;
use crate::cli::output::{self, Failure};
use lab_core::number::plural;
use std::path::PathBuf;

/// Arguments of `study extend`.
#[derive(Debug, clap::Args)]
#[command(after_help = "What is done stays done; only the new trials are trained.

Examples:
  residual-lab study extend rates --seeds 5          five seeds instead of three
  residual-lab study extend rates --seeds 0,1,2,77   these, beginning with those that it has
  residual-lab study extend found --points 60        a search tries more")]
pub struct Args {
    /// The study's folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// How many seeds each point is to have in all, or the seeds themselves with commas between them
    #[arg(long, value_name = "N|SEED,SEED", required_unless_present = "points")]
    seeds: Option<String>,
    /// How many points a search is to try in all
    #[arg(long, value_name = "N")]
    points: Option<u32>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let seeds = args.seeds.as_deref().map(seeds).transpose()?;
    let old = open(&args.folder)?;
    let new = old.extend(seeds, args.points).map_err(refused)?;
    let (before, after) = (old.study().trials(), new.study().trials());
    output::print(&format!(
        "{}, {} of them new\nrun them here with: residual-lab study run {}",
        plural(after.into(), "trial"),
        after - before,
        output::word(&args.folder)
    ))
}
