//! The learning rate as a function of the step, with PyTorch's closed forms.
//!
//! A warm-up of W steps rises linearly, then the schedule proper takes over. Schedules that know the end (one-cycle,
//! cosine, polynomial) are spread over the steps that are left after the warm-up; the others keep counting from the
//! start of training, so that "divide by ten at epoch 91" means epoch 91.

use super::kind_setting::{Bound, KindSetting, Set};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A learning-rate schedule with its warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table; its kind is set by schedule.curve, as in recipe.schedule.curve=cosine"
)]
pub struct Schedule {
    /// The curve after the warm-up.
    pub curve: Curve,
    /// What the curve's times and the warm-up count in.
    #[serde(default)]
    pub unit: Unit,
    /// Length of the warm-up; 0 for none.
    #[serde(default)]
    pub warmup: f64,
    /// Share of the base learning rate at the first step of the warm-up.
    #[serde(default = "tenth")]
    pub warmup_from: f64,
}

fn tenth() -> f64 {
    0.1
}

/// What a schedule's times count in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Passes over the training images.
    #[default]
    Epochs,
    Steps,
}

/// The curve of a schedule; factors multiply the optimiser's base learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Curve {
    /// The base learning rate throughout.
    Constant,
    /// Multiplied by `factor` every `every` units.
    Step {
        /// Units between two drops.
        every: f64,
        /// Multiplier of a drop.
        factor: f64,
    },
    /// Multiplied by `factor` at each milestone.
    MultiStep {
        /// Times of the drops, ascending.
        milestones: Vec<f64>,
        /// Multiplier of a drop.
        factor: f64,
    },
    /// Multiplied by `factor` every unit.
    Exponential {
        /// Multiplier of one unit.
        factor: f64,
    },
    /// (1 − t/T)^power.
    Polynomial {
        /// 1 is a straight line.
        power: f64,
    },
    /// Half a cosine from the base learning rate down to `end` of it (Loshchilov and Hutter 2017).
    Cosine {
        /// Share of the base learning rate at the end.
        end: f64,
    },
    /// Half cosines of growing length, each starting at the base learning rate again.
    CosineRestarts {
        /// Units of the first period.
        period: f64,
        /// How much longer each period is than the one before.
        growth: f64,
        /// Share of the base learning rate at the end of a period.
        end: f64,
    },
    /// Up to the base learning rate and down to nearly nothing, both as half cosines (Smith and Topin 2018).
    OneCycle {
        /// Share of the steps that rise.
        rise: f64,
        /// Base over first learning rate.
        start_div: f64,
        /// First over last learning rate.
        final_div: f64,
    },
    /// Multiplied by `factor` when the validation loss has not fallen for `patience` evaluations.
    Plateau {
        /// Multiplier of a drop.
        factor: f64,
        /// Evaluations without improvement that are waited out.
        patience: u32,
        /// Relative fall that counts as an improvement.
        threshold: f64,
    },
}

impl Curve {
    /// PyTorch's defaults of `OneCycleLR`.
    #[must_use]
    pub fn one_cycle() -> Self {
        Self::OneCycle { rise: 0.3, start_div: 25.0, final_div: 1e4 }
    }

    /// One of each curve with useful values, in the order a form lists them.
    #[must_use]
    pub fn all() -> [Self; 9] {
        [
            Self::Constant,
            Self::Step { every: 30.0, factor: 0.1 },
            Self::MultiStep { milestones: vec![91.0, 136.0], factor: 0.1 },
            Self::Exponential { factor: 0.95 },
            Self::Polynomial { power: 1.0 },
            Self::Cosine { end: 0.0 },
            Self::CosineRestarts { period: 10.0, growth: 2.0, end: 0.0 },
            Self::one_cycle(),
            Self::Plateau { factor: 0.1, patience: 10, threshold: 1e-4 },
        ]
    }

    /// The curve's name as people write it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Step { .. } => "Step",
            Self::MultiStep { .. } => "Multi-step",
            Self::Exponential { .. } => "Exponential",
            Self::Polynomial { .. } => "Polynomial",
            Self::Cosine { .. } => "Cosine",
            Self::CosineRestarts { .. } => "Cosine with restarts",
            Self::OneCycle { .. } => "One-cycle",
            Self::Plateau { .. } => "Reduce on plateau",
        }
    }
}

impl Curve {
    /// What can be set, in the order a form lists it.
    pub fn settings(&mut self) -> Vec<KindSetting<'_>> {
        use Bound::{Between, Part, Positive, Share};
        use KindSetting as S;
        match self {
            Self::Constant => vec![],
            Self::Step { every, factor } => {
                vec![S::number("every", Positive(1e8), every), S::number("factor", Positive(10.0), factor)]
            }
            Self::MultiStep { milestones, factor } => {
                vec![S::number("factor", Positive(10.0), factor), S { id: "milestones", value: Set::Times(milestones) }]
            }
            Self::Exponential { factor } => vec![S::number("factor", Positive(10.0), factor)],
            Self::Polynomial { power } => vec![S::number("power", Positive(100.0), power)],
            Self::Cosine { end } => vec![S::number("end", Between(0.0, 1.0), end)],
            Self::CosineRestarts { period, growth, end } => vec![
                S::number("period", Positive(1e8), period),
                S::number("growth", Between(1.0, 100.0), growth),
                S::number("end", Between(0.0, 1.0), end),
            ],
            Self::OneCycle { rise, start_div, final_div } => vec![
                S::number("rise", Part, rise),
                S::number("start_div", Between(1.0, 1e9), start_div),
                S::number("final_div", Between(1.0, 1e12), final_div),
            ],
            Self::Plateau { factor, patience, threshold } => vec![
                S::number("factor", Part, factor),
                S::number("threshold", Share, threshold),
                S { id: "patience", value: Set::Count(patience) },
            ],
        }
    }
}

