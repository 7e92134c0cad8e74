//! What an instrument says about itself, and what is chosen before it is asked.

use super::question::QueryImage;
use crate::checkpoint::Checkpoint;

/// What an instrument is, for a person who sees it for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name on the command line and in files; it never changes.
    pub id: &'static str,
    pub title: &'static str,
    /// What it shows and how to read it.
    pub what: &'static str,
    /// Its formula or procedure.
    pub formula: &'static str,
    /// Where that is from; empty for textbook knowledge.
    pub reference: &'static str,
}

impl About {
    /// What it shows, in one sentence.
    #[must_use]
    pub fn in_a_sentence(&self) -> &'static str {
        self.what.split_inclusive(". ").next().map_or("", str::trim_end)
    }
}

/// What a person looks at; an instrument takes from it what it needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    pub sample: QueryImage,
    /// The class to explain; each arm's own prediction if absent.
    pub class: Option<usize>,
    /// The block, counted from 0.
    pub block: usize,
    /// Where a straight path starts: at a checkpoint, or at the weights that training started from.
    pub from: Option<Checkpoint>,
}
