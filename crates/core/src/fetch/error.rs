//! Why something could not be got, in a person's words.

use crate::data::DataError;
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be got.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that broke off or stood still too often.
    #[error(
        "cannot get {url}: {reason}; try again to go on from there, or name a mirror or a folder that has the file"
    )]
    Unreachable {
        /// What was asked for.
        url: String,
        reason: String,
    },
    /// The server has no such file or does not give it away.
    #[error("cannot get {url}: the server says {status}; name a mirror or a folder that has the file")]
    Refused {
        /// What was asked for.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// Something else than the file that was published.
    #[error("what {from} gives is not the {file} that was published: {problem}; try again later or from another place")]
    Wrong {
        file: String,
        /// Where it came from.
        from: String,
        problem: String,
    },
    /// A folder that was named and lacks a file.
    #[error("there is no {file} in {}; name the folder or the address that has it", folder.display())]
    Lacking {
        file: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Another process gets the same.
    #[error("another process is getting it into {}; wait for that one", .0.display())]
    Busy(PathBuf),
    /// Something lies where it is to be put, and is not it.
    #[error("{} is there already and is something else; move it away or choose another folder", .0.display())]
    Taken(PathBuf),
    /// An archive that holds something else than it should.
    #[error(transparent)]
    Archive(#[from] DataError),
    #[error("{0}; choose a folder that may be written and has space left")]
    Disk(String),
    /// Whoever waited does not want it any more.
    #[error("it was stopped; get it again to go on from there")]
    Stopped,
}

impl FetchError {
    /// What the disk says about a file.
    pub(super) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Disk(format!("cannot write {path}: {error}"))
    }
}
