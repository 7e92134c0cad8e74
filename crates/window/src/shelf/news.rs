//! Takes what is new in a run folder's tables into an arm's numbers.

use crate::state::trace::Trace;
use lab_core::protocol::{ArmStep, Evaluation};
use lab_core::runs::{MetricsRow, News};

/// Takes a piece of news into an arm's numbers.
pub fn heard(trace: &mut Trace, arm: usize, news: News) {
    match news {
        News::Metrics(row) => metrics(trace, arm, &row),
        News::Probe(step, probe) => trace.probed(step, &probe),
        News::Again => *trace = Trace::default(),
    }
}

fn metrics(trace: &mut Trace, arm: usize, row: &MetricsRow) {
    if let (Some(loss), Some(accuracy)) = (row.train_loss, row.train_accuracy) {
        let learning_rate = row.learning_rate.unwrap_or(f64::NAN);
        let throughput = row.images_per_second.unwrap_or(f64::NAN);
        trace.step(row.step, row.seconds, throughput, &ArmStep { loss, accuracy, learning_rate });
    }
    if let (Some(loss), Some(accuracy)) = (row.validation_loss, row.validation_accuracy) {
        trace.evaluated(Evaluation {
            arm,
            step: row.step,
            epoch: row.epoch,
            seconds: row.seconds,
            loss,
            accuracy,
            top5: row.validation_top5.unwrap_or(f64::NAN),
            confusion: Vec::new(),
            predicted: Vec::new(),
            best: trace.best().is_none_or(|best| loss < best.loss),
        });
    }
}
