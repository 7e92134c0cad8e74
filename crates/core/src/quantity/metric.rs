//! What each step and each validation of an arm measures, and what is plotted of a run over time: a row for each.

use super::field::{Field, field};
use super::probed::{Part, Probed};
use super::table::table;
use super::unit::Unit;
use crate::protocol::{Evaluation, PastStep};

/// A column of `metrics.csv`.
struct Column {
    name: &'static str,
    /// What it is called within a sentence.
    words: &'static str,
    unit: Unit,
    less_is_better: bool,
    of: Of,
}

/// What a column is measured of.
enum Of {
    Step(Field<PastStep>),
    Validation(Field<Evaluation>),
}

table! {
    /// What is measured of an arm, in the order of the columns of `metrics.csv`.
    Measure: Column {
        /// Images a second.
        Throughput => Column {
            name: "images_per_second",
            words: "images/s",
            unit: Unit::ImagesPerSecond,
            less_is_better: false,
            of: Of::Step(field!(images_per_second)),
        },
        /// Used by a step.
        LearningRate => Column {
            name: "learning_rate",
            words: "learning rate",
            unit: Unit::One,
            less_is_better: false,
            of: Of::Step(field!(seen.learning_rate)),
        },
        /// Mean loss of a step's batch.
        TrainLoss => Column {
            name: "train_loss",
            words: "training loss",
            unit: Unit::Nats,
            less_is_better: true,
            of: Of::Step(field!(seen.loss)),
        },
        /// Share of a step's batch that is classified correctly.
        TrainAccuracy => Column {
            name: "train_accuracy",
            words: "training acc.",
            unit: Unit::Share,
            less_is_better: false,
            of: Of::Step(field!(seen.accuracy)),
        },
        /// Mean over the validation images.
        ValidationLoss => Column {
            name: "validation_loss",
            words: "validation loss",
            unit: Unit::Nats,
            less_is_better: true,
            of: Of::Validation(field!(loss)),
        },
        /// Share of the validation images that is classified correctly.
        ValidationAccuracy => Column {
            name: "validation_accuracy",
            words: "validation acc.",
            unit: Unit::Share,
            less_is_better: false,
            of: Of::Validation(field!(accuracy)),
        },
        /// Share of the validation images whose class is among the five likeliest.
        Top5 => Column {
            name: "validation_top5",
            words: "top-5 acc.",
            unit: Unit::Share,
            less_is_better: false,
            of: Of::Validation(field!(top5)),
        },
    }
}

impl Measure {
    /// Its column in `metrics.csv`.
    #[must_use]
    pub fn column(self) -> &'static str {
        self.row().name
    }

    /// What it is called within a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.row().unit
    }

    /// Whether less is better.
    #[must_use]
    pub fn less_is_better(self) -> bool {
        self.row().less_is_better
    }

    /// Its value in a step; `None` where validations have it.
    #[must_use]
    pub fn of_step(self, step: &PastStep) -> Option<f64> {
        if let Of::Step(field) = self.row().of { (field.get)(step) } else { None }
    }

    /// Its value in a validation; `None` where steps have it.
    #[must_use]
    pub fn of_validation(self, evaluation: &Evaluation) -> Option<f64> {
        if let Of::Validation(field) = self.row().of { (field.get)(evaluation) } else { None }
    }

    /// Puts a recorded value back into a step, if steps have it.
    pub(crate) fn put_into_step(self, step: &mut PastStep, value: Option<f64>) {
        if let Of::Step(field) = self.row().of {
            (field.set)(step, value);
        }
    }

    /// Puts a recorded value back into a validation, if validations have it.
    pub(crate) fn put_into_validation(self, evaluation: &mut Evaluation, value: Option<f64>) {
        if let Of::Validation(field) = self.row().of {
            (field.set)(evaluation, value);
        }
    }
}

/// Where the values of a plot come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Steps, validations or both.
    Measured {
        /// What is measured of each step.
        trained: Option<Measure>,
        /// What is measured of each validation.
        validated: Option<Measure>,
    },
    /// How much worse a validation is than the mean of the steps since the validation before.
    Gap {
        /// What is measured of each step.
        trained: Measure,
        /// What is measured of each validation.
        validated: Measure,
    },
    Probed(Probed, Part),
}

/// A plot over time.
struct Plot {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    unit: Unit,
    /// Whether its axis is logarithmic at first.
    log: bool,
    /// Whether a moving average of it means something.
    noisy: bool,
    source: Source,
}

