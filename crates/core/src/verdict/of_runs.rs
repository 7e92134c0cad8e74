//! The numbers of a verdict from run folders, and the verdict into them.

use super::facts::{ArmFacts, Facts, Measured, Trial};
use super::reach::lead_changes;
use super::stretch::Stretch;
use super::words::{Verdict, verdict};
use crate::files::{json, write_atomically};
use crate::protocol::Change;
use crate::quantity::Measure;
use crate::runs::{self, EventLine, GradientRow, MetricsRow, Run, RunError, first_and_last_gradient};
use crate::statistics::smoothed;
use std::io;
use std::path::Path;

/// Points of the averaged loss that are kept.
const POINTS: usize = 400;

/// What runs that differ in their seed only have come to, finished or not. Where their arms differ in name or number,
/// those of the first run count.
///
/// # Errors
/// A table that cannot be read.
pub fn facts_of(runs: &[Run]) -> Result<Facts, RunError> {
    let Some(first) = runs.first() else { return Ok(Facts::default()) };
    let arms = first.info.arms.iter().map(|arm| ArmFacts { name: arm.name.clone() }).collect();
    let trials = runs.iter().map(trial).collect::<Result<_, _>>()?;
    Ok(Facts { arms, trials, images: first.info.dataset.validation, unread: Vec::new() })
}

/// What the run in a folder has come to, or why it cannot be read.
#[must_use]
pub fn facts_in(folder: &Path) -> Facts {
    let read = runs::open(folder).and_then(|run| facts_of(&[run]));
    read.unwrap_or_else(|why| Facts { unread: vec![why.to_string()], ..Facts::default() })
}

fn trial(run: &Run) -> Result<Trial, RunError> {
    let count = run.info.arms.len();
    let rows = (0..count).map(|arm| run.metrics(arm)).collect::<Result<Vec<_>, _>>()?;
    let mut arms = Vec::new();
    for (arm, rows) in rows.iter().enumerate() {
        arms.push(measured(run, arm, rows, &run.gradients(arm)?));
    }
    let discordant = run.outcome.iter().flat_map(|outcome| &outcome.discordant);
    Ok(Trial {
        seed: run.experiment.recipe.seed,
        planned: run.planned_steps(),
        arms,
        discordant: discordant.copied().collect(),
        changed: changed(run)?,
        lead_changes: lead_changes(&second_half(&rows)),
    })
}

fn measured(run: &Run, arm: usize, rows: &[MetricsRow], gradients: &[GradientRow]) -> Measured {
    let per_epoch = run.info.steps_per_epoch.max(1);
    // Where the table was lost, the run itself still says how far it came.
    let steps = rows.last().map(|row| row.step).or(run.outcome.as_ref().map(|outcome| outcome.steps)).unwrap_or(0);
    // The last whole epoch, or all there is where none is whole: as the engine counts at the end.
    let end = if steps < per_epoch { steps } else { steps - steps % per_epoch };
    let epoch = end.saturating_sub(per_epoch) + 1..=end;
    let mean = |get: fn(&MetricsRow) -> Option<f64>| {
        let values: Vec<f64> = rows.iter().filter(|row| epoch.contains(&row.step)).filter_map(get).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let ended = run.outcome.as_ref().and_then(|outcome| outcome.arms.get(arm));
    let validated = rows.iter().rev().find_map(|row| Some((row.step, row.get(Measure::ValidationAccuracy)?)));
    Measured {
        steps,
        accuracy: validated.map(|(_, accuracy)| accuracy),
        validated_at: validated.map(|(step, _)| step),
        train_loss: ended.and_then(|ended| ended.train_loss).or_else(|| mean(|row| row.get(Measure::TrainLoss))),
        loss_of: Stretch::new(steps, per_epoch),
        train_accuracy: ended
            .and_then(|ended| ended.train_accuracy)
            .or_else(|| mean(|row| row.get(Measure::TrainAccuracy))),
        diverged_at: ended.and_then(|ended| ended.diverged_at),
        first_gradients: gradients.first().and_then(|row| first_and_last_gradient(gradients, row.step)),
        losses: averaged(rows),
        worst_lesion: None,
    }
}

/// The settings that a person changed while it trained.
fn changed(run: &Run) -> Result<Vec<(u64, String)>, RunError> {
    let tuned = |line: EventLine| matches!(line.change, Some(Change::Tune(_))).then_some((line.step, line.what));
    Ok(run.events()?.into_iter().filter_map(tuned).collect())
}

/// The training loss as a moving average, thinned.
fn averaged(rows: &[MetricsRow]) -> Vec<(u64, f64)> {
    let losses = rows.iter().filter_map(|row| Some((row.step, row.get(Measure::TrainLoss)?)));
    let (steps, losses): (Vec<u64>, Vec<f64>) = losses.unzip();
    let all: Vec<(u64, f64)> = steps.into_iter().zip(smoothed(&losses)).collect();
    let every = all.len().div_ceil(POINTS).max(1);
    all.into_iter().step_by(every).collect()
}

/// The arms' accuracies at every validation of the second half.
fn second_half(rows: &[Vec<MetricsRow>]) -> Vec<Vec<f64>> {
    let validations = |rows: &Vec<MetricsRow>| -> Vec<f64> {
        rows.iter().filter_map(|row| row.get(Measure::ValidationAccuracy)).collect()
    };
    let arms: Vec<Vec<f64>> = rows.iter().map(validations).collect();
    let count = arms.iter().map(Vec::len).min().unwrap_or(0);
    (count / 2..count).map(|at| arms.iter().map(|arm| arm[at]).collect()).collect()
}

/// Writes `verdict.json` into a folder.
///
/// # Errors
/// What the system says.
pub fn write(folder: &Path, verdict: &Verdict) -> io::Result<()> {
    write_atomically(&folder.join("verdict.json"), &json(verdict)?)
}

/// The verdict on the run in a folder, which gets it, too; and what the system says where it cannot be written there.
///
/// # Errors
/// A run that cannot be read.
pub fn conclude(folder: &Path) -> Result<(Verdict, io::Result<()>), RunError> {
    let found = verdict(&facts_of(&[runs::open(folder)?])?);
    let written = write(folder, &found);
    Ok((found, written))
}
