//! What is measured and recorded of an experiment: plain values that the engine makes, a run folder keeps and a watcher draws.

use super::end::End;
use super::live::Tune;
use crate::experiment::Course;
use crate::instrument::{Confusion, Histogram};
use crate::number::{capital, count, percent, plural};
use serde::{Deserialize, Serialize, Serializer};
use std::path::PathBuf;

/// What the images of an experiment turned out to be. With the weights, this is all that classifying needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetInfo {
    /// What the data set is called.
    pub name: String,
    /// [channels, height, width] of a network's input.
    pub shape: [usize; 3],
    /// In the order of the labels.
    pub classes: Vec<String>,
    pub train: usize,
    pub validation: usize,
    /// Subtracted per channel from pixels in [0, 1].
    pub mean: Vec<f32>,
    /// Divided by per channel.
    pub std: Vec<f32>,
}

impl DatasetInfo {
    /// So many classes that have no names, as data sets without names number theirs.
    #[must_use]
    pub fn numbered_classes(count: usize) -> Vec<String> {
        (0..count).map(|class| class.to_string()).collect()
    }

    /// Whether these are the same images, as far as their numbers and the means of their pixels tell; they may lie elsewhere by
    /// now, under another name.
    #[must_use]
    pub fn is_of_same_images(&self, other: &Self) -> bool {
        *self == Self { name: self.name.clone(), ..other.clone() }
    }

    /// In what the images differ from these by now, if they are no longer the same.
    #[must_use]
    pub fn changes(&self, now: &Self) -> Option<String> {
        if self.is_of_same_images(now) {
            return None;
        }
        let counts = |of: &Self| [of.train, of.validation];
        let ([train, validation], [train_now, validation_now]) = (counts(self), counts(now));
        let other_shape = self.other_shape(now.shape);
        Some(if counts(self) != counts(now) {
            format!("{train} training and {validation} validation images then, {train_now} and {validation_now} now")
        } else if self.classes != now.classes {
            let first = |of: &Self| of.classes.iter().take(CLASSES).cloned().collect::<Vec<_>>().join(", ");
            format!("its first classes were {}, and are {} now", first(self), first(now))
        } else {
            other_shape.unwrap_or_else(|| "there are as many as then, and other ones".to_owned())
        })
    }

    /// Which shape the images had and have now, `[channels, height, width]`, if that is another one.
    #[must_use]
    pub fn other_shape(&self, now: [usize; 3]) -> Option<String> {
        let [was, is] = [self.shape, now].map(|shape| shape.map(|side| side.to_string()).join("×"));
        (was != is).then(|| format!("they were of {was}, and are of {is} now"))
    }

    /// Whether its classes are numbers rather than names, counted from 0 or from 1.
    #[must_use]
    pub fn has_numbered_classes(&self) -> bool {
        let is_number = |(place, name): (usize, &String)| {
            let number = name.strip_prefix("class ").unwrap_or(name).parse();
            number.is_ok_and(|number: usize| number == place || number == place + 1)
        };
        self.classes.iter().enumerate().all(is_number)
    }
}

/// Classes that are named where a run's images are of others now.
const CLASSES: usize = 3;

/// What an arm is, counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmInfo {
    pub name: String,
    pub parameters: u64,
    /// Multiply-accumulate operations of one image's forward pass.
    pub macs: u64,
    /// The blocks that probes report on, in order: `layer1.0`, …
    pub blocks: Vec<String>,
}

/// One optimiser step of all arms.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRecord {
    /// From 1.
    pub step: u64,
    /// Passes over the training images so far.
    pub epoch: f64,
    /// Training time so far in seconds, pauses left out.
    pub seconds: f64,
    /// Images each arm saw in this step over the time of the step.
    pub images_per_second: f64,
    /// One for each arm; `None` once an arm has stopped.
    pub arms: Vec<Option<ArmStep>>,
}

/// One optimiser step of one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ArmStep {
    /// Mean loss over the batch.
    pub loss: f64,
    /// Share of the batch that is classified correctly.
    pub accuracy: f64,
    /// The learning rate used.
    pub learning_rate: f64,
}

/// A look at gradients and activations during one step.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRecord {
    /// The step, from 1.
    pub step: u64,
    /// One for each arm; empty once an arm has stopped.
    pub arms: Vec<ArmProbe>,
}

