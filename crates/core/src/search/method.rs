//! Which point a trial tries.

use super::grid::{Grid, GridError};
use super::known::{Goal, KnownTrial};
use super::space::{Point, Space};
use super::{sobol, tpe};
use crate::random::{Proposal, Random};

/// A space and a way through it. What it proposes depends on the seed, the trial's index and what it is given, and on
/// nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    space: Space,
    method: Method,
}

#[derive(Clone, Debug, PartialEq)]
enum Method {
    Grid(Grid),
    Random { seed: u64 },
    Sobol { seed: u64 },
    Tpe { seed: u64, goal: Goal },
}

impl Search {
    /// All combinations, the last dimension changing fastest. `numbers` says for each dimension how many values of its
    /// range are taken, at equal distances on its axis with both ends; a choice gives all, whatever its number, and whole
    /// numbers that do not have so many give all they have.
    ///
    /// # Errors
    /// If they are more than `limit`, or `numbers` does not fit the space.
    pub fn grid(space: Space, numbers: &[usize], limit: u64) -> Result<Self, GridError> {
        let grid = Grid::new(&space, numbers, limit)?;
        Ok(Self { space, method: Method::Grid(grid) })
    }

    /// Uniform points, on the dimensions' axes.
    #[must_use]
    pub fn random(space: Space, seed: u64) -> Self {
        Self { space, method: Method::Random { seed } }
    }

    /// Points of a scrambled Sobol sequence: of the first 2^k, every 2^k-th of each axis holds one.
    #[must_use]
    pub fn sobol(space: Space, seed: u64) -> Self {
        Self { space, method: Method::Sobol { seed } }
    }

    /// Ten random points, then those that a multivariate tree-structured Parzen estimator takes for the best, with the
    /// defaults of Optuna 5. Trials under way count as bad ones, so that workers side by side try different points.
    #[must_use]
    pub fn tpe(space: Space, seed: u64, goal: Goal) -> Self {
        Self { space, method: Method::Tpe { seed, goal } }
    }

    /// What is searched.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// How many points there are; `None` if there is always another one.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match &self.method {
            Method::Grid(grid) => Some(grid.count()),
            _ => None,
        }
    }

    /// The point that a trial tries, given what is known of all others; `None` behind the end of a grid. The order of
    /// `known` does not matter, and points outside the space are passed over.
    #[must_use]
    pub fn propose(&self, trial: u64, known: &[KnownTrial]) -> Option<Point> {
        let uniform = |seed| {
            let mut random = Random::of_search(seed, Proposal::Uniform, trial);
            self.space.at(|| random.uniform())
        };
        match self.method {
            Method::Grid(ref grid) => grid.point(trial),
            Method::Random { seed } => Some(uniform(seed)),
            Method::Sobol { seed } => Some(sobol::point(&self.space, seed, trial)),
            Method::Tpe { seed, goal } => {
                Some(tpe::propose(&self.space, goal, seed, trial, known).unwrap_or_else(|| uniform(seed)))
            }
        }
    }
}
