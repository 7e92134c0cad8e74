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
//!   arms/plain/checkpoints/{last,best}/
//! ```
//!
//! [`Folder`] writes such folders for the engine, [`Run`] reads them, [`Follower`] reads them while they
//! grow. What is inside a checkpoint is the session's affair.

mod events;
mod follow;
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

pub use events::EventLine;
pub(crate) use events::now;
pub use follow::{Follower, News};
pub use history::Validation;
pub(crate) use layout::free_name;
pub use layout::{RunInfo, default_place, is_being_written};
pub use notes::Notes;
pub use read::{Run, RunError, Runs, find, list, open};
pub use record::{Folder, vacant};
pub use rows::{GradientRow, MetricsRow, first_and_last_gradient};
pub use trash::{discard, restore};

#[cfg(test)]
mod tests;
