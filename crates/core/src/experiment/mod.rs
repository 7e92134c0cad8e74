//! What to run: plain values that a form edits, a file holds and a person reads.
//!
//! A [`Plan`] is what somebody wrote; it may be wrong. An [`Experiment`] is a plan that has been checked: there
//! is no other way to get one, so whatever holds an `Experiment` may rely on every range in `validate`.
//! This module knows nothing of tensors, files of images or windows.

pub mod augmentation;
pub mod data;
pub mod device;
pub mod file;
pub mod network;
pub mod optimizer;
pub mod presets;
pub mod recipe;
pub mod schedule;
mod validate;

pub use augmentation::Augmentation;
pub use data::{Channels, Data, Fit, Holdout, Normalization, Resize, Source};
pub use device::{DeviceChoice, DeviceInfo};
pub use file::{PlanError, with_override};
pub use network::{
    Activation, Block, Body, Distribution, Downsampling, Fan, Gain, Head, HeadPool, Init, Naming, Network, Norm,
    Scheme, Shortcut, Stage, StageEntry, Stem, StemKind,
};
pub use optimizer::{Method, Optimizer};
pub use presets::{PRESETS, Preset, preset};
pub use recipe::{EarlyStopping, Interval, Length, Recipe};
pub use schedule::{Curve, Plateau, Schedule, Unit};
pub use validate::Invalid;

use serde::{Deserialize, Serialize};
use std::ops::Deref;

/// The most arms an experiment may have: as many as there are colours that can be told apart.
pub const MAX_ARMS: usize = 8;

/// A data set, a training recipe and one or more arms, as written in a form or a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the experiment is called; names its run folder.
    pub name: String,
    /// Where the images come from and how they are prepared.
    #[serde(default)]
    pub data: Data,
    /// How every arm is trained.
    #[serde(default)]
    pub recipe: Recipe,
    /// The networks that train in lock step, at least one.
    pub arms: Vec<Arm>,
}

/// One network of an experiment and, if it differs from the recipe's, its own optimiser and schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// What the arm is called in plots, tables and folders; unique in its experiment.
    pub name: String,
    /// Its colour's place in the palette, from 0; its own place among the arms if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<u8>,
    /// The network.
    #[serde(default)]
    pub network: Network,
    /// Replaces the recipe's optimiser for this arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// Replaces the recipe's learning-rate schedule for this arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

impl Arm {
    /// An arm that follows the recipe.
    #[must_use]
    pub fn new(name: &str, network: Network) -> Self {
        Self { name: name.to_owned(), color: None, network, optimizer: None, schedule: None }
    }

    /// The place in the palette of the arm that stands at `index`.
    #[must_use]
    pub fn color(&self, index: usize) -> u8 {
        self.color.unwrap_or_else(|| u8::try_from(index % MAX_ARMS).unwrap_or(0))
    }

    /// The optimiser this arm trains with.
    #[must_use]
    pub fn optimizer<'a>(&'a self, recipe: &'a Recipe) -> &'a Optimizer {
        self.optimizer.as_ref().unwrap_or(&recipe.optimizer)
    }

    /// The schedule this arm trains with.
    #[must_use]
    pub fn schedule<'a>(&'a self, recipe: &'a Recipe) -> &'a Schedule {
        self.schedule.as_ref().unwrap_or(&recipe.schedule)
    }
}

/// A plan whose every value has been found to be in range; read-only.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Experiment(Plan);

impl Experiment {
    /// Checks a plan.
    ///
    /// # Errors
    /// Every field that is out of range, with its path, its value and the rule it breaks.
    pub fn check(plan: Plan) -> Result<Self, Vec<Invalid>> {
        let found = validate::plan(&plan);
        if found.is_empty() { Ok(Self(plan)) } else { Err(found) }
    }

    /// The plan again, to be edited.
    #[must_use]
    pub fn into_plan(self) -> Plan {
        self.0
    }
}

impl Deref for Experiment {
    type Target = Plan;
    fn deref(&self) -> &Plan {
        &self.0
    }
}
