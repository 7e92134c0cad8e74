//! Takes what is new in a run folder's tables into an arm's numbers.

use crate::state::trace::Trace;
use lab_core::runs::News;

/// Takes a piece of news into an arm's numbers.
pub fn heard(trace: &mut Trace, arm: usize, news: News) {
    match news {
        News::Metrics(row) => {
            row.trained().iter().for_each(|step| trace.step(step));
            row.evaluation(arm, &trace.evaluations).into_iter().for_each(|evaluation| trace.evaluated(evaluation));
        }
        News::Probe(step, probe) => trace.probed(step, &probe),
        News::Again => *trace = Trace::default(),
    }
}
