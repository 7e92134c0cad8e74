//! What can be changed while an experiment trains, as it is now.
//!
//! The engine owns these values and tells them with `Prepared` and after each change. Whoever watches
//! shows what came last and works nothing out from the experiment as it was planned: a checkpoint or a change may have
//! brought other values.

use crate::experiment::{Augmentation, Experiment, Invalid};
use crate::number::setting;
use serde::{Deserialize, Serialize};

/// The settings in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// One for each arm.
    pub arms: Vec<ArmLive>,
    /// How training images are varied.
    pub augmentation: Augmentation,
    /// Steps between two looks at gradients and activations; 0 never looks.
    pub probe_every: u32,
}

/// The settings of one arm's optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ArmLive {
    /// The base learning rate, which the schedule scales; for most schedules, the peak.
    pub learning_rate: f64,
    /// The learning rate of the next step; `None` once the arm has stopped.
    pub rate_in_use: Option<f64>,
    /// Momentum (β₁ for Adam and its kin), for the rules that have one.
    pub momentum: Option<f64>,
    /// L2 penalty or decoupled decay, whichever the rule has.
    pub weight_decay: f64,
}

/// A change to a running experiment. What belongs to an optimiser is set in every arm, also where arms differ in it by
/// design; whoever asks says so beforehand. The engine answers with [`Event::Tuned`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tune {
    /// Replaces every arm's base learning rate, which its schedule goes on scaling.
    LearningRate(f64),
    /// Replaces every arm's momentum (β₁ for Adam and its kin).
    Momentum(f64),
    /// Replaces every arm's weight decay.
    WeightDecay(f64),
    Augmentation(Augmentation),
    /// Replaces the steps between two probes.
    ProbeEvery(u32),
}

impl Tune {
    /// The experiment as if it had begun with this change, checked.
    ///
    /// # Errors
    /// Every rule that the change breaks.
    pub fn applied(&self, experiment: &Experiment) -> Result<Experiment, Vec<Invalid>> {
        let mut plan = experiment.clone().into_plan();
        let own = plan.arms.iter_mut().filter_map(|arm| arm.optimizer.as_mut());
        for rule in own.chain([&mut plan.recipe.optimizer]) {
            match self {
                Self::LearningRate(rate) => rule.learning_rate = *rate,
                Self::Momentum(momentum) => rule.method.momentum_mut().into_iter().for_each(|kept| *kept = *momentum),
                Self::WeightDecay(decay) => rule.weight_decay = *decay,
                Self::Augmentation(_) | Self::ProbeEvery(_) => {}
            }
        }
        match self {
            Self::LearningRate(_) | Self::Momentum(_) | Self::WeightDecay(_) => {}
            Self::Augmentation(augmentation) => plan.recipe.augmentation = augmentation.clone(),
            Self::ProbeEvery(steps) => plan.recipe.probe_every = *steps,
        }
        Experiment::check(plan)
    }

    /// What happens, as a run's log says it.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::LearningRate(rate) => format!("learning rate {}", setting(*rate)),
            Self::Momentum(momentum) => format!("momentum {}", setting(*momentum)),
            Self::WeightDecay(decay) => format!("weight decay {}", setting(*decay)),
            Self::Augmentation(_) => "augmentation changed".into(),
            Self::ProbeEvery(steps) => format!("gradients measured every {steps} steps"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    #[test]
    fn a_change_that_no_experiment_may_have_is_refused_in_words() {
        let experiment = Experiment::check(PRESETS[0].plan()).unwrap();
        let changed = Tune::LearningRate(0.5).applied(&experiment).unwrap();
        assert_eq!(changed.recipe.optimizer.learning_rate, 0.5);
        for (change, field) in [
            (Tune::LearningRate(f64::NAN), "recipe.optimizer.learning_rate"),
            (Tune::Momentum(-1.0), "recipe.optimizer.method.momentum"),
            (Tune::WeightDecay(f64::INFINITY), "recipe.optimizer.weight_decay"),
            (
                Tune::Augmentation(Augmentation { rotation: -3.0, ..Augmentation::default() }),
                "recipe.augmentation.rotation",
            ),
        ] {
            let wrong = change.applied(&experiment).unwrap_err();
            assert!(wrong.iter().any(|wrong| wrong.field == field), "{change:?}: {wrong:?}");
        }
    }
}
