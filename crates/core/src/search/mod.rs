//! Which settings to try next, and which trials to stop: the mathematics of hyper-parameter search.
//!
//! A [`Space`] has named dimensions, a [`Search`] proposes a [`Point`] of it for every trial, [`Halving`],
//! [`MedianRule`] and [`hopeless`] say whether a trial goes on, and [`importance`] tells which dimensions mattered. All
//! of them are functions of the seed, the trial's index and what was [`KnownTrial`] so far: a search that is stopped and gone
//! on with proposes exactly what it would have, and workers need to share nothing but what their trials came to. Here
//! nothing is known of experiments, files or runs.
//!
//! ```
//! use lab_core::search::{Decision, Dimension, Goal, Halving, Range, Scale, Search, Space};
//!
//! let rate = Range::Float { low: 1e-4, high: 1.0, scale: Scale::Log };
//! let shortcut = Range::Choice { values: 3 };
//! let space = Space::new(vec![Dimension::new("learning rate", rate), Dimension::new("shortcut", shortcut)])?;
//! let search = Search::tpe(space, 7, Goal::Lowest);
//! let halving = Halving::new(1, 27, 3)?; // judged after 1, 3 and 9 of 27 epochs
//! let mut known = Vec::new(); // all trials there are, those under way included
//! let point = search.propose(0, &known); // None: a grid is done
//! // … train; at each rung write the loss down in `KnownTrial::rungs`, and ask:
//! if let Decision::Stop(reason) = halving.decide(Goal::Lowest, 0, 3, 1.25, &known) {
//!     println!("{}", reason.sentence("epoch"));
//! }
//! # known.clear();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod grid;
mod halving;
mod importance;
mod known;
mod method;
mod normal;
mod parzen;
mod sobol;
mod space;
mod stop;
#[cfg(test)]
mod tests;
mod tpe;

pub use axis::Scale;
pub use grid::GridError;
pub use halving::{Halving, HalvingError, MedianRule, hopeless};
pub use importance::importance;
pub use known::{Goal, KnownTrial, State};
pub use method::Search;
pub use space::{Dimension, Point, Range, Space, SpaceError, Value};
pub use stop::{Decision, Reason};
pub use tpe::RANDOM_FIRST;