table! {
    /// Something that is plotted over time, in the order in which plots are offered.
    Metric: Plot {
        /// Cross-entropy, in training and validation.
        Loss => Plot {
            id: "loss",
            title: "Loss",
            about: "Cross-entropy: of each step's batch in training, of all validation images in validation.",
            unit: Unit::Nats,
            log: false,
            noisy: true,
            source: Source::Measured {
                trained: Some(Measure::TrainLoss),
                validated: Some(Measure::ValidationLoss),
            },
        },
        /// Share classified correctly, in training and validation.
        Accuracy => Plot {
            id: "accuracy",
            title: "Accuracy",
            about: "Share of the images that are classified correctly.",
            unit: Unit::Share,
            log: false,
            noisy: true,
            source: Source::Measured {
                trained: Some(Measure::TrainAccuracy),
                validated: Some(Measure::ValidationAccuracy),
            },
        },
        /// Share of validation images whose class is among the five likeliest.
        Top5 => Plot {
            id: "top_5_accuracy",
            title: "Top-5 accuracy",
            about: "Share of the validation images whose class is among the five likeliest.",
            unit: Unit::Share,
            log: false,
            noisy: false,
            source: Source::Measured { trained: None, validated: Some(Measure::Top5) },
        },
        /// How much greater the validation loss is.
        LossGap => Plot {
            id: "generalisation_gap",
            title: "Generalisation gap",
            about: "Validation loss minus the mean training loss since the validation before.",
            unit: Unit::Nats,
            log: false,
            noisy: false,
            source: Source::Gap { trained: Measure::TrainLoss, validated: Measure::ValidationLoss },
        },
        /// How much smaller the validation accuracy is.
        AccuracyGap => Plot {
            id: "accuracy_gap",
            title: "Accuracy gap",
            about: "Mean training accuracy since the validation before, minus validation accuracy.",
            unit: Unit::Share,
            log: false,
            noisy: false,
            source: Source::Gap { trained: Measure::TrainAccuracy, validated: Measure::ValidationAccuracy },
        },
        LearningRate => Plot {
            id: "learning_rate",
            title: "Learning rate",
            about: "What the schedule makes of the base learning rate.",
            unit: Unit::One,
            log: false,
            noisy: false,
            source: Source::Measured { trained: Some(Measure::LearningRate), validated: None },
        },
        /// Images a second.
        Throughput => Plot {
            id: "throughput",
            title: "Throughput",
            about: "Images that each arm trains on in a second, while all arms take turns.",
            unit: Unit::ImagesPerSecond,
            log: false,
            noisy: true,
            source: Source::Measured { trained: Some(Measure::Throughput), validated: None },
        },
    }
    + /// What probes see.
    Probe(probed: Probed, part: Part) => Plot {
        id: probed.id(part),
        title: probed.title(part),
        about: probed.about(),
        unit: Unit::One,
        log: probed.is_log(),
        noisy: true,
        source: Source::Probed(probed, part),
    }
}

impl Metric {
    /// Every plot that is offered, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        let probed = Probed::ALL.iter().flat_map(|probed| probed.parts().map(|part| Self::Probe(*probed, part)));
        Self::ALL.iter().copied().chain(probed)
    }

    /// Its name in files, which stays the same whatever it is called on the screen.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.row().unit
    }

    /// Whether its axis is logarithmic as long as nobody chose.
    #[must_use]
    pub fn is_log(self) -> bool {
        self.row().log
    }

    /// Whether a moving average of it means something.
    #[must_use]
    pub fn is_noisy(self) -> bool {
        self.row().noisy
    }

    /// Where its values come from.
    #[must_use]
    pub fn source(self) -> Source {
        self.row().source
    }

    /// Whether validations have a value of it.
    #[must_use]
    pub fn is_validated(self) -> bool {
        matches!(self.source(), Source::Gap { .. } | Source::Measured { validated: Some(_), .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_files_are_what_they_always_were() {
        let ids: Vec<&str> = Metric::all().map(Metric::id).collect();
        let expected = [
            "loss",
            "accuracy",
            "top_5_accuracy",
            "generalisation_gap",
            "accuracy_gap",
            "learning_rate",
            "throughput",
            "gradient_norm",
            "gradient_norm_first_block",
            "gradient_norm_last_block",
            "update_ratio",
            "update_ratio_first_block",
            "update_ratio_last_block",
            "weight_norm",
            "weight_norm_first_block",
            "weight_norm_last_block",
            "activation_std_first_block",
            "activation_std_last_block",
            "output_gradient_first_block",
            "output_gradient_last_block",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn names_in_kept_layouts_are_what_they_always_were() {
        let measures: Vec<String> =
            Measure::ALL.iter().map(|measure| serde_json::to_string(measure).unwrap()).collect();
        let expected = [
            "Throughput",
            "LearningRate",
            "TrainLoss",
            "TrainAccuracy",
            "ValidationLoss",
            "ValidationAccuracy",
            "Top5",
        ];
        assert_eq!(measures, expected.map(|name| format!("\"{name}\"")));
        let metrics: Vec<String> = Metric::all().map(|metric| serde_json::to_string(&metric).unwrap()).collect();
        let plain = ["Loss", "Accuracy", "Top5", "LossGap", "AccuracyGap", "LearningRate", "Throughput"];
        assert_eq!(metrics[..7], plain.map(|name| format!("\"{name}\"")));
        let probed = [
            ("Gradient", "Whole"),
            ("Gradient", "First"),
            ("Gradient", "Last"),
            ("Update", "Whole"),
            ("Update", "First"),
            ("Update", "Last"),
            ("Weight", "Whole"),
            ("Weight", "First"),
            ("Weight", "Last"),
            ("Activation", "First"),
            ("Activation", "Last"),
            ("OutputGradient", "First"),
            ("OutputGradient", "Last"),
        ];
        assert_eq!(metrics[7..], probed.map(|(what, part)| format!("{{\"Probe\":[\"{what}\",\"{part}\"]}}")));
    }

    #[test]
    fn a_measure_is_of_steps_or_of_validations_and_comes_back_as_it_was() {
        let step = PastStep { images_per_second: 7.0, ..PastStep::default() };
        assert_eq!(Measure::Throughput.of_step(&step), Some(7.0));
        assert_eq!(Measure::Top5.of_step(&step), None);
        for (number, measure) in (1u8..).zip(Measure::ALL) {
            let (mut step, mut evaluation) = (PastStep::default(), Evaluation::default());
            measure.put_into_step(&mut step, Some(f64::from(number)));
            measure.put_into_validation(&mut evaluation, Some(f64::from(number)));
            let both = [measure.of_step(&step), measure.of_validation(&evaluation)];
            assert_eq!(both.into_iter().flatten().collect::<Vec<_>>(), [f64::from(number)], "{}", measure.column());
        }
    }
}
