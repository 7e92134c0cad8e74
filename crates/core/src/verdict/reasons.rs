//! What the instruments measured that may explain a difference: sentences, each with the place to look at.

use super::caveats::all_are_lost;
use super::facts::{Facts, Trial};
use super::reach::reached;
use crate::names::quoted;
use crate::number::{capital, count, percent, short, tick};
use serde::{Deserialize, Serialize};

/// Where a reason can be looked at; a stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Loss and accuracy over time.
    Curves,
    /// The gradient in each block.
    Gradients,
    /// What is left without a block.
    Lesions,
    /// The images that only one gets right.
    Predictions,
}

/// Something that was measured, in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Where to look at it.
    pub look: Look,
    pub text: String,
}

/// How many times as uneven one arm's gradients must be as another's to be named.
const UNEVEN: f64 = 3.0;
/// What is left of the loss at the beginning where something was learned, at most.
const LEARNED: f64 = 0.9;
/// How many times as many steps one arm must need as another to be named.
const SLOWER: f64 = 1.2;

/// What was measured in the first seed, the clearest first; what speaks against the arm that the headline calls best says so.
pub(super) fn all(facts: &Facts, best: Option<&str>) -> Vec<Reason> {
    let Some(trial) = facts.trials.first().filter(|trial| trial.arms.len() > 1) else { return Vec::new() };
    [gradients(facts, trial), speed(facts, trial, best), lesions(facts, trial), predictions(facts, trial)]
        .into_iter()
        .flatten()
        .collect()
}

/// How uneven the gradients were before anything was learned.
fn gradients(facts: &Facts, trial: &Trial) -> Option<Reason> {
    let mut found: Vec<(f64, &str)> = Vec::new();
    for (measured, arm) in trial.arms.iter().zip(&facts.arms) {
        let [first, last] = measured.first_gradients?;
        let ratio = first / last;
        found.push((if ratio.is_finite() && ratio > 0.0 { ratio } else { return None }, &arm.name));
    }
    found.sort_by(|a, b| b.0.ln().abs().total_cmp(&a.0.ln().abs()));
    let (most, least) = (found.first()?, found.last()?);
    if (most.0.ln().abs() - least.0.ln().abs()) < UNEVEN.ln() {
        return None;
    }
    let text = format!(
        "At the beginning, the first block's gradient is {} the last one's in {}, {} in {}: no learning rate suits all \
         blocks of a network whose gradients are that far apart.",
        times(most.0, " than"),
        quoted(most.1),
        times(least.0, ""),
        quoted(least.1)
    );
    Some(Reason { look: Look::Gradients, text })
}

/// A ratio in words.
fn times(ratio: f64, than: &str) -> String {
    if ratio >= 1.0 { format!("{} times", tick(ratio)) } else { format!("{} times smaller{than}", tick(1.0 / ratio)) }
}

/// Who gets first where the slowest ends.
fn speed(facts: &Facts, trial: &Trial, best: Option<&str>) -> Option<Reason> {
    let least =
        |losses: &[(u64, f64)]| losses.iter().map(|(_, loss)| *loss).filter(|loss| loss.is_finite()).reduce(f64::min);
    let goal = trial.arms.iter().map(|arm| least(&arm.losses)).collect::<Option<Vec<f64>>>()?;
    let goal = goal.into_iter().reduce(f64::max)?;
    let begun = trial.arms.iter().filter_map(|arm| arm.losses.first()).map(|(_, loss)| *loss).reduce(f64::min)?;
    // Where one has learned nothing, the others meet its loss by falling past it.
    if goal > LEARNED * begun {
        return None;
    }
    let mut found: Vec<(u64, &str)> = Vec::new();
    for (measured, arm) in trial.arms.iter().zip(&facts.arms) {
        found.push((reached(&measured.losses, goal)?, &arm.name));
    }
    found.sort_unstable();
    let (fastest, slowest) = (found.first()?, found.last()?);
    if (slowest.0 as f64) < SLOWER * fastest.0 as f64 {
        return None;
    }
    let even_so = if best.is_some_and(|best| best != fastest.1) { "even so, " } else { "" };
    let text = format!(
        "{even_so}{} reaches a training loss of {} (moving average, 0.9 of the past) after {} steps, {} after {}.",
        quoted(fastest.1),
        short(goal),
        count(fastest.0),
        quoted(slowest.1),
        count(slowest.0)
    );
    Some(Reason { look: Look::Curves, text: capital(&text) })
}

fn lesions(facts: &Facts, trial: &Trial) -> Option<Reason> {
    let known = trial.arms.iter().zip(&facts.arms).filter_map(|(measured, arm)| {
        let (block, left) = measured.worst_lesion.as_ref()?;
        Some(format!("{} keeps {} without block {block}", quoted(&arm.name), percent(*left)))
    });
    let parts: Vec<String> = known.collect();
    if parts.is_empty() {
        return None;
    }
    Some(Reason { look: Look::Lesions, text: capital(&format!("{}.", parts.join(", "))) })
}

fn predictions(facts: &Facts, trial: &Trial) -> Option<Reason> {
    // What networks that have blown up say of an image means nothing.
    if all_are_lost(facts) {
        return None;
    }
    // Of two networks and one seed, the headline counts them.
    if facts.arms.len() == 2 && facts.trials.len() == 1 {
        let text = "The images that only one of them gets right show where they differ.".to_owned();
        return (!trial.discordant.is_empty()).then_some(Reason { look: Look::Predictions, text });
    }
    let most = trial.discordant.iter().max_by_key(|pair| pair.first_only.abs_diff(pair.second_only))?;
    let name = |arm: usize| facts.arms.get(arm).map_or_else(String::new, |arm| quoted(&arm.name));
    let text = format!(
        "{} images only {} gets right, {} only {}.",
        count(most.first_only.into()),
        name(most.first),
        count(most.second_only.into()),
        name(most.second)
    );
    Some(Reason { look: Look::Predictions, text })
}
