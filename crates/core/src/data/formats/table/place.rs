//! A table of labels: where it lies, and what it says.

use crate::data::formats::folder::Role;
use std::path::{Path, PathBuf};

/// Where a table lies.
pub(super) struct Place {
    pub path: PathBuf,
    /// The folder below that of the data set that it lies in, with slashes.
    pub home: String,
    /// The part that it is called by, or its folder.
    pub role: Option<Role>,
}

impl Place {
    /// The folder that it lies in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// What a row says.
pub(super) struct Record {
    /// The picture as it is named there.
    pub picture: String,
    pub class: Option<String>,
    /// Which images it is one of, if there is a column for it.
    pub role: Option<Role>,
}

/// What a table says.
pub(super) struct Table {
    pub rows: Vec<Record>,
    /// What a person should know about it.
    pub notices: Vec<String>,
}
