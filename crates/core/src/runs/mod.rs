//! Run folders: an experiment's plan, numbers and checkpoints in files that a person can open.
//!
//! ```text
//! 2026-03-01-142530-plain-vs-residual/
//!   experiment.toml                 all that is needed to run it again
//!   run.json                        what its images and networks turned out to be
//!   events.jsonl                    start, resume, interventions, finish
//!   outcome.json                    how it ended
//!   notes.json                      what a person added: name, tags, note, star
//!   arms/plain/metrics.csv          a row for every step, validation beside the step it followed
//!   arms/plain/gradients.csv        a row for every block and probe
//!   arms/plain/confusion.csv        the newest confusion matrix: actual classes down, predicted across
//!   arms/plain/predictions.bin      what each validation image was taken for, at every validation
//!   arms/plain/events.out.tfevents… the same for TensorBoard
//!   arms/plain/checkpoints/         replaced as a whole: last/, best/; start/ before the first one; step-…/ if asked for
//! ```
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

pub use events::EventLine;
pub(crate) use events::now;
pub use follow::{Follower, News};
pub use history::Validation;
pub(crate) use layout::{EXPERIMENT, free, free_name};
pub use layout::{RunInfo, default_place, is_being_written};
pub use notes::{Guess, Notes};
pub use read::{Run, RunError, Runs, find, list, open};
pub use record::Folder;
pub use rows::{GradientRow, MetricsRow, first_and_last_gradient};
pub use trash::{discard, restore};
pub use written::vacant;

#[cfg(test)]
mod tests;
