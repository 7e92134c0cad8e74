//! What can be wrong with images on disk: each message says what, where, why, and what to do.

use super::left_out::Why;
use super::names::{counted, name_of, shown_path};
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set or a picture cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// There is nothing at this path.
    #[error("there is no file or folder {}; check the path", shown_path(.0))]
    Missing(PathBuf),
    /// The system refused to read.
    #[error("cannot read {}: {reason}; check that it may be read and that its disk works", shown_path(path))]
    Unreadable {
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
         for C or Python (data_batch_1.bin …, data_batch_1 …, or the train files of CIFAR-100), STL-10, SVHN, arrays of \
         NumPy (.npz), Parquet, WebDataset, a table of labels (CSV) beside pictures, pictures named by their class \
         (cat.0.jpg), and one folder per class with PNG, JPEG, WebP, TIFF, BMP, GIF or PNM pictures, \
         with or without train and val or test above",
        shown_path(path)
    )]
    Unknown {
        path: PathBuf,
        /// What is there instead, and what to do.
        hint: String,
    },
    /// A file that is not what its name says.
    #[error("{} is damaged or not what its name says: {problem}; get the file again", shown_path(path))]
    Damaged {
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// Images that can be read but not be trained on.
    #[error("cannot use {}: {problem}; {advice}", shown_path(path))]
    Unusable { path: PathBuf, problem: String, advice: String },
    /// A picture that cannot be decoded.
    #[error("cannot read {name} as a picture: {fault}; {}", fault.advice())]
    Picture {
        /// Its file, or where it comes from.
        name: String,
        fault: Fault,
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
    /// Whoever waited for the pictures did not want them any more.
    #[error("reading the pictures was stopped; start again to read them")]
    Stopped,
    /// A thread that puts batches together ended.
    #[error("putting a batch together failed: {0}; this is a fault of the program, go on from the last checkpoint")]
    Worker(String),
}

/// Why a file gives no picture. The words follow "because".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is a folder, a pipe or a device.
    #[error("it is not a file")]
    NoFile,
    /// It ends before all of the picture has come.
    #[error("it is cut off, and a part of the picture is missing")]
    CutOff,
    /// What is there contradicts itself; in which way.
    #[error("its image data is damaged{}", in_brackets(.0))]
    Damaged(String),
    /// A picture of a format that is not read; what it is.
    #[error("it is {0}, which is not read")]
    Unread(&'static str),
    /// A rare kind of a format that is read; which.
    #[error("its kind of picture is not read{}", in_brackets(.0))]
    Unusual(String),
    /// No picture; what it is.
    #[error("it is {0} and no picture")]
    Other(&'static str),
    /// Nobody knows what it is.
    #[error("it does not start like any picture")]
    Unknown,
    /// The decoder asks for more than it gets.
    #[error("decoding it would take too much memory")]
    Memory,
}

fn in_brackets(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

impl Fault {
    /// What to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Empty | Self::CutOff | Self::Damaged(_) => "get the file again or remove it",
            Self::Unread(_) | Self::Unusual(_) => "convert it to JPEG or PNG",
            Self::Memory => "scale it down first",
            Self::NoFile | Self::Other(_) | Self::Unknown => "use a PNG, JPEG, WebP, TIFF, BMP, GIF or PNM file",
        }
    }

    /// The same for all files that are left out for the same kind of reason.
    pub(super) fn kind(&self) -> Why {
        match self {
            Self::Empty => Why::Empty,
            Self::NoFile => Why::NoFile,
            Self::CutOff => Why::CutOff,
            Self::Damaged(_) => Why::Damaged,
            Self::Unread(what) | Self::Other(what) => Why::Is((*what).to_owned()),
            Self::Unusual(_) => Why::Unusual,
            Self::Unknown => Why::Unknown,
            Self::Memory => Why::Memory,
        }
    }

    /// Why a file is left out, with what to do where the reason does not say.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Unread(_) | Self::Unusual(_) => format!("{self}: {}", self.advice()),
            _ => self.to_string(),
        }
    }
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

    /// The same in few words beside the field that holds the path, which need not be said again.
    #[must_use]
    pub fn at_field(&self) -> String {
        match self {
            Self::Missing(path) if path.as_os_str().is_empty() => "choose a folder or a file".to_owned(),
            Self::Missing(_) => "there is nothing at this path".to_owned(),
            Self::Unreadable { reason, .. } => format!("it cannot be read ({reason})"),
            Self::Unknown { hint, .. } => format!("no data set lies here: {hint}"),
            Self::Damaged { path, problem } => format!("{} is damaged: {problem}", name_of(path)),
            Self::Unusable { problem, advice, .. } => format!("{problem}; {advice}"),
            Self::Normalization { given, channels } => {
                let given = counted(*given, "channel");
                format!("mean and deviation are given for {given}, and the images have {channels}")
            }
            other => other.to_string(),
        }
    }

    /// Why a file is left out: the kind of reason, and the reason itself.
    pub(super) fn reason(&self) -> (Why, String) {
        match self {
            Self::Picture { fault, .. } => (fault.kind(), fault.reason()),
            Self::TooLarge { problem, .. } => (Why::TooLarge, problem.clone()),
            Self::Missing(_) => (Why::Missing, "it is not there any more".to_owned()),
            Self::Unreadable { reason, .. } => (Why::Unreadable, format!("it cannot be read ({reason})")),
            other => (Why::Other, other.to_string()),
        }
    }
}
