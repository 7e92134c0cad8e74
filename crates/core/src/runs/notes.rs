//! What a person adds to a run: a name, tags, a note, a star, a guess. Kept in the run's folder as `notes.json`.

use super::layout;
use crate::files::{json, naming, write_atomically};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// What a person adds to a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Another name than the experiment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    pub note: String,
    /// Whether it stands out.
    pub starred: bool,
    /// What was expected before it was trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guess: Option<Guess>,
}

/// Which arm learns better, as a person guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    /// The arm of this name.
    Arm(String),
    NoDifference,
}

impl Guess {
    /// As it is shown.
    #[must_use]
    pub fn in_words(&self) -> &str {
        match self {
            Self::Arm(name) => name,
            Self::NoDifference => "No difference",
        }
    }
}

impl Notes {
    /// Reads a run's notes; a run without any has empty ones.
    ///
    /// # Errors
    /// A file that cannot be read or makes no sense, with its path.
    pub fn read(run: &Path) -> io::Result<Self> {
        let path = run.join(layout::NOTES);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| io::Error::other(format!("{} makes no sense: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(naming("cannot read", &path, &error)),
        }
    }

    /// Writes a run's notes.
    ///
    /// # Errors
    /// What could not be written.
    pub fn write(&self, run: &Path) -> io::Result<()> {
        write_atomically(&run.join(layout::NOTES), &json(self)?)
    }
}
