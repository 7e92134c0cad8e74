//! What a mean training loss is the mean of: an epoch, or less where training ended before there was a whole one.

use crate::number::count;
use serde::{Deserialize, Serialize};

/// Steps over which a training loss was averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// The last whole epoch.
    #[default]
    Epoch,
    /// The first steps of the first epoch.
    Steps {
        /// How many were done.
        done: u64,
        /// How many an epoch has.
        of: u64,
    },
    /// Not the same in all: an epoch or less.
    Various,
}

impl Stretch {
    /// Of a training that did so many steps, for so many in an epoch.
    #[must_use]
    pub fn new(done: u64, of: u64) -> Self {
        if done < of { Self::Steps { done, of } } else { Self::Epoch }
    }

    /// What all of these have in common.
    #[must_use]
    pub fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let mut all = all.into_iter();
        let first = all.next().unwrap_or_default();
        if all.all(|other| other == first) { first } else { Self::Various }
    }

    /// As a part of a sentence: "over the last epoch".
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Epoch => "over the last epoch".to_owned(),
            Self::Steps { done: 1, of } => format!("at the first of an epoch's {} steps", count(of)),
            Self::Steps { done, of } => format!("over the first {} of an epoch's {} steps", count(done), count(of)),
            Self::Various => "over an epoch at most".to_owned(),
        }
    }

    /// As a part of a heading: "last epoch".
    #[must_use]
    pub fn in_a_heading(self) -> String {
        match self {
            Self::Epoch => "last epoch".to_owned(),
            Self::Steps { done: 1, .. } => "first step".to_owned(),
            Self::Steps { done, .. } => format!("first {} steps", count(done)),
            Self::Various => "an epoch at most".to_owned(),
        }
    }
}
