//! What an arm of a run on disk has come to: the last and the best value of each measure.

use lab_core::quantity::Measure;
use lab_core::runs::MetricsRow;

/// What an arm has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunResults {
    pub steps: u64,
    /// Training time in seconds.
    pub seconds: f64,
    /// For each of [`Measure::ALL`], the last and the best value.
    scores: [Option<[f64; 2]>; Measure::ALL.len()],
}

impl RunResults {
    /// Takes in a row.
    pub fn add(&mut self, row: &MetricsRow) {
        self.steps = row.step;
        self.seconds = row.seconds;
        for (&measure, kept) in Measure::ALL.iter().zip(&mut self.scores) {
            let Some(value) = row.get(measure) else { continue };
            let better = if measure.less_is_better() { f64::min } else { f64::max };
            let best = kept.map_or(value, |[_, best]| better(best, value));
            *kept = Some([value, best]);
        }
    }

    /// The last value of a measure.
    #[must_use]
    pub fn last(&self, measure: Measure) -> Option<f64> {
        self.scores[measure as usize].map(|[last, _]| last)
    }

    /// The best value of a measure.
    #[must_use]
    pub fn best(&self, measure: Measure) -> Option<f64> {
        self.scores[measure as usize].map(|[_, best]| best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_loss_is_the_least_and_the_best_accuracy_the_greatest() {
        let mut results = RunResults::default();
        for (step, value) in [(1, 0.5), (2, 0.2), (3, 0.4)] {
            let row = MetricsRow::at(step, 0.0, 0.0)
                .with(Measure::ValidationLoss, value)
                .with(Measure::ValidationAccuracy, value);
            results.add(&row);
        }
        results.add(&MetricsRow::at(4, 0.0, 0.0));
        assert_eq!(
            (results.last(Measure::ValidationLoss), results.best(Measure::ValidationLoss)),
            (Some(0.4), Some(0.2))
        );
        assert_eq!(results.best(Measure::ValidationAccuracy), Some(0.5));
        assert_eq!((results.steps, results.best(Measure::TrainLoss)), (4, None));
    }
}
