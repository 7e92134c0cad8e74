//! `residual-lab runs`: looks after run folders.

use super::network::find_run;
use super::output::{self, Failure};
use lab_core::files;
use lab_core::number::{count, plural};
use lab_core::quantity::Measure;
use lab_core::runs;
use lab_core::runs::{Follower, News, Run, RunError};
use lab_engine::train::checkpoint;
use std::io;
use std::path::{Path, PathBuf};

/// What can be done with run folders.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:
  residual-lab runs check RUN_FOLDER")]
pub enum Command {
    /// Say what of a run is damaged or missing, and repair what can be
    Check(Args),
}

/// Arguments of `runs check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A damaged checkpoint to go on from is replaced by the newest one that is whole. Exit code 1: something is damaged
and was not repaired.

Example:
  residual-lab runs check RUN_FOLDER
  residual-lab runs check RUN_FOLDER --repair"
)]
pub struct Args {
    /// Run folders, or their names in the usual place
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Repair what can be repaired
    #[arg(long)]
    repair: bool,
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let Command::Check(args) = command;
    let mut damaged = 0;
    for named in &args.runs {
        let mut found = Vec::new();
        let run = match runs::find(named) {
            Err(RunError::Damaged { path, why }) if args.repair && path.ends_with(OUTCOME) => {
                found.push(put_aside(&path, &why)?);
                find_run(named)?
            }
            _ => find_run(named)?,
        };
        if args.repair && runs::is_being_written(&run.folder) {
            return Err(Failure::Usage(format!("{} is training; stop it first", run.folder.display())));
        }
        for arm in 0..run.info.arms.len() {
            found.extend(checked(&run, arm, args.repair));
        }
        found.extend(run.edited().map(Fault::left));
        found.extend(run.events().err().map(Fault::left));
        damaged += found.iter().filter(|fault| !fault.is_mended).count() as u64;
        let (folder, end) = (run.folder.display(), without_end(&run));
        let lines = found.iter().map(|fault| &fault.says).chain(&end).map(|says| format!("\n  {says}"));
        let lines = lines.collect::<String>();
        output::print(&if found.is_empty() { format!("{folder}: whole{lines}") } else { format!("{folder}:{lines}") })?;
    }
    if damaged > 0 { Err(Failure::Running(format!("damaged: {}", plural(damaged, "fault")))) } else { Ok(()) }
}

/// What is to be said of a run that has no end, which is no fault: it goes on.
fn without_end(run: &Run) -> Option<String> {
    if run.outcome.is_some() || runs::is_being_written(&run.folder) {
        return None;
    }
    let last = |arm| run.metrics(arm).ok().and_then(|rows| rows.last().map(|row| row.step));
    let (step, all) = ((0..run.info.arms.len()).filter_map(last).max().unwrap_or(0), run.planned_steps());
    let so_far = if step < all { "it stopped on the way and" } else { "its last step is done, and it" };
    Some(format!(
        "at step {} of {}: {so_far} has no {OUTCOME} that says how it ended; `residual-lab train --resume {}` goes on and \
         writes it",
        count(step),
        count(all),
        output::word(&run.folder)
    ))
}

/// What each arm has after its first validation.
const TABLES: [&str; 2] = ["confusion.csv", "predictions.bin"];

/// Where the end of a run is written down.
const OUTCOME: &str = "outcome.json";

/// Renames a file that makes no sense, so that its run goes on as one that was interrupted.
fn put_aside(path: &Path, why: &str) -> Result<Fault, Failure> {
    let aside = path.with_extension("json.damaged");
    std::fs::rename(path, &aside)
        .map_err(|error| Failure::Running(format!("{}: {why}; it could not be put aside: {error}", path.display())))?;
    let says = format!(
        "{}: {why}; it is now {}, and the run counts as interrupted: `train --resume` writes its end again",
        path.display(),
        aside.display()
    );
    Ok(Fault { says, is_mended: true })
}

/// Something that is wrong with a run.
struct Fault {
    says: String,
    is_mended: bool,
}

impl Fault {
    /// One that stays as it is.
    fn left(why: impl ToString) -> Self {
        Self { says: why.to_string(), is_mended: false }
    }
}

/// What is wrong with an arm.
fn checked(run: &Run, arm: usize, repair: bool) -> Vec<Fault> {
    let name = &run.info.arms[arm].name;
    let Some(folder) = run.arm_folder(arm) else { return Vec::new() };
    let mut found = Vec::new();
    let (mut last, mut lost) = (0, 0);
    let follow = Follower::new(&folder, true).read(true, |news| {
        if let News::Metrics(row) = news {
            lost += row.step.saturating_sub(last + 1);
            last = row.step;
        }
    });
    found.extend(follow.err().map(|error| Fault::left(format!("{name}: a table cannot be read: {error}"))));
    // Where the run came to its end, or stands by its newest checkpoint, there are rows up to there.
    let ended =
        run.outcome.as_ref().filter(|outcome| outcome.arms.get(arm).is_some_and(|arm| arm.diverged_at.is_none()));
    lost += ended.map_or(0, |outcome| outcome.steps).saturating_sub(last);
    let validated =
        run.metrics(arm).is_ok_and(|rows| rows.iter().any(|row| row.get(Measure::ValidationLoss).is_some()));
    let missing = TABLES.iter().filter(|table| validated && !folder.join(table).exists());
    found.extend(missing.map(|table| Fault::left(format!("{name}: {table} is missing, which nothing brings back"))));
    found.extend(run.validations(arm).err().map(Fault::left));
    let lacks =
        || Fault::left(format!("{name}: metrics.csv lacks {}, which nothing brings back", plural(lost, "step")));
    found.extend((lost > 0).then(lacks));
    found.extend(run.metrics(arm).err().map(Fault::left));
    found.extend(run.gradients(arm).err().map(Fault::left));
    for checkpoint in checkpoint::all(&folder.join("checkpoints")) {
        let Err(why) = checkpoint::verify(&checkpoint, name) else { continue };
        found.push(match repair.then(|| mend(&checkpoint, name)).flatten() {
            None => Fault::left(why),
            Some(Ok(how)) => Fault { says: format!("{why}; {how}"), is_mended: true },
            Some(Err(failed)) => Fault::left(format!("{why}; it could not be repaired: {failed}")),
        });
    }
    found
}

/// Puts the newest checkpoint that is whole in the place of the one to go on from; others that are damaged are taken away.
fn mend(damaged: &Path, arm: &str) -> Option<io::Result<String>> {
    let all = damaged.parent()?;
    let whole =
        checkpoint::all(all).into_iter().find(|other| other != damaged && checkpoint::verify(other, arm).is_ok())?;
    let new = files::beside(damaged, "tmp");
    let replaced = files::link_folder(&whole, &new).and_then(|()| files::replace_folder(&new, damaged));
    Some(replaced.map(|()| format!("the checkpoint {} took its place", whole.display())))
}
