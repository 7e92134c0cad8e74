//! Run folders: an experiment's plan, numbers and checkpoints in files that a person can open.
//! What is in one stands in ARCHITECTURE.md. Must not know the engine.
//!
//! [`Folder`] writes such folders for the engine, [`Run`] reads them, [`Follower`] reads them while they
//! grow. What is inside a checkpoint is the session's affair.

mod arm;
mod board;
mod events;
mod follow;
mod growing;
mod history;
mod layout;
mod notes;
mod past;
mod read;
mod record;
mod rows;
mod table;
mod trained;
mod trash;
mod written;

pub(crate) use events::now;
pub use events::{EventLine, Happening};
pub use follow::{Follower, News};
pub use history::Validation;
pub(crate) use layout::{EXPERIMENT, TRIALS, free, free_name};
pub use layout::{RunInfo, default_place, is_being_written, tables};
pub use notes::{Guess, Notes};
pub use read::{Run, RunError, Runs, find, list, open};
pub use record::Folder;
pub use rows::{GradientRow, MetricsRow, first_and_last_gradient};
pub use trash::{discard, restore};
pub use written::vacant;

#[cfg(test)]
mod tests;
