//! What was recorded of a run before it goes on: whoever watches has its curves from the beginning.

use super::records::{ArmStep, Evaluation, ProbeRecord, SpreadRecord, StepRecord};

/// A run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// One for each arm.
    pub arms: Vec<ArmPast>,
    /// Looks at gradients and activations, oldest first.
    pub probes: Vec<ProbeRecord>,
    /// How parameters and gradients were spread, oldest first.
    pub spreads: Vec<SpreadRecord>,
    /// What happened to it, oldest first.
    pub events: Vec<PastEvent>,
}

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// After this many steps.
    pub step: u64,
    /// In words.
    pub what: String,
    /// Whether it came from outside, or an arm stopped: what is marked on every plot.
    pub intervened: bool,
    /// The arm that stopped, if that is what happened.
    pub stopped: Option<String>,
}

/// An arm so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmPast {
    /// Its steps, oldest first.
    pub steps: Vec<PastStep>,
    /// Its validations, oldest first; without confusion matrix, which has a file of its own.
    pub evaluations: Vec<Evaluation>,
}

/// A step of one arm, as it is recorded. What an older version did not record is not a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PastStep {
    /// From 1.
    pub step: u64,
    /// Training time by then, in seconds.
    pub seconds: f64,
    /// Throughput of the step.
    pub images_per_second: f64,
    /// What was measured.
    pub seen: ArmStep,
}

impl PastStep {
    /// An arm's part of a step; `None` once the arm has stopped.
    #[must_use]
    pub fn of(record: &StepRecord, arm: usize) -> Option<Self> {
        let &StepRecord { step, seconds, images_per_second, .. } = record;
        Some(Self { step, seconds, images_per_second, seen: record.arms.get(arm).copied().flatten()? })
    }
}
