//! What a reader of a verdict should bear in mind: how little was trained, how few images it was validated on, who blew up.

use super::compare::{Compared, Comparison};
use super::facts::{Facts, Measured, Trial};
use crate::names::{quoted, seeds, together};
use crate::number::{capital, count, plural, short};
use crate::statistics::Call;

/// The part of the planned steps below which losses tell how a network began rather than what it learned.
const EARLY: f64 = 0.1;

/// How far the arm has come that came farthest, in steps, and how far it was to come, where training was stopped soon after
/// it began.
pub(super) fn stopped_early(facts: &Facts) -> Option<(u64, u64)> {
    let alive = facts.trials.iter().flat_map(|trial| {
        let of = |arm: &Measured| (arm.steps, trial.planned);
        trial.arms.iter().filter(|arm| arm.diverged_at.is_none()).map(of)
    });
    let (done, planned) = alive.max_by_key(|(done, _)| *done).filter(|(done, _)| *done > 0)?;
    let is_early = (done as f64) < EARLY * planned as f64;
    is_early.then_some((done, planned))
}

/// What a reader should bear in mind.
pub(super) fn caveats(facts: &Facts, comparisons: &[Comparison], quantity: Compared, call: Call) -> Vec<String> {
    let mut found = Vec::new();
    let unseen = unseen(comparisons, quantity);
    let measured = |arm: &Measured| arm.diverged_at.is_none() && (arm.accuracy.is_some() || arm.train_loss.is_some());
    let known = facts.trials.iter().map(|trial| trial.arms.iter().filter(|arm| measured(arm)).count());
    let several = known.max().unwrap_or(0) > 1;
    let n = facts.trials.len();
    if several && n == 1 {
        let text = "One seed only: another seed starts from other weights and sees other batches, and may differ by more \
                    than the networks do. Train with three seeds or more to know.";
        found.push(text.to_owned());
    } else if several && n == 2 && unseen.is_none() {
        found
            .push("With two seeds the interval is wide: only very large differences can be told from luck.".to_owned());
    }
    found.extend(unequal_seeds(facts));
    if several && quantity == Compared::TrainLoss && n > 0 {
        found.push("Nothing was validated: this is about the training images only.".to_owned());
    }
    let stopped = facts.trials.iter().filter(|trial| trial.arms.iter().any(|arm| is_short(arm, trial.planned)));
    let stopped: Vec<_> = stopped.collect();
    if let Some(trial) = stopped.first() {
        let steps: Vec<u64> = trial.arms.iter().filter(|arm| arm.diverged_at.is_none()).map(|arm| arm.steps).collect();
        let (least, most) = (steps.iter().min().copied().unwrap_or(0), steps.iter().max().copied().unwrap_or(0));
        found.push(if least == most {
            format!("Stopped after {} of {} steps: the end may look different.", count(most), count(trial.planned))
        } else {
            let (least, most) = (count(least), count(most));
            format!("The networks trained for different lengths: {least} to {most} of {} steps.", count(trial.planned))
        });
    }
    found.extend(facts.trials.iter().find_map(by_hand));
    if quantity == Compared::ValidationAccuracy {
        found.extend(facts.trials.iter().flat_map(|trial| &trial.arms).find_map(validated_before_the_end));
    }
    if several && facts.trials.iter().any(|trial| trial.lead_changes > 1) && call != Call::Tie {
        let text = "The networks changed places more than once in the second half: with another number of steps the \
                    other one might be ahead.";
        found.push(text.to_owned());
    }
    if quantity == Compared::ValidationAccuracy && (1..FEW).contains(&facts.images) {
        let images = plural(facts.images as u64, "image");
        let points = short(100.0 / facts.images as f64);
        found.push(format!("Validated on {images} only: each is worth {points} points."));
    }
    found.extend(by_guessing(facts));
    found.extend(left_out(facts));
    found.extend(told_of_blown_up(facts));
    found.extend(unseen);
    found
}

/// That trainings are missed, and why the first of them cannot be read.
fn left_out(facts: &Facts) -> Option<String> {
    let why = facts.unread.first()?;
    Some(match facts.unread.len() {
        1 => format!("1 training that has ended is left out, as it cannot be read: {why}."),
        many => {
            format!("{many} trainings that have ended are left out, as they cannot be read; the first of them: {why}.")
        }
    })
}

/// That the means of what has fewer seeds than the rest are those of the seeds that were left.
fn unequal_seeds(facts: &Facts) -> Option<String> {
    let is_known = |arm: &&Measured| arm.diverged_at.is_some() || arm.accuracy.or(arm.train_loss).is_some();
    let count = |arm| facts.trials.iter().filter_map(|trial| trial.arms.get(arm)).filter(is_known).count();
    let counts: Vec<usize> = (0..facts.arms.len()).map(count).filter(|count| *count > 0).collect();
    counts.iter().any(|count| *count != counts[0]).then(|| {
        "Some have fewer seeds than others, as trainings that ended early, or have not ended, do not count: means of what is \
         left may be too high."
            .to_owned()
    })
}

