//! One sentence on how it stands while training.

use crate::names::{quoted, together};
use crate::number::{capital, percent, plural, short};

/// The newest numbers of an arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Newest {
    /// What it is called.
    pub name: String,
    /// The training loss, averaged over the last [`RECENT`] steps.
    pub train_loss: Option<f64>,
    /// The loss of the last validation.
    pub validation_loss: Option<f64>,
    /// The share that the last validation found classified correctly.
    pub accuracy: Option<f64>,
    /// The step at which it diverged, if it did.
    pub diverged_at: Option<u64>,
}

/// Steps whose training loss is averaged; before there are so many, networks only differ in their beginnings.
pub const RECENT: usize = 20;
/// How many times the training loss a validation loss must be to be reported as a fault of the batch statistics.
const FAR_OFF: f64 = 5.0;
/// How many times the loss of guessing a training loss must be to be reported as worse than it; networks that begin badly have
/// less.
const WORSE: f64 = 4.0;
/// Points of accuracy below which nobody is called ahead.
const AHEAD: f64 = 0.02;
/// By how much the loss must be lower, as a share, to be called ahead where nothing was validated.
const AHEAD_IN_LOSS: f64 = 0.1;

/// How it stands, for whole epochs done and for the loss of guessing, the logarithm of the number of classes; `None` before
/// there is anything to say.
#[must_use]
pub fn live(epochs: u64, guessing: f64, arms: &[Newest]) -> Option<String> {
    let called = |arm: &Newest| quoted(&arm.name);
    let lost: Vec<String> = arms.iter().filter(|arm| arm.diverged_at.is_some()).map(called).collect();
    let alive: Vec<&Newest> = arms.iter().filter(|arm| arm.diverged_at.is_none()).collect();
    let standing = worse_than_guessing(guessing, &alive).or_else(|| far_off(&alive));
    let standing = standing.or_else(|| by_accuracy(epochs, &alive)).or_else(|| by_loss(guessing, &alive));
    if lost.is_empty() {
        return standing;
    }
    let diverged = capital(&format!("{} diverged.", together(&lost)));
    Some(standing.map_or(diverged.clone(), |standing| format!("{diverged} {standing}")))
}

/// Training losses that no network has which only knows nothing.
fn worse_than_guessing(guessing: f64, arms: &[&Newest]) -> Option<String> {
    let worse = |arm: &&&Newest| arm.train_loss.is_some_and(|loss| loss > WORSE * guessing);
    let losses = arms.iter().filter(worse).map(|arm| arm.train_loss.map_or_else(String::new, short));
    let losses: Vec<String> = losses.collect();
    let names: Vec<String> = arms.iter().filter(worse).map(|arm| quoted(&arm.name)).collect();
    let (does, are) = match names.len() {
        0 => return None,
        1 => ("does", "training loss is"),
        _ => ("do", "training losses are"),
    };
    Some(format!(
        "{} {does} far worse than guessing ({are} {}, that of guessing {}): the learning rate may be too high.",
        capital(&together(&names)),
        together(&losses),
        short(guessing)
    ))
}

/// Validation losses that say more of the running means than of the network.
fn far_off(arms: &[&Newest]) -> Option<String> {
    let off = arms.iter().filter(|arm| match (arm.train_loss, arm.validation_loss) {
        (Some(train), Some(validation)) => validation > FAR_OFF * train && validation > 2.0 * FAR_OFF,
        _ => false,
    });
    let names: Vec<String> = off.map(|arm| quoted(&arm.name)).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("The validation of {one} is far off: its batch statistics have not settled yet.")),
        _ => {
            let names = together(&names);
            Some(format!("The validations of {names} are far off: their batch statistics have not settled yet."))
        }
    }
}

fn by_accuracy(epochs: u64, arms: &[&Newest]) -> Option<String> {
    let when = if epochs == 0 { "So far".to_owned() } else { format!("After {}", plural(epochs, "epoch")) };
    let mut known: Vec<(f64, String)> =
        arms.iter().filter_map(|arm| Some((arm.accuracy.filter(|it| it.is_finite())?, quoted(&arm.name)))).collect();
    if known.len() < arms.len() {
        return None;
    }
    known.sort_by(|a, b| b.0.total_cmp(&a.0));
    match known.as_slice() {
        [] => None,
        [(accuracy, name)] => {
            Some(format!("{when}, {name} gets {} of the validation images right.", percent(*accuracy)))
        }
        [(best, name), (second, other), ..] if best - second >= AHEAD => {
            let points = short(100.0 * (best - second));
            Some(format!("{when}, {name} is ahead of {other} by {points} points ({} right).", percent(*best)))
        }
        [(best, _), .., (last, _)] if best - last < AHEAD => {
            Some(format!("{when}, nobody is ahead: {} to {} right.", percent(*last), percent(*best)))
        }
        [(best, name), (_, other), ..] => {
            Some(format!("{when}, {name} and {other} are about even in front ({} right).", percent(*best)))
        }
    }
}

/// Who has learned more so far. Nobody is called ahead for having begun with a lower loss.
fn by_loss(guessing: f64, arms: &[&Newest]) -> Option<String> {
    let mut known: Vec<(f64, String)> =
        arms.iter().filter_map(|arm| Some((arm.train_loss.filter(|it| it.is_finite())?, quoted(&arm.name)))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    match known.as_slice() {
        [(best, name), (second, other), ..] if *best < (1.0 - AHEAD_IN_LOSS) * second.min(guessing) => {
            let (best, second) = (short(*best), short(*second));
            Some(format!(
                "Over the last {RECENT} steps the training loss of {name} is lower: {best}, {other} {second}."
            ))
        }
        _ => None,
    }
}
