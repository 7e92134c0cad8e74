//! What a format gives: a data set as it lies on disk, before any choice among its images.

use super::error::DataError;
use super::images::Images;
use super::left_out::LeftOut;
use super::names::counted;
use super::store::Store;
use std::path::{Path, PathBuf};

/// A format: how it is recognised and how it is opened. Both `open_*` give `None` where something else lies.
pub(super) struct Format {
    /// Whether a file of this name, in small letters, is a part of such a data set, which then is the whole folder.
    pub is_part: fn(&str) -> bool,
    pub open_folder: fn(&Store, &Path) -> Result<Option<Found>, DataError>,
    /// Opens a single file.
    pub open_file: fn(&Store, &Path) -> Result<Option<Found>, DataError>,
}

impl Format {
    /// A format that nothing is recognised by; each names what it has.
    pub const NONE: Self = Self { is_part: |_| false, open_folder: |_, _| Ok(None), open_file: |_, _| Ok(None) };
}

/// What is said of a data set that has its own images to validate on beside others.
pub(super) struct Choice {
    /// Which are validated on, and what is left out.
    pub used: String,
    /// What is left out where none of them is validated on, because training images are held out instead.
    pub unused: String,
}

impl Choice {
    /// Validating on a part of this name, for which so many files or pictures of the part test are left out.
    pub fn instead_of_test(part: &str, count: usize, what: &str) -> Self {
        let are = if count == 1 { "is" } else { "are" };
        let unused = format!("{} of the part test {are} left out", counted(count, what));
        Self { used: format!("validating on the part {part}; {unused}"), unused }
    }
}

/// A data set as it was found, before any choice among its images.
pub(super) struct Found {
    pub name: String,
    pub classes: Vec<String>,
    /// Empty where there are only images to validate on.
    pub train: Part,
    /// The data set's own validation or test images.
    pub own: Option<Part>,
    pub notices: Vec<String>,
    /// Which of several own parts are validated on, if there was a choice.
    pub choice: Option<Choice>,
    /// Files that are none of its images.
    pub left_out: Vec<LeftOut>,
}

/// Images in memory, or files to be decoded once it is known which of them are needed.
pub(super) enum Part {
    Images(Images),
    Files(Store, Vec<Listed>),
}

impl Part {
    pub fn labels(&self) -> Vec<u16> {
        match self {
            Self::Images(images) => images.labels.clone(),
            Self::Files(_, files) => files.iter().map(|file| file.label).collect(),
        }
    }

    /// Whether the format names its classes whether or not there are images of them.
    pub fn names_come_apart(&self) -> bool {
        !matches!(self, Self::Files(Store::Disk | Store::Archives(_), _))
    }

    /// The same with another label for each of the old ones.
    pub fn relabelled(mut self, labels: &[u16]) -> Self {
        match &mut self {
            Self::Images(images) => images.labels.iter_mut().for_each(|label| *label = labels[usize::from(*label)]),
            Self::Files(_, files) => files.iter_mut().for_each(|file| file.label = labels[usize::from(file.label)]),
        }
        self
    }
}

/// A picture file and its class.
#[derive(Clone)]
pub(super) struct Listed {
    pub path: PathBuf,
    pub label: u16,
}
