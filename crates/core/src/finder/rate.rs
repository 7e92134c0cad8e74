//! The learning-rate finder: a short training whose rate rises step by step, and what its losses say about a good rate.
//! Knows neither engine nor files.
//!
//! After Smith, "Cyclical Learning Rates for Training Neural Networks" (2017).

use crate::experiment::{Curve, Experiment, Invalid, Length, Optimizer, Schedule, Unit};
use crate::statistics::{Sample, smoothed};
use serde::Serialize;

/// Which rates are tried, and in how many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateTest {
    /// The first learning rate.
    pub low: f64,
    /// The last learning rate.
    pub high: f64,
    /// Steps from one to the other; each multiplies the rate by the same factor.
    pub steps: u32,
}

impl Default for RateTest {
    fn default() -> Self {
        Self { low: 1e-5, high: 10.0, steps: 120 }
    }
}

impl RateTest {
    /// The experiment whose arms try the rates: the same networks, batches and optimisers, each with the rising rate. It
    /// is validated at its end only, on as few images as that allows.
    ///
    /// # Errors
    /// What the test's own settings break, such as a low rate of zero.
    pub fn experiment(&self, of: &Experiment) -> Result<Experiment, Vec<Invalid>> {
        let mut plan = of.clone().into_plan();
        let factor = (self.high / self.low).powf(1.0 / f64::from(self.steps.saturating_sub(1).max(1)));
        let curve = Curve::Exponential { factor };
        let schedule = Schedule { unit: Unit::Steps, ..Schedule::from(curve) };
        let rising = |optimizer: &Optimizer| Optimizer { learning_rate: self.low, ..optimizer.clone() };
        plan.name = format!("{}, learning-rate test", plan.name);
        plan.recipe.optimizer = rising(&plan.recipe.optimizer);
        plan.recipe.schedule = schedule;
        for arm in &mut plan.arms {
            arm.optimizer = arm.optimizer.as_ref().map(rising);
            arm.schedule = None;
        }
        plan.recipe.length = Length::Steps(u64::from(self.steps));
        plan.recipe.evaluate_every = Length::Steps(u64::from(self.steps));
        plan.recipe.probe_every = 0;
        plan.recipe.early_stopping = None;
        // Validation tells nothing here; it only takes time.
        plan.data.validation_limit = Some(plan.data.validation_limit.unwrap_or(usize::MAX).min(LEAST_VALIDATION));
        Experiment::check(plan)
    }
}

/// Images to validate on when nobody looks at it; a data set's every class may want one.
const LEAST_VALIDATION: usize = 100;

/// What the losses of one arm say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// A good learning rate: a third of the one at which the loss was least, so that there is room for later steps.
    pub learning_rate: f64,
    /// Where the averaged loss was least.
    pub least_loss_at: f64,
    /// From where on the averaged loss is above where it began, if it came to that.
    pub too_high_at: Option<f64>,
}

/// How much of the least-loss rate is suggested: as many shares were tried as ARCHITECTURE.md tells.
const SHARE: f64 = 1.0 / 3.0;
/// By how much the averaged loss must fall below its beginning, as a share of it, for the test to say anything.
const LEAST_FALL: f64 = 0.01;

/// What to use, from the learning rate and the loss of every step, in order; losses that are not finite end it. `None`
/// where the loss never fell: the network does not learn, or the rates were too high from the beginning.
#[must_use]
pub fn suggestion(steps: &[(f64, f64)]) -> Option<Suggestion> {
    let finite = steps.iter().take_while(|(_, loss)| loss.is_finite()).count();
    let (rates, losses): (Vec<f64>, Vec<f64>) = steps[..finite].iter().copied().unzip();
    let averaged = smoothed(&losses);
    let first = *averaged.get(FIRST)?;
    let (least, &loss) = averaged.iter().enumerate().skip(FIRST).min_by(|a, b| a.1.total_cmp(b.1))?;
    if first - loss < LEAST_FALL * first || first - loss < NOISE * spread(&losses[..=least], &averaged) {
        return None;
    }
    let too_high = averaged.iter().enumerate().skip(least).find(|(_, later)| **later > first).map(|(at, _)| rates[at]);
    let too_high_at = too_high.or_else(|| (finite < steps.len()).then(|| steps[finite].0));
    Some(Suggestion { learning_rate: rates[least] * SHARE, least_loss_at: rates[least], too_high_at })
}

