//! What an arm of a run on disk has come to: the last and the best value of each metric.

use lab_core::runs::MetricsRow;
use serde::{Deserialize, Serialize};

/// A metric that a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Score {
    /// Mean loss of a step's batch.
    TrainLoss,
    /// Share of a step's batch.
    TrainAccuracy,
    /// Mean over the validation images.
    ValidationLoss,
    /// Share of the validation images.
    ValidationAccuracy,
    /// Share of the validation images whose class is among the five likeliest.
    Top5,
    /// Images a second.
    Throughput,
    LearningRate,
}

impl Score {
    pub const ALL: [Self; 7] = [
        Self::ValidationAccuracy,
        Self::ValidationLoss,
        Self::Top5,
        Self::TrainAccuracy,
        Self::TrainLoss,
        Self::Throughput,
        Self::LearningRate,
    ];

    /// Whether less is better.
    #[must_use]
    pub fn falls(self) -> bool {
        matches!(self, Self::TrainLoss | Self::ValidationLoss)
    }

    fn of(self, row: &MetricsRow) -> Option<f64> {
        match self {
            Self::TrainLoss => row.train_loss,
            Self::TrainAccuracy => row.train_accuracy,
            Self::ValidationLoss => row.validation_loss,
            Self::ValidationAccuracy => row.validation_accuracy,
            Self::Top5 => row.validation_top5,
            Self::Throughput => row.images_per_second,
            Self::LearningRate => row.learning_rate,
        }
    }
}

/// What an arm has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub steps: u64,
    /// Training time in seconds.
    pub seconds: f64,
    /// For each of [`Score::ALL`], the last and the best value.
    scores: [Option<[f64; 2]>; Score::ALL.len()],
}

impl Results {
    /// Takes in a row.
    pub fn add(&mut self, row: &MetricsRow) {
        self.steps = row.step;
        self.seconds = row.seconds;
        for (score, kept) in Score::ALL.iter().zip(&mut self.scores) {
            let Some(value) = score.of(row) else { continue };
            let best = kept.map_or(value, |[_, best]| if score.falls() { best.min(value) } else { best.max(value) });
            *kept = Some([value, best]);
        }
    }

    /// The last value of a metric.
    #[must_use]
    pub fn last(&self, score: Score) -> Option<f64> {
        self.both(score).map(|[last, _]| last)
    }

    /// The best value of a metric.
    #[must_use]
    pub fn best(&self, score: Score) -> Option<f64> {
        self.both(score).map(|[_, best]| best)
    }

    fn both(&self, score: Score) -> Option<[f64; 2]> {
        Score::ALL.iter().position(|known| *known == score).and_then(|index| self.scores[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_loss_is_the_least_and_the_best_accuracy_the_greatest() {
        let mut results = Results::default();
        for (step, value) in [(1, 0.5), (2, 0.2), (3, 0.4)] {
            let row = MetricsRow {
                step,
                validation_loss: Some(value),
                validation_accuracy: Some(value),
                ..MetricsRow::default()
            };
            results.add(&row);
        }
        results.add(&MetricsRow { step: 4, ..MetricsRow::default() });
        assert_eq!((results.last(Score::ValidationLoss), results.best(Score::ValidationLoss)), (Some(0.4), Some(0.2)));
        assert_eq!(results.best(Score::ValidationAccuracy), Some(0.5));
        assert_eq!((results.steps, results.best(Score::TrainLoss)), (4, None));
    }
}
