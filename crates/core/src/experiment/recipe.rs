//! How the arms of an experiment are trained.

use super::{Augmentation, Curve, Method, Optimizer, Schedule};
use crate::number::plural;
use serde::{Deserialize, Serialize};

/// Trainings with another seed that there are at most.
pub const MAX_SEEDS: u32 = 1000;

/// Everything about training that all arms share unless an arm overrides it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// How long to train.
    pub length: Length,
    /// Images per step. The last, smaller batch of an epoch is left out; the next epoch shuffles anew.
    pub batch_size: usize,
    /// The seed of everything random.
    pub seed: u64,
    /// Trains this many times, each with the next seed. More than one is a study without axes.
    #[serde(skip_serializing_if = "is_one")]
    pub seeds: u32,
    pub optimizer: Optimizer,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Share of the target that is spread evenly over all classes.
    pub label_smoothing: f32,
    /// How training images are varied.
    pub augmentation: Augmentation,
    /// How many digits the networks multiply with.
    #[serde(skip_serializing_if = "Precision::is_f32")]
    pub precision: Precision,
    /// Scales the gradient down when its norm over all parameters exceeds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Stops when the validation loss no longer falls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// How often the arms are validated.
    pub evaluate_every: Length,
    /// Steps between two looks at gradients and activations; 0 never looks.
    pub probe_every: u32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            length: Length::Epochs(6),
            batch_size: 128,
            seed: 0,
            seeds: 1,
            optimizer: Optimizer { method: Method::nesterov(0.9), ..Optimizer::default() },
            schedule: Schedule::from(Curve::one_cycle()),
            label_smoothing: 0.0,
            augmentation: Augmentation::default(),
            precision: Precision::F32,
            clip_norm: None,
            early_stopping: None,
            evaluate_every: Length::Epochs(1),
            probe_every: 10,
        }
    }
}

/// Files of experiments with one seed stay as they were before there were several.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_one(seeds: &u32) -> bool {
    *seeds == 1
}

/// How many digits the networks multiply with.
///
/// With [`Precision::Bf16`], both factors of every product of a convolution and of the head — the map and the weights going
/// forward, the gradient and the weights for the gradient of the map, the gradient and the map for that of the weights —
/// are first rounded to bfloat16: single precision's sign and exponent, and 7 digits behind the point instead of 23,
/// rounded to the nearest such number, to the one whose last digit is 0 where two are as near; beyond the largest it is
/// infinity, and what is not a number stays so. Products are exact, and summed in single precision. Everything else is
/// single precision as ever: weights and their gradients, norms and their statistics, activations, sums and pools, the
/// optimiser and the loss. A norm with fixed statistics scales sums of rounded weights, and its factor is not in the
/// gradient that is rounded.
///
/// On the device `flex` convolutions of 3×3 with stride 1 and padding 1 go by tiles (Winograd's F(4×4, 3×3) with the points
/// 0, ±⅝, ±1½ and infinity), where transformed maps, weights and gradients are rounded instead of these themselves. The
/// result is off by about 1.2 % of its norm then, where it is 0.23 % otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single precision: 24 binary digits.
    #[default]
    F32,
    /// Brain floating point: 8 binary digits.
    Bf16,
}

impl Precision {
    /// Whether it is single precision. Files of experiments in it stay as they were before there was another.
    #[must_use]
    pub fn is_f32(&self) -> bool {
        *self == Self::F32
    }
}

/// How long to train, or how long from one validation to the next: `{ epochs = 6 }` or `{ steps = 500 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Passes over the training images.
    Epochs(u32),
    Steps(u64),
}

impl Length {
    /// `6 epochs` or `500 steps`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Epochs(epochs) => plural(epochs.into(), "epoch"),
            Self::Steps(steps) => plural(steps, "step"),
        }
    }

    /// Steps in all, for a data set of `steps_per_epoch` steps an epoch.
    #[must_use]
    pub fn steps(self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::Epochs(epochs) => u64::from(epochs) * steps_per_epoch,
            Self::Steps(steps) => steps,
        }
    }
}

/// Ends the experiment once the validation loss of no arm falls any more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Evaluations without improvement that are waited out.
    pub patience: u32,
    /// How much the validation loss must fall to count as an improvement.
    #[serde(default)]
    pub min_delta: f64,
}
