//! What a claim of a guided experiment may be about, read from a trial's run folder.

use super::answers::TrialAnswers;
use crate::instrument::Instrument;
use crate::number::{count, short, tick};
use crate::quantity::Measure;
use crate::runs::{GradientRow, MetricsRow, Run, RunError, first_and_last_gradient};
use crate::statistics::{Sample, smoothed};
use crate::verdict::reached;
use serde::{Deserialize, Serialize};

/// Something measured of an arm in one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Mean training loss of the last epoch.
    TrainingLoss,
    /// Share of the validation images right in the end.
    ValidationAccuracy,
    /// Share of them wrong in the end.
    ValidationError,
    /// Training accuracy of the last epoch minus validation accuracy.
    GeneralisationGap,
    /// Gradient of the first block's weights over that of the last block's at the first probe, as a power of ten.
    FirstGradientRatio,
    /// The same at the last probe.
    LastGradientRatio,
    Parameters,
    /// Multiply-accumulate operations for one image.
    Macs,
    /// Steps until the averaged training loss is at most the lesson's.
    StepsToLoss,
    /// Training time until then, in seconds.
    SecondsToLoss,
    /// Accuracy lost without one block, in the mean over all blocks that can be left out.
    MeanLesionLoss,
    /// Accuracy lost without the block that matters most.
    WorstLesionLoss,
    /// Mean autocorrelation of the input's gradient with its five next neighbours on a line.
    GradientCorrelation,
}

impl Quantity {
    /// Whether it is about the lesson's loss.
    pub(super) fn needs_loss(self) -> bool {
        matches!(self, Self::StepsToLoss | Self::SecondsToLoss)
    }

    /// The instrument whose answer it needs.
    pub(super) fn instrument(self) -> Option<Instrument> {
        match self {
            Self::MeanLesionLoss | Self::WorstLesionLoss => Some(Instrument::Lesions),
            Self::GradientCorrelation => Some(Instrument::Shattered),
            _ => None,
        }
    }

    /// Whether it is counted, so that no luck is in it.
    #[must_use]
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Parameters | Self::Macs)
    }

    /// Whether less of it is better.
    pub(super) fn less_is_better(self) -> bool {
        !matches!(self, Self::ValidationAccuracy | Self::GradientCorrelation)
    }

    /// By what it is taken where it is written, and the unit that stands behind.
    fn unit(self) -> (f64, &'static str) {
        match self {
            Self::ValidationAccuracy | Self::ValidationError => (100.0, " %"),
            Self::GeneralisationGap | Self::MeanLesionLoss | Self::WorstLesionLoss => (100.0, " points"),
            Self::Macs => (1e-6, " M"),
            Self::SecondsToLoss => (1.0, " s"),
            _ => (1.0, ""),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn in_words(self, value: f64) -> String {
        let (times, unit) = self.unit();
        match self {
            Self::FirstGradientRatio | Self::LastGradientRatio => format!("×{}", tick(10f64.powf(value))),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            Self::Parameters => count(value.round() as u64),
            _ => format!("{}{unit}", short(times * value)),
        }
    }

    /// A mean with its spread, as it is written. Where the spread is on another scale than what is shown, its ends say
    /// more than a number.
    pub(super) fn spread_in_words(self, sample: Sample) -> String {
        let (times, unit) = self.unit();
        match self {
            Self::FirstGradientRatio | Self::LastGradientRatio if sample.n > 1 => {
                let [low, high] = [sample.mean - sample.sd, sample.mean + sample.sd].map(|end| self.in_words(end));
                format!("{} ({low} to {high})", self.in_words(sample.mean))
            }
            _ if sample.n < 2 || self.is_counted() => self.in_words(sample.mean),
            _ => sample.in_words(times, short, unit),
        }
    }

    /// Of an arm of a run that has ended; `None` where it was not measured. A loss that was never reached counts as
    /// reached one step, or one second, after the end.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn of(self, run: &Run, arm: usize, loss: f64, asked: Option<&TrialAnswers>) -> Result<Option<f64>, RunError> {
        let ended = run.outcome.as_ref().and_then(|outcome| outcome.arms.get(arm));
        let info = run.info.arms.get(arm);
        let alive = ended.filter(|ended| ended.diverged_at.is_none());
        let number = |count: u64| count as f64;
        Ok(match self {
            Self::Parameters => info.map(|info| number(info.parameters)),
            Self::Macs => info.map(|info| number(info.macs)),
            Self::TrainingLoss => alive.and_then(|ended| ended.train_loss),
            Self::ValidationAccuracy => alive.and_then(|ended| ended.validation_accuracy),
            Self::ValidationError => alive.and_then(|ended| Some(1.0 - ended.validation_accuracy?)),
            Self::GeneralisationGap => alive.and_then(|ended| Some(ended.train_accuracy? - ended.validation_accuracy?)),
            Self::FirstGradientRatio => gradient_ratio(&run.gradients(arm)?, false),
            Self::LastGradientRatio => gradient_ratio(&run.gradients(arm)?, true),
            Self::StepsToLoss => reached_at(&run.metrics(arm)?, loss, |row| number(row.step)),
            Self::SecondsToLoss => reached_at(&run.metrics(arm)?, loss, |row| row.seconds),
            Self::MeanLesionLoss => asked.and_then(|asked| asked.arms.get(arm)?.mean_lesion_loss),
            Self::WorstLesionLoss => asked.and_then(|asked| asked.arms.get(arm)?.worst_lesion_loss),
            Self::GradientCorrelation => asked.and_then(|asked| asked.arms.get(arm)?.gradient_correlation),
        }
        .filter(|value| value.is_finite()))
    }
}

/// The first block's gradient over the last's at the first or the last probe, as a power of ten. A gradient that has
/// vanished altogether counts as the least number there is.
fn gradient_ratio(rows: &[GradientRow], last: bool) -> Option<f64> {
    let step = if last { rows.last()?.step } else { rows.first()?.step };
    let floor = |norm: f64| norm.max(f64::from(f32::MIN_POSITIVE));
    let [first, last] = first_and_last_gradient(rows, step)?;
    Some((floor(first) / floor(last)).log10())
}

fn reached_at(rows: &[MetricsRow], loss: f64, when: impl Fn(&MetricsRow) -> f64) -> Option<f64> {
    let trained: Vec<(&MetricsRow, f64)> =
        rows.iter().filter_map(|row| Some((row, row.get(Measure::TrainLoss)?))).collect();
    let losses: Vec<f64> = trained.iter().map(|(_, loss)| *loss).collect();
    let averaged: Vec<(u64, f64)> = (0..).zip(smoothed(&losses)).collect();
    let at = reached(&averaged, loss).and_then(|index| trained.get(usize::try_from(index).ok()?));
    at.map(|(row, _)| when(row)).or_else(|| trained.last().map(|(row, _)| when(row) + 1.0))
}