/// By how many standard deviations of single losses the average must fall: so much, and less, it wanders by chance.
const NOISE: f64 = 1.5;

/// How far single losses lie from their average, as a standard deviation.
fn spread(losses: &[f64], averaged: &[f64]) -> f64 {
    Sample::of(losses.iter().zip(averaged).map(|(loss, mean)| loss - mean)).map_or(0.0, |sample| sample.sd)
}

/// Losses that the average needs before it says anything.
const FIRST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;
    use crate::random::{Purpose, Random};

    /// A loss that falls with the rate until `best`, and grows beyond it.
    fn test_of(best: f64) -> Vec<(f64, f64)> {
        let test = RateTest::default();
        let factor = (test.high / test.low).powf(1.0 / f64::from(test.steps - 1));
        let rate = |step: u32| test.low * factor.powi(i32::try_from(step).unwrap());
        let loss = |rate: f64| if rate < best { 2.3 - rate / best } else { 1.3 + (rate / best).ln().powi(2) };
        (0..test.steps).map(|step| (rate(step), loss(rate(step)))).collect()
    }

    #[test]
    fn a_rate_somewhat_below_that_of_the_least_loss_is_suggested() {
        for best in [1e-3, 0.03, 0.3] {
            let found = suggestion(&test_of(best)).unwrap();
            assert!(found.learning_rate < best && found.learning_rate > best / 10.0, "{best}: {found:?}");
            assert!(found.too_high_at.unwrap() > best, "{found:?}");
        }
    }

    #[test]
    fn nothing_is_suggested_where_nothing_is_learned() {
        let flat: Vec<(f64, f64)> = test_of(0.1).iter().map(|(rate, _)| (*rate, 2.3)).collect();
        assert_eq!(suggestion(&flat), None);
        let mut random = Random::new(0, Purpose::Inspect, 0, 0);
        let noisy: Vec<(f64, f64)> = flat.iter().map(|(rate, loss)| (*rate, loss + 0.2 * random.normal())).collect();
        assert_eq!(suggestion(&noisy), None, "noise is no fall");
        assert_eq!(suggestion(&[]), None);
        assert_eq!(suggestion(&[(0.1, f64::NAN); 8]), None);
    }

    #[test]
    fn what_is_not_finite_ends_the_test() {
        let mut steps = test_of(0.1);
        let end = steps.iter().position(|(rate, _)| *rate > 0.05).unwrap();
        steps[end..].iter_mut().for_each(|(_, loss)| *loss = f64::INFINITY);
        let found = suggestion(&steps).unwrap();
        assert!(found.least_loss_at < 0.05 && found.too_high_at == Some(steps[end].0), "{found:?}");
    }

    #[test]
    fn the_rates_of_the_test_rise_from_the_first_to_the_last_and_every_arm_tries_them() {
        for preset in PRESETS {
            let experiment = Experiment::check(preset.plan()).unwrap();
            let test = RateTest::default();
            let tried = test.experiment(&experiment).unwrap();
            for arm in &tried.arms {
                let (rule, schedule) = (arm.optimizer(&tried.recipe), arm.schedule(&tried.recipe));
                let at = |step| rule.learning_rate * schedule.factor(step, u64::from(test.steps), 39);
                assert!((at(0) / test.low - 1.0).abs() < 1e-9, "{}", preset.id);
                assert!((at(u64::from(test.steps) - 1) / test.high - 1.0).abs() < 1e-9, "{}", preset.id);
            }
        }
    }
}
