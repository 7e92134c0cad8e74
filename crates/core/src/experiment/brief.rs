//! An experiment cut down to what shows within seconds: for trying things out by hand, not for conclusions.

use super::{Curve, Experiment, Invalid, Length, Unit};

/// Images of a batch at most.
const BATCH: usize = 32;
const STEPS: u64 = 40;
/// Steps of an epoch.
const EPOCH: usize = 20;
/// Images to validate on.
const VALIDATION: usize = 200;
/// Steps in which the learning rate rises.
const WARMUP: f64 = 5.0;

impl Experiment {
    /// The same networks on a few images for a few steps of small batches. The learning rate is scaled by the size of the
    /// batch (Goyal et al. 2017, <https://arxiv.org/abs/1706.02677>), and rises first where the schedule does not let it:
    /// so few steps do not recover from a first one that is too long.
    ///
    /// # Errors
    /// None is known: what is small breaks no rule that the whole keeps.
    pub fn brief(&self) -> Result<Self, Vec<Invalid>> {
        let mut plan = self.clone().into_plan();
        let recipe = &mut plan.recipe;
        let batch = recipe.batch_size.min(BATCH);
        let share = batch as f64 / recipe.batch_size as f64;
        (recipe.batch_size, recipe.seeds, recipe.early_stopping) = (batch, 1, None);
        (recipe.length, recipe.evaluate_every) = (Length::Steps(STEPS), Length::Steps(STEPS / 4));
        recipe.probe_every = recipe.probe_every.min(5);
        recipe.optimizer.learning_rate *= share;
        let own = plan.arms.iter_mut().filter_map(|arm| arm.optimizer.as_mut());
        own.for_each(|own| own.learning_rate *= share);
        let schedules = plan.arms.iter_mut().filter_map(|arm| arm.schedule.as_mut());
        for schedule in schedules.chain([&mut plan.recipe.schedule]) {
            if schedule.warmup == 0.0 && !matches!(schedule.curve, Curve::OneCycle { .. }) {
                schedule.warmup = if schedule.unit == Unit::Steps { WARMUP } else { WARMUP / EPOCH as f64 };
            }
        }
        let most = |limit: Option<usize>, most: usize| Some(limit.map_or(most, |limit| limit.min(most)));
        plan.data.train_limit = most(plan.data.train_limit, EPOCH * batch);
        plan.data.validation_limit = most(plan.data.validation_limit, VALIDATION);
        Self::check(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{PRESETS, preset};

    #[test]
    fn every_preset_can_be_brief() {
        for preset in PRESETS {
            let brief = Experiment::check(preset.plan()).unwrap().brief().unwrap_or_else(|why| panic!("{why:?}"));
            assert!(brief.recipe.batch_size <= BATCH && brief.recipe.length == Length::Steps(STEPS), "{}", preset.id);
            assert_eq!(brief.recipe.length.steps(EPOCH as u64), STEPS);
        }
    }

    #[test]
    fn the_rate_is_scaled_by_the_batch_and_rises_first() {
        let mut plan = preset("resnet20").unwrap().plan();
        (plan.recipe.batch_size, plan.recipe.optimizer.learning_rate) = (128, 0.1);
        (plan.recipe.schedule.curve, plan.recipe.schedule.warmup) = (Curve::Constant, 0.0);
        plan.recipe.schedule.unit = Unit::Epochs;
        let brief = Experiment::check(plan.clone()).unwrap().brief().unwrap();
        assert_eq!((brief.recipe.optimizer.learning_rate, brief.recipe.schedule.warmup), (0.025, 0.25));
        plan.recipe.batch_size = 16;
        let brief = Experiment::check(plan).unwrap().brief().unwrap();
        assert_eq!((brief.recipe.batch_size, brief.recipe.optimizer.learning_rate), (16, 0.1));
        assert_eq!(brief.data.train_limit, Some(320));
    }
}
