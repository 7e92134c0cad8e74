//! What can be plotted over time: its name, its unit, and where in a trace it is.

use super::measured::{PROBED, Part, Quantity};
use super::series::Column;
use super::trace::{Gap, Times, Trace};
use lab_core::number::{self, percent, short};
use lab_core::protocol::Evaluation;
use serde::{Deserialize, Serialize};

/// Something that can be plotted over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Metric {
    /// Cross-entropy, in training and validation.
    Loss,
    /// Share classified correctly, in training and validation.
    Accuracy,
    /// Share of validation images whose class is among the five likeliest.
    Top5,
    /// How much greater the validation loss is.
    LossGap,
    /// How much smaller the validation accuracy is.
    AccuracyGap,
    LearningRate,
    /// Images a second.
    Throughput,
    /// What probes see.
    Probe(Quantity, Part),
}

/// A column with when its entries were taken.
pub type Dense<'a> = (&'a Times, &'a Column);

impl Metric {
    /// All of them, in the order in which they are offered.
    pub fn all() -> impl Iterator<Item = Self> {
        let first = [
            Self::Loss,
            Self::Accuracy,
            Self::Top5,
            Self::LossGap,
            Self::AccuracyGap,
            Self::LearningRate,
            Self::Throughput,
        ];
        first.into_iter().chain(PROBED.map(|(quantity, part)| Self::Probe(quantity, part)))
    }

    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Accuracy => "Accuracy",
            Self::Top5 => "Top-5 accuracy",
            Self::LossGap => "Generalisation gap",
            Self::AccuracyGap => "Accuracy gap",
            Self::LearningRate => "Learning rate",
            Self::Throughput => "Throughput",
            Self::Probe(quantity, part) => match (quantity, part) {
                (Quantity::Gradient, Part::Whole) => "Gradient norm",
                (Quantity::Gradient, Part::First) => "Gradient norm, first block",
                (Quantity::Gradient, Part::Last) => "Gradient norm, last block",
                (Quantity::Update, Part::Whole) => "Update ratio",
                (Quantity::Update, Part::First) => "Update ratio, first block",
                (Quantity::Update, Part::Last) => "Update ratio, last block",
                (Quantity::Weight, Part::Whole) => "Weight norm",
                (Quantity::Weight, Part::First) => "Weight norm, first block",
                (Quantity::Weight, Part::Last) => "Weight norm, last block",
                (Quantity::Activation, Part::First) => "Activation std, first block",
                (Quantity::Activation, _) => "Activation std, last block",
                (Quantity::OutputGradient, Part::First) => "Output gradient, first block",
                (Quantity::OutputGradient, _) => "Output gradient, last block",
            },
        }
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Loss => "Cross-entropy: of each step's batch in training, of all validation images in validation.",
            Self::Accuracy => "Share of the images that are classified correctly.",
            Self::Top5 => "Share of the validation images whose class is among the five likeliest.",
            Self::LossGap => "Validation loss minus the mean training loss since the validation before.",
            Self::AccuracyGap => "Mean training accuracy since the validation before, minus validation accuracy.",
            Self::LearningRate => "What the schedule makes of the base learning rate.",
            Self::Throughput => "Images that each arm trains on in a second, while all arms take turns.",
            Self::Probe(Quantity::Gradient, _) => "‖∂L/∂W‖ over all weights, before clipping.",
            Self::Probe(Quantity::Update, _) => {
                "‖ΔW‖ / ‖W‖: how far one step moves the weights. Around 0.001 is usual."
            }
            Self::Probe(Quantity::Weight, _) => "‖W‖ over all weights.",
            Self::Probe(Quantity::Activation, _) => "Standard deviation of the block's output.",
            Self::Probe(Quantity::OutputGradient, _) => "‖∂L/∂y‖ of the block's output y.",
        }
    }

    /// Its name in files, which stays the same whatever it is called on the screen.
    pub fn id(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
            Self::Top5 => "top_5_accuracy",
            Self::LossGap => "generalisation_gap",
            Self::AccuracyGap => "accuracy_gap",
            Self::LearningRate => "learning_rate",
            Self::Throughput => "throughput",
            Self::Probe(quantity, part) => match (quantity, part) {
                (Quantity::Gradient, Part::Whole) => "gradient_norm",
                (Quantity::Gradient, Part::First) => "gradient_norm_first_block",
                (Quantity::Gradient, Part::Last) => "gradient_norm_last_block",
                (Quantity::Update, Part::Whole) => "update_ratio",
                (Quantity::Update, Part::First) => "update_ratio_first_block",
                (Quantity::Update, Part::Last) => "update_ratio_last_block",
                (Quantity::Weight, Part::Whole) => "weight_norm",
                (Quantity::Weight, Part::First) => "weight_norm_first_block",
                (Quantity::Weight, Part::Last) => "weight_norm_last_block",
                (Quantity::Activation, Part::First) => "activation_std_first_block",
                (Quantity::Activation, _) => "activation_std_last_block",
                (Quantity::OutputGradient, Part::First) => "output_gradient_first_block",
                (Quantity::OutputGradient, _) => "output_gradient_last_block",
            },
        }
    }

    /// Its unit; empty where it has none.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Accuracy | Self::Top5 | Self::AccuracyGap => "%",
            Self::Throughput => "images/s",
            Self::Loss | Self::LossGap => "nats",
            _ => "",
        }
    }

    /// A value in words, with its unit.
    #[must_use]
    pub fn in_words(self, value: f64) -> String {
        match self {
            Self::Accuracy | Self::Top5 | Self::AccuracyGap => percent(value),
            Self::Throughput => format!("{} images/s", short(value)),
            _ => short(value),
        }
    }

    /// A value beside an axis.
    #[must_use]
    pub fn tick(self, value: f64) -> String {
        match self {
            Self::Accuracy | Self::Top5 | Self::AccuracyGap => format!("{} %", number::tick(value * 100.0)),
            _ => number::tick(value),
        }
    }

    /// Whether a moving average of it means something.
    #[must_use]
    pub fn is_noisy(self) -> bool {
        !matches!(self, Self::LearningRate | Self::Top5 | Self::LossGap | Self::AccuracyGap)
    }

    /// Whether it has a value for each step or probe, and which.
    #[must_use]
    pub fn dense(self, trace: &Trace) -> Option<Dense<'_>> {
        let column = match self {
            Self::Loss => &trace.loss,
            Self::Accuracy => &trace.accuracy,
            Self::LearningRate => &trace.learning_rate,
            Self::Throughput => &trace.throughput,
            Self::Probe(quantity, part) => return Some((&trace.probe_times, trace.probe(quantity, part)?)),
            Self::Top5 | Self::LossGap | Self::AccuracyGap => return None,
        };
        Some((&trace.times, column))
    }

    /// Whether validations have a value of it.
    #[must_use]
    pub fn is_validated(self) -> bool {
        matches!(self, Self::Loss | Self::Accuracy | Self::Top5 | Self::LossGap | Self::AccuracyGap)
    }

    /// Its value at each validation.
    #[must_use]
    pub fn sparse(self, trace: &Trace) -> impl DoubleEndedIterator<Item = (&Evaluation, f64)> {
        let value = move |evaluation: &Evaluation, gap: &Gap| match self {
            Self::Loss => evaluation.loss,
            Self::Accuracy => evaluation.accuracy,
            Self::Top5 => evaluation.top5,
            Self::LossGap => gap.loss,
            Self::AccuracyGap => gap.accuracy,
            _ => f64::NAN,
        };
        let count = if self.is_validated() { trace.evaluations.len() } else { 0 };
        let evaluations = trace.evaluations[..count].iter().zip(&trace.gaps);
        evaluations.map(move |(evaluation, gap)| (evaluation, value(evaluation, gap)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_have_the_same_name() {
        let ids: HashSet<&str> = Metric::all().map(Metric::id).collect();
        assert_eq!(ids.len(), Metric::all().count());
        assert_eq!(Metric::Probe(Quantity::Gradient, Part::First).id(), "gradient_norm_first_block");
        assert_eq!(Metric::Top5.id(), "top_5_accuracy");
    }
}