/// That settings were changed while a seed was trained, and the last of these changes.
fn by_hand(trial: &Trial) -> Option<String> {
    let (step, what) = trial.changed.last()?;
    let how_often = match trial.changed.len() {
        1 => "Once".to_owned(),
        times => format!("{times} times"),
    };
    Some(format!(
        "{how_often} something was changed by hand while it trained, last after step {}: {what}. What came of it is the work \
         of both settings.",
        count(*step)
    ))
}

/// That an accuracy is not that of the networks as they ended.
fn validated_before_the_end(arm: &Measured) -> Option<String> {
    let step = arm.validated_at.filter(|step| arm.diverged_at.is_none() && *step < arm.steps)?;
    let (step, steps) = (count(step), count(arm.steps));
    Some(format!(
        "The accuracies are of step {step}, where the networks were validated last before they ended at step {steps}."
    ))
}

/// Validation images below which a reader learns how much a single one counts.
const FEW: usize = 100;

/// How large a difference must be to be seen, where none was found for certain and a large one could have been missed.
fn unseen(comparisons: &[Comparison], quantity: Compared) -> Option<String> {
    let is_open = |found: &&Comparison| matches!(found.call, Call::Tie | Call::Undecided);
    let open = || comparisons.iter().filter(|found| found.quantity == quantity).filter(is_open);
    // Where one end is as far as can be, the other one tells how wide the interval is.
    let half = |found: &Comparison| {
        found.corrected_interval.map(|[low, high]| (high - found.difference).max(found.difference - low))
    };
    let widths = || open().filter_map(|found| Some((half(found)?, found.n)));
    let (widest, n) = widths().max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    let least = widths().map(|(half, _)| half).fold(widest, f64::min);
    let (seeds, [least, points]) = (seeds(n), [least, widest].map(|half| (100.0 * half).ceil()));
    (quantity == Compared::ValidationAccuracy && widest > UNSEEN).then(|| {
        if points < 100.0 && least < points {
            format!(
                "With {seeds}, a difference must be more than {least} to {points} points, depending on the two networks, \
                 to be told from luck; more seeds see smaller ones."
            )
        } else if points < 100.0 {
            format!(
                "With {seeds}, only a difference of more than {points} points could be told from luck; more seeds see \
                 smaller ones."
            )
        } else {
            format!(
                "With {seeds} as far apart as these, not even the largest difference could be told from luck; more seeds \
                 see smaller ones."
            )
        }
    })
}

/// Half the width of an interval of the accuracy that is mentioned to a reader.
const UNSEEN: f64 = 0.02;

fn is_short(arm: &Measured, planned: u64) -> bool {
    arm.diverged_at.is_none() && arm.steps < planned
}

/// How many times the loss that it began with an arm ends with that has blown up.
const BLOWN_UP: f64 = 3.0;

/// Whether an arm's loss is far above where it began, though it may still be a number.
fn is_blown(arm: &Measured) -> bool {
    arm.losses.first().zip(arm.train_loss).is_some_and(|((_, first), last)| last > BLOWN_UP * first)
}

/// The arms that have blown up with a seed.
pub(super) fn blown_up(facts: &Facts) -> Vec<usize> {
    let with_a_seed = |arm: &usize| facts.trials.iter().filter_map(|trial| trial.arms.get(*arm)).any(is_blown);
    (0..facts.arms.len()).filter(with_a_seed).collect()
}

/// Whether every arm has blown up or diverged with every seed, so that none is left which tells anything.
pub(super) fn all_are_lost(facts: &Facts) -> bool {
    let mut arms = facts.trials.iter().flat_map(|trial| &trial.arms).peekable();
    arms.peek().is_some() && arms.all(|arm| arm.diverged_at.is_some() || is_blown(arm))
}

/// Says which arms have blown up, where the headline does not.
fn told_of_blown_up(facts: &Facts) -> Option<String> {
    let names: Vec<String> = blown_up(facts).into_iter().map(|arm| quoted(&facts.arms[arm].name)).collect();
    if names.is_empty() || all_are_lost(facts) {
        return None;
    }
    let text = match names.as_slice() {
        [one] => format!("{one} has blown up: its loss is far above where it began; try a lower learning rate."),
        all => format!(
            "{} have blown up: their losses are far above where they began; try a lower learning rate.",
            together(all)
        ),
    };
    Some(capital(&text))
}

/// Says that an arm has learned nothing, where its loss stands where guessing would and there was time to learn.
fn by_guessing(facts: &Facts) -> Option<String> {
    if stopped_early(facts).is_some() {
        return None;
    }
    let stuck = facts.arms.iter().enumerate().filter(|(arm, _)| {
        let losses = facts.trials.iter().filter_map(|trial| trial.arms.get(*arm));
        let mut begun =
            losses.filter_map(|measured| Some((measured.losses.first()?.1, measured.train_loss?))).peekable();
        begun.peek().is_some() && begun.all(|(first, last)| (last - first).abs() < 0.01 * first)
    });
    let names: Vec<String> = stuck.map(|(_, arm)| quoted(&arm.name)).collect();
    let text = match names.as_slice() {
        [one] => format!("{one} has learned nothing: its loss is where it began."),
        several => format!("{} have learned nothing: their losses are where they began.", together(several)),
    };
    (!names.is_empty()).then(|| capital(&text))
}
