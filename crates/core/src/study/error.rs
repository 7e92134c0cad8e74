//! Why a study cannot be: what a file says, what a point breaks, what the disk refuses.

use crate::files;
use std::io;
use std::path::{Path, PathBuf};

/// Why a study cannot be made, read or worked on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A file that cannot be read or is no study.
    #[error("cannot read the study {}: {why}", .path.display())]
    Unreadable {
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A text that is no study.
    #[error("this is not a study: {0}")]
    Parse(String),
    /// The study's experiment cannot be had.
    #[error("the study's experiment: {0}")]
    Experiment(String),
    /// No preset of this name.
    #[error("there is no preset \"{0}\"; `residual-lab presets` lists them")]
    NoPreset(String),
    /// A field of the study itself.
    #[error("{field} is {value}, but must be {rule}")]
    Invalid {
        field: &'static str,
        value: String,
        /// What is allowed.
        rule: String,
    },
    /// An axis whose values make no sense, or whose field cannot be varied.
    #[error("the axis {axis}: {why}")]
    Axis {
        axis: String,
        /// What is wrong with it.
        why: String,
    },
    /// Axes that make no space together.
    #[error("the axes: {0}")]
    Axes(String),
    /// A value with which the experiment cannot be run, whatever the others are.
    #[error("the axis {axis} cannot have the value {value}: {why}")]
    Value {
        axis: String,
        value: String,
        /// What the experiment says.
        why: String,
    },
    /// Values that do not go together.
    #[error("the point {point} cannot be run: {why}")]
    Point {
        /// In words.
        point: String,
        /// What the experiment says.
        why: String,
    },
    /// More trials than anybody can want.
    #[error("{trials} trials are too many: take fewer values or seeds, {most} trials at most")]
    TooMany {
        /// How many there would be.
        trials: u64,
        /// How many there may be.
        most: u64,
    },
    #[error("{} is not a study folder: it has no study.toml; `residual-lab study new` makes one", .0.display())]
    NotAStudy(PathBuf),
    /// A folder that holds something else.
    #[error("{} is not empty: name a new folder for the study", .0.display())]
    Taken(PathBuf),
    /// A study whose file was changed after trials had begun.
    #[error(
        "trial {number} was begun as {was}, and study.toml now says {is}; put study.toml back, or make a new study"
    )]
    Changed {
        number: u32,
        /// What it was.
        was: String,
        /// What it would be.
        is: String,
    },
    /// More of a study that would not be more of the same one.
    #[error("the study cannot be extended so: {0}")]
    NotAnExtension(String),
    /// A trial that does not exist.
    #[error("there is no trial {number}: the study has {trials}")]
    NoTrial {
        /// As it was asked for.
        number: u32,
        /// How many there are.
        trials: u32,
    },
    /// A trial that somebody is working on.
    #[error("trial {number} is being worked on by {owner}; stop it first")]
    Busy { number: u32, owner: String },
    /// A file of the study that makes no sense.
    #[error("the study is damaged: {}: {why}", .path.display())]
    Damaged {
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What the disk says.
    #[error("cannot use the study in {}: {why}", .folder.display())]
    Disk {
        folder: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

impl StudyError {
    /// Whether it is that the disk is full.
    #[must_use]
    pub fn lacks_room(&self) -> bool {
        matches!(self, Self::Disk { why, .. } if files::lacks_room(why))
    }

    /// Wraps what the system says of a study's folder.
    pub(super) fn disk(folder: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let folder = folder.to_owned();
        move |why| Self::Disk { folder: folder.clone(), why }
    }
}
