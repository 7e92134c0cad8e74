//! What can be wrong with images on disk: each message says what, where, why, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a data set or a picture cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// There is nothing at this path.
    #[error("there is no file or folder {}; check the path", .0.display())]
    Missing(PathBuf),
    /// The system refused to read.
    #[error("cannot read {}: {reason}; check that it may be read and that its disk works", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file could not be written.
    #[error("{0}; choose a folder that may be written and has space left")]
    Unwritable(String),
    /// A place that holds no known format.
    #[error(
        "found no data set in {}: {hint}. Looked for IDX files (train-images-idx3-ubyte, with .gz or without), CIFAR \
         binary files (data_batch_1.bin …, or train.bin of CIFAR-100), and one folder per class with PNG, JPEG, \
         WebP, BMP or GIF pictures, with or without train and val or test above",
        path.display()
    )]
    Unknown {
        /// Where.
        path: PathBuf,
        /// What is there instead, and what to do.
        hint: String,
    },
    /// A file that is not what its name says.
    #[error("{} is damaged or not what its name says: {problem}; get the file again", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// Images that can be read but not be trained on.
    #[error("cannot use {}: {problem}; {advice}", path.display())]
    Unusable {
        /// Which data set.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// A picture that cannot be decoded.
    #[error("cannot read {name} as a picture: {problem}; use a PNG, JPEG, WebP, BMP or GIF file")]
    Picture {
        /// Its file, or where it comes from.
        name: String,
        /// Why.
        problem: String,
    },
    /// A picture beyond what is decoded.
    #[error("{name} is too large: {problem}; scale it down first")]
    TooLarge {
        /// Its file, or where it comes from.
        name: String,
        /// Its size and the limit.
        problem: String,
    },
    /// `data.normalization` does not fit the images.
    #[error(
        "data.normalization has numbers for {given} channels, but the images have {channels}; give one mean and one \
         std per channel or set data.channels"
    )]
    Normalization {
        /// How many numbers there are.
        given: usize,
        /// How many are needed.
        channels: usize,
    },
    /// A thread that puts batches together ended.
    #[error("putting a batch together failed: {0}; this is a fault of the program, go on from the last checkpoint")]
    Worker(String),
}

impl DataError {
    pub(super) fn reading(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unreadable { path: path.to_owned(), reason: error.to_string() },
        }
    }

    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }

    pub(super) fn unusable(path: &Path, problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), problem: problem.into(), advice: advice.into() }
    }

    pub(super) fn unknown(path: &Path, hint: impl Into<String>) -> Self {
        Self::Unknown { path: path.to_owned(), hint: hint.into() }
    }
}
