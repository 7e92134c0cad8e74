//! What somebody wrote, which may be wrong: a data set, a recipe and arms.

use super::{Data, Freeze, Network, Optimizer, Recipe, Schedule, Source, Start};
use crate::files::naming;
use serde::{Deserialize, Serialize};
use std::io;

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
    #[serde(default)]
    pub network: Network,
    /// Weights that it starts from; fresh ones if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Replaces the recipe's optimiser for this arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// Replaces the recipe's learning-rate schedule for this arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

impl Plan {
    /// The plan with the paths of its data set and of weights made absolute, so that it means the same in any working
    /// directory.
    pub(crate) fn anchored(mut self) -> io::Result<Self> {
        let data = match &mut self.data.source {
            Source::Path(path) => Some(path),
            Source::Embedded => None,
        };
        // What is not there may be the name of a run, which means the same everywhere.
        let weights = self.arms.iter_mut().filter_map(|arm| Some(&mut arm.start.as_mut()?.weights));
        let weights = weights.filter(|path| path.exists());
        for path in data.into_iter().chain(weights) {
            *path = std::path::absolute(&*path).map_err(|error| naming("cannot find", path, &error))?;
        }
        Ok(self)
    }
}

impl Arm {
    /// An arm that follows the recipe.
    #[must_use]
    pub fn new(name: &str, network: Network) -> Self {
        Self { name: name.to_owned(), color: None, network, start: None, optimizer: None, schedule: None }
    }

    /// The place in the palette of the arm that stands at `index`.
    #[must_use]
    pub fn color(&self, index: usize) -> u8 {
        self.color.unwrap_or_else(|| u8::try_from(index % MAX_ARMS).unwrap_or(0))
    }

    /// The part of the network that is not trained.
    #[must_use]
    pub fn freeze(&self) -> Freeze {
        self.start.as_ref().map_or(Freeze::None, |start| start.freeze)
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
