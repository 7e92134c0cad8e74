//! What can be changed while training, as the engine reported it last. Works nothing out, and knows nothing of widgets.

use lab_core::experiment::{Augmentation, Curve, Experiment};
use lab_core::protocol::{ArmLive, Live, Prepared, StepRecord};

/// The settings in use.
#[derive(Clone, Debug, Default)]
pub struct SettingsInUse {
    /// As the engine reported them last.
    engine: Live,
    names: Vec<String>,
    scheduled: bool,
    version: u64,
    /// The learning rates of the last steps of a run that was read from the disk, until it goes on.
    before: Vec<Option<f64>>,
}

impl SettingsInUse {
    pub(super) fn prepared(&mut self, prepared: &Prepared) {
        self.names = prepared.arms.iter().map(|arm| arm.name.clone()).collect();
        self.scheduled = is_scheduled(&prepared.experiment);
        self.tuned(prepared.live.clone());
    }

    /// What a run that is read from the disk was trained with last: should it be shown as it was left, that is what
    /// counts, and not what a next step would be trained with.
    pub(super) fn remembered(&mut self, rates: Vec<Option<f64>>) {
        self.before = rates;
    }

    /// Nothing trains any more.
    pub(super) fn ended(&mut self) {
        let before = std::mem::take(&mut self.before);
        for (arm, rate) in self.engine.arms.iter_mut().zip(before) {
            arm.rate_in_use = arm.rate_in_use.map(|next| rate.unwrap_or(next));
        }
    }

    pub(super) fn tuned(&mut self, reported: Live) {
        self.engine = reported;
        self.before.clear();
        self.version += 1;
    }

    /// A step says at which learning rates it was made.
    pub(super) fn stepped(&mut self, record: &StepRecord) {
        self.before.clear();
        for (arm, step) in self.engine.arms.iter_mut().zip(&record.arms) {
            arm.rate_in_use = step.map(|step| step.learning_rate);
        }
    }

    /// Nothing is known any more; whoever awaits an answer hears of that, too.
    pub(super) fn forgotten(&self) -> Self {
        Self { version: self.version + 1, ..Self::default() }
    }

    /// Grows with every word of the engine on these settings: whoever has sent a change knows by it of the answer.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether the learning rate of any arm changes by itself.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        self.scheduled
    }

    /// The base learning rates.
    #[must_use]
    pub fn peak(&self) -> ByArm<'_> {
        self.by_arm(|arm| Some(arm.learning_rate))
    }

    /// The learning rates of the step done last, or of the next one where a change was made since.
    #[must_use]
    pub fn rate_in_use(&self) -> ByArm<'_> {
        self.by_arm(|arm| arm.rate_in_use)
    }

    /// The momenta, of the arms whose rule has one.
    #[must_use]
    pub fn momentum(&self) -> ByArm<'_> {
        self.by_arm(|arm| arm.momentum)
    }

    #[must_use]
    pub fn weight_decay(&self) -> ByArm<'_> {
        self.by_arm(|arm| Some(arm.weight_decay))
    }

    /// Steps between two looks inside.
    #[must_use]
    pub fn probe_every(&self) -> u32 {
        self.engine.probe_every
    }

    /// How training images are varied.
    #[must_use]
    pub fn augmentation(&self) -> &Augmentation {
        &self.engine.augmentation
    }

    fn by_arm(&self, value: impl Fn(&ArmLive) -> Option<f64>) -> ByArm<'_> {
        let training = self.names.iter().zip(&self.engine.arms).filter(|(_, arm)| arm.rate_in_use.is_some());
        ByArm(training.filter_map(|(name, arm)| Some((name.as_str(), value(arm)?))).collect())
    }
}

fn is_scheduled(experiment: &Experiment) -> bool {
    let mut schedules = experiment.arms.iter().map(|arm| arm.schedule(&experiment.recipe));
    schedules.any(|schedule| schedule.curve != Curve::Constant || schedule.warmup > 0.0)
}

/// One setting of every arm that still trains.
#[derive(Clone, Debug, PartialEq)]
pub struct ByArm<'a>(Vec<(&'a str, f64)>);

impl ByArm<'_> {
    /// The first arm's.
    #[must_use]
    pub fn first(&self) -> Option<f64> {
        self.0.first().map(|(_, value)| *value)
    }

    /// The value that all arms have; `None` where they differ.
    #[must_use]
    pub fn common(&self) -> Option<f64> {
        self.first().filter(|first| self.0.iter().all(|(_, value)| value == first))
    }

    /// The common value, or that there is none.
    #[must_use]
    pub fn in_a_word(&self, write: impl Fn(f64) -> String) -> String {
        self.common().map_or_else(|| BY_ARM.to_owned(), write)
    }

    /// Every arm with its value: `plain 0.1, residual 0.01`.
    #[must_use]
    pub fn in_words(&self, write: impl Fn(f64) -> String) -> String {
        self.0.iter().map(|(name, value)| format!("{name} {}", write(*value))).collect::<Vec<_>>().join(", ")
    }
}

/// What stands in the place of a value in which arms differ.
pub const BY_ARM: &str = "by arm";