/// What a probe saw in one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmProbe {
    /// ‖∂L/∂W‖ over all parameters, before clipping.
    pub gradient_norm: f64,
    /// ‖W‖ over all parameters.
    pub weight_norm: f64,
    /// ‖ΔW‖ over all parameters: how far the step moved them.
    pub update_norm: f64,
    /// One for each block, in the order of [`ArmInfo::blocks`].
    pub blocks: Vec<BlockProbe>,
}

/// What a probe saw in one block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BlockProbe {
    /// ‖∂L/∂W‖ over the block's parameters.
    pub weight_gradient_norm: f64,
    /// ‖W‖ over the block's parameters.
    pub weight_norm: f64,
    /// ‖ΔW‖ over the block's parameters: how far the step moved them.
    pub update_norm: f64,
    /// ‖∂L/∂y‖ of the block's output y, for the batch's mean loss.
    pub output_gradient_norm: f64,
    /// Standard deviation of the block's output.
    pub activation_std: f64,
    /// Mean of the block's output.
    pub activation_mean: f64,
    /// ‖αF(x)‖ / ‖x‖: how much the branch changes its input; absent where nothing is added.
    pub branch_ratio: Option<f64>,
}

/// How the values of all parameters and of their gradients were spread in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadRecord {
    /// The step, from 1. Weights are those before it, gradients those that it was made from.
    pub step: u64,
    /// One for each arm and parameter; empty once an arm has stopped.
    pub arms: Vec<Vec<Histogram>>,
}

/// An arm validated on the whole validation set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    pub arm: usize,
    /// After this many steps.
    pub step: u64,
    /// Passes over the training images by then.
    pub epoch: f64,
    /// Training time by then, in seconds.
    pub seconds: f64,
    /// Mean cross-entropy, without label smoothing.
    pub loss: f64,
    /// Share of images classified correctly, 0 to 1.
    pub accuracy: f64,
    /// Share whose class is among the five likeliest; 1 with five classes or fewer.
    pub top5: f64,
    /// Which classes are taken for which.
    pub confusion: Confusion,
    /// What each validation image was taken for.
    pub predicted: Vec<u16>,
    /// Whether this is the arm's best validation loss so far.
    pub best: bool,
}

/// Something that happened to a run from outside, or an arm that stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervention {
    /// After this many steps.
    pub step: u64,
    /// What happened, in words.
    pub what: String,
    /// What was changed by hand, if something was: whoever goes on from an earlier step makes the change again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The arm that stopped, if that is what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

impl Intervention {
    /// What happened, in words, after so many steps: neither a change by hand nor the end of an arm.
    #[must_use]
    pub fn new(step: u64, what: impl Into<String>) -> Self {
        Self { step, what: what.into(), change: None, stopped: None }
    }
}

/// Something that a person changed in a run under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Tune(Tune),
    Length {
        /// The steps in all.
        steps: u64,
        /// How the schedule is laid over them.
        course: Course,
    },
}

/// How an experiment ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub reason: End,
    pub steps: u64,
    /// Training time in seconds.
    pub seconds: f64,
    /// The run's folder, if it is kept. A name that is no Unicode text is written as nearly as text can.
    #[serde(serialize_with = "as_text")]
    pub run: Option<PathBuf>,
    /// One for each arm.
    pub arms: Vec<ArmOutcome>,
    /// Steps that were planned, with all extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<u64>,
    /// Of every two arms that were validated after the same step: on how many images only one was right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discordant: Vec<Discordant>,
}

impl Outcome {
    /// Whether it was ended before it did all it was to do, though it could have gone on.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.reason == End::Stopped
    }

    /// How it ended and how well each arm did, the best first: `Finished: residual 83.5 %, plain 67.7 %`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let head = if self.reason == End::Complete {
            "Finished".to_owned()
        } else {
            let validated = self.validated_at().map(|step| format!(", validated at step {}", count(step)));
            let (reason, steps) = (capital(self.reason.in_words()), plural(self.steps, "step"));
            format!("{reason} (after {steps}{})", validated.unwrap_or_default())
        };
        let mut arms: Vec<&ArmOutcome> = self.arms.iter().collect();
        arms.sort_by(|a, b| b.validation_accuracy.unwrap_or(-1.0).total_cmp(&a.validation_accuracy.unwrap_or(-1.0)));
        let arms: Vec<String> = arms.into_iter().filter_map(ArmOutcome::in_words).collect();
        if arms.is_empty() { head } else { format!("{head}: {}", arms.join(", ")) }
    }

    /// The step at which its arms were validated last, where more steps were done after it.
    #[must_use]
    pub fn validated_at(&self) -> Option<u64> {
        self.arms.iter().filter_map(|arm| arm.validated_at).max().filter(|step| *step < self.steps)
    }
}

