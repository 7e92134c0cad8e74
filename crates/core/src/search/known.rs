//! What is known of trials, and which values of them are good.

use super::space::Point;
use std::collections::BTreeMap;

/// Which values of the objective are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A loss or an error: the lower the better.
    Lowest,
    /// An accuracy: the higher the better.
    Highest,
}

impl Goal {
    /// The value turned so that less is better.
    pub(super) fn cost(self, value: f64) -> f64 {
        match self {
            Self::Lowest => value,
            Self::Highest => -value,
        }
    }
}

/// How far a trial has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    /// Its point is being tried.
    Running,
    /// It came to its end, with this value of the objective. One that is not a number counts as failed.
    Finished(f64),
    /// It was lost to something that says nothing of its point, such as a full disk.
    Failed,
    /// It was stopped early for its values.
    Pruned,
}

/// What is known of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTrial {
    /// Its index, from 0; no two trials of a search share one.
    pub trial: u64,
    pub point: Point,
    /// How far it has come.
    pub state: State,
    /// The objective's value after so many epochs, or whatever resource it is given.
    pub rungs: BTreeMap<u64, f64>,
}

impl KnownTrial {
    /// The objective's value, if it came to its end with one.
    pub(super) fn value(&self) -> Option<f64> {
        match self.state {
            State::Finished(value) if !value.is_nan() => Some(value),
            _ => None,
        }
    }
}
