//! Folders and files by their paths, wherever they lie.

use super::archive::Archive;
use super::disk;
use super::entry::{Entry, Kind};
use crate::data::content::ENOUGH;
use crate::data::error::DataError;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the files of a data set lie.
#[derive(Clone)]
pub(in crate::data) enum Store {
    /// On the disk, under their own paths.
    Disk,
    /// In an archive, whose path theirs go on from.
    Archive(Arc<Archive>),
}

impl Store {
    /// Opens an archive; `None` where something else lies.
    pub fn of_archive(path: &Path) -> Result<Option<Self>, DataError> {
        Ok(Archive::open(path)?.map(|archive| Self::Archive(Arc::new(archive))))
    }

    /// What a person should know about it.
    pub fn notice(&self) -> Option<String> {
        match self {
            Self::Disk => None,
            Self::Archive(archive) => archive.notice.clone(),
        }
    }

    /// What a folder holds, hidden files left out, in the order of names.
    pub fn entries(&self, folder: &Path) -> Result<Vec<Entry>, DataError> {
        let mut entries = match self {
            Self::Disk => disk::entries(folder)?,
            Self::Archive(archive) => archive.entries(folder),
        };
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// What lies at a path.
    pub fn kind(&self, path: &Path) -> Kind {
        match self {
            Self::Disk => disk::kind(path),
            Self::Archive(archive) => archive.kind(path),
        }
    }

    /// Whether there is a file at a path.
    pub fn is_file(&self, path: &Path) -> bool {
        self.length(path).is_ok() && self.kind(path) == Kind::File
    }

    /// Of a file, in bytes.
    pub fn length(&self, path: &Path) -> Result<u64, DataError> {
        match self {
            Self::Disk => Ok(fs::metadata(path).map_err(|error| DataError::reading(path, &error))?.len()),
            Self::Archive(archive) => Ok(archive.member(path)?.length),
        }
    }

    /// Opens a file.
    pub fn open(&self, path: &Path) -> Result<Box<dyn Read>, DataError> {
        Ok(match self {
            Self::Disk => {
                let file = File::open(path).map_err(|error| DataError::reading(path, &error))?;
                Box::new(BufReader::new(file))
            }
            Self::Archive(archive) => Box::new(Cursor::new(archive.read(path, u64::MAX)?)),
        })
    }

    /// A file's contents, as long as they are said to be or shorter.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, DataError> {
        self.read_up_to(path, self.length(path)?)
    }

    /// A file's first bytes, enough to tell what it is.
    pub fn start(&self, path: &Path) -> Result<Vec<u8>, DataError> {
        self.read_up_to(path, ENOUGH as u64)
    }

    fn read_up_to(&self, path: &Path, length: u64) -> Result<Vec<u8>, DataError> {
        match self {
            Self::Disk => {
                let mut bytes = Vec::new();
                let read = self.open(path)?.take(length).read_to_end(&mut bytes);
                read.map_err(|error| DataError::reading(path, &error))?;
                Ok(bytes)
            }
            Self::Archive(archive) => archive.read(path, length),
        }
    }

    /// The same for all links to the same folder.
    pub fn identity(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Disk => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
            Self::Archive(_) => folder.to_owned(),
        }
    }
}