impl ArmOutcome {
    /// How it ended; `None` where it was never validated and nothing went wrong.
    fn in_words(&self) -> Option<String> {
        let name = &self.name;
        match (self.diverged_at, &self.fault, self.validation_accuracy) {
            (_, Some(fault), _) => Some(format!("{name} failed ({fault})")),
            (Some(step), None, _) => Some(format!("{name} diverged at step {}", count(step))),
            (None, None, accuracy) => accuracy.map(|accuracy| format!("{name} {}", percent(accuracy))),
        }
    }
}

#[allow(clippy::ref_option, reason = "serde hands it over like this")]
fn as_text<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}

/// On how many validation images only one of two arms was right at its last validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discordant {
    /// The place of one arm.
    pub first: usize,
    /// The place of another.
    pub second: usize,
    /// Images that only the first got right.
    pub first_only: u32,
    /// Images that only the second got right.
    pub second_only: u32,
}

/// How an arm ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmOutcome {
    pub name: String,
    pub parameters: u64,
    /// Mean training loss of the last epoch (or of all steps, if there was none).
    pub train_loss: Option<f64>,
    /// Share of the last epoch's training images classified correctly.
    pub train_accuracy: Option<f64>,
    /// The step of the last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validated_at: Option<u64>,
    /// At the last evaluation.
    pub validation_loss: Option<f64>,
    /// At the last evaluation.
    pub validation_accuracy: Option<f64>,
    /// At the evaluation with the least loss; runs of before December 2026 call it `best_accuracy`.
    #[serde(alias = "best_accuracy")]
    pub accuracy_at_least_loss: Option<f64>,
    /// The step of the evaluation with the least loss.
    #[serde(alias = "best_step")]
    pub least_loss_step: Option<u64>,
    /// The step at which the loss left the finite numbers, if it did.
    pub diverged_at: Option<u64>,
    /// Whether its weights were no finite numbers in the end, so that no checkpoint has them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaved: bool,
    /// What went wrong in it, if that ended it, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_names_its_arms_the_best_first_and_those_that_died() {
        let arm = |name: &str, accuracy, diverged_at| ArmOutcome {
            name: name.into(),
            parameters: 1,
            train_loss: None,
            train_accuracy: None,
            validated_at: None,
            validation_loss: None,
            validation_accuracy: accuracy,
            accuracy_at_least_loss: None,
            least_loss_step: None,
            diverged_at,
            unsaved: false,
            fault: None,
        };
        let mut outcome = Outcome {
            reason: End::Complete,
            steps: 234,
            seconds: 1.0,
            run: None,
            arms: vec![arm("plain", Some(0.677), None), arm("residual", Some(0.835), None)],
            planned: None,
            discordant: Vec::new(),
        };
        assert_eq!(outcome.in_words(), "Finished: residual 83.5 %, plain 67.7 %");
        outcome.arms[0] = arm("plain", Some(0.1), Some(1_200));
        outcome.reason = End::Stopped;
        assert!(outcome.was_stopped());
        let said = "Stopped (after 234 steps): residual 83.5 %, plain diverged at step 1,200";
        assert_eq!(outcome.in_words(), said);
        outcome.arms = vec![arm("plain", Some(0.325), None), arm("residual", Some(0.711), None)];
        outcome.arms.iter_mut().for_each(|arm| arm.validated_at = Some(78));
        let said = "Stopped (after 234 steps, validated at step 78): residual 71.1 %, plain 32.5 %";
        assert_eq!(outcome.in_words(), said);
        outcome.arms.clear();
        assert_eq!(outcome.in_words(), "Stopped (after 234 steps)");
    }
}