impl From<Curve> for Schedule {
    fn from(curve: Curve) -> Self {
        Self { curve, unit: Unit::Epochs, warmup: 0.0, warmup_from: tenth() }
    }
}

impl Schedule {
    /// The factor of the base learning rate at `step` (from 0) of `total`, where an epoch has `steps_per_epoch`
    /// steps. A plateau schedule's drops depend on what was measured: see [`Plateau`].
    #[must_use]
    pub fn factor(&self, step: u64, total: u64, steps_per_epoch: u64) -> f64 {
        let unit = self.unit_steps(steps_per_epoch);
        let (t, warmup) = (step as f64, (self.warmup * unit).round());
        if t < warmup {
            return self.warmup_from + (1.0 - self.warmup_from) * t / warmup;
        }
        self.curve.factor(t / unit, t - warmup, (total as f64 - warmup).max(1.0))
    }

    /// Whether `step` (from 0) lies in the warm-up.
    #[must_use]
    pub fn is_warming_up(&self, step: u64, steps_per_epoch: u64) -> bool {
        (step as f64) < (self.warmup * self.unit_steps(steps_per_epoch)).round()
    }

    fn unit_steps(&self, steps_per_epoch: u64) -> f64 {
        match self.unit {
            Unit::Epochs => steps_per_epoch.max(1) as f64,
            Unit::Steps => 1.0,
        }
    }
}

impl Curve {
    /// `time` in units since the start; `done` of `span` steps after the warm-up.
    fn factor(&self, time: f64, done: f64, span: f64) -> f64 {
        let half_cosine = |from: f64, to: f64, share: f64| to + (from - to) * (1.0 + (PI * share).cos()) / 2.0;
        match self {
            Self::Constant | Self::Plateau { .. } => 1.0,
            Self::Step { every, factor } => factor.powf((time / every).floor()),
            Self::MultiStep { milestones, factor } => {
                milestones.iter().filter(|&&milestone| milestone <= time).map(|_| factor).product()
            }
            Self::Exponential { factor } => factor.powf(time.floor()),
            Self::Polynomial { power } => (1.0 - (done / span).min(1.0)).powf(*power),
            Self::Cosine { end } => half_cosine(1.0, *end, (done / span).min(1.0)),
            Self::CosineRestarts { period, growth, end } => {
                let (start, length) = period_at(time, *period, *growth);
                half_cosine(1.0, *end, ((time - start) / length).clamp(0.0, 1.0))
            }
            Self::OneCycle { rise, start_div, final_div } => {
                let (first, last) = (1.0 / start_div, 1.0 / (start_div * final_div));
                let top = rise * span - 1.0;
                if done < top {
                    half_cosine(first, 1.0, done / top)
                } else {
                    half_cosine(1.0, last, ((done - top) / (span - 1.0 - top)).min(1.0))
                }
            }
        }
    }
}

/// Start and length of the period that `time` falls in, where each is `growth` times as long as the one before.
fn period_at(time: f64, first: f64, growth: f64) -> (f64, f64) {
    if growth <= 1.0 {
        return ((time / first).floor() * first, first);
    }
    let start = |n: f64| first * (growth.powf(n) - 1.0) / (growth - 1.0);
    let n = (time / first * (growth - 1.0) + 1.0).log(growth).floor();
    // Where a period ends, the logarithm may round to the wrong side.
    let n = if time >= start(n + 1.0) {
        n + 1.0
    } else if time < start(n) {
        n - 1.0
    } else {
        n
    };
    (start(n), first * growth.powf(n))
}

/// What a plateau schedule remembers of the validation losses so far (`torch.optim.lr_scheduler.ReduceLROnPlateau`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    best: Option<f64>,
    bad: u32,
    /// The product of all drops so far.
    pub factor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { best: None, bad: 0, factor: 1.0 }
    }
}

impl Plateau {
    /// Takes note of a validation loss; does nothing for other curves.
    pub fn observe(&mut self, curve: &Curve, loss: f64) {
        let Curve::Plateau { factor, patience, threshold } = *curve else { return };
        // Whatever is not a finite loss never counts as an improvement, not even on nothing.
        if loss < self.best.unwrap_or(f64::INFINITY) * (1.0 - threshold) {
            self.best = Some(loss);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.bad > patience {
            self.factor *= factor;
            self.bad = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Curve, Schedule};

    #[test]
    fn names_are_those_of_files_and_every_value_can_be_set() {
        for mut curve in Curve::all() {
            let written = toml::Value::try_from(&curve).unwrap();
            let mut ids: Vec<&str> = curve.settings().iter().map(|setting| setting.id).collect();
            ids.sort_unstable();
            assert_eq!(ids, written.as_table().unwrap().keys().filter(|name| *name != "name").collect::<Vec<_>>());
        }
    }

    #[test]
    fn restarts_begin_at_the_base_rate_where_logarithms_round_down() {
        let schedule = Schedule::from(Curve::CosineRestarts { period: 1.0, growth: 3.0, end: 0.0 });
        for restart in [0, 1, 4, 13, 40, 121, 364, 1093] {
            assert!((schedule.factor(restart, 2000, 1) - 1.0).abs() < 1e-12, "at {restart}");
        }
    }

    #[test]
    fn restarts_of_no_length_to_speak_of_are_answered_at_once() {
        for growth in [1.0, 1.0 + 1e-12, 1.5] {
            let schedule = Schedule::from(Curve::CosineRestarts { period: 1e-300, growth, end: 0.0 });
            let factor = schedule.factor(1_000_000, 2_000_000, 10);
            assert!((0.0..=1.0).contains(&factor), "{factor} with growth {growth}");
        }
    }
}
