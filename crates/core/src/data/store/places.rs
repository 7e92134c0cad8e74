//! Folders and files by their paths, wherever they lie.

use super::archive::Archive;
use super::disk;
use super::entry::{Entry, Kind};
use super::parquet::Pictures;
use crate::data::content::ENOUGH;
use crate::data::error::DataError;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Bytes of a picture file that hold its header, mostly: a camera's preview lies before it.
const HEAD: u64 = 128 << 10;

/// Where the files of a data set lie.
#[derive(Clone)]
pub(in crate::data) enum Store {
    /// On the disk, under their own paths.
    Disk,
    /// In archives, whose paths theirs go on from.
    Archives(Arc<[Archive]>),
    /// In tables, whose paths go on with the number of a row.
    Tables(Arc<[Pictures]>),
}

impl Store {
    /// Opens an archive; `None` where something else lies.
    pub fn of_archive(path: &Path) -> Result<Option<Self>, DataError> {
        Ok(Archive::open(path)?.map(|archive| Self::Archives([archive].into())))
    }

    /// All that lies in several archives.
    pub fn of_archives(paths: &[PathBuf]) -> Result<Self, DataError> {
        let archives: Vec<Option<Archive>> = paths.iter().map(|path| Archive::open(path)).collect::<Result<_, _>>()?;
        Ok(Self::Archives(archives.into_iter().flatten().collect()))
    }

    /// The archive that a path leads into.
    fn archive<'a>(archives: &'a [Archive], path: &Path) -> Result<&'a Archive, DataError> {
        let leads = |archive: &&Archive| path.starts_with(&archive.path);
        archives.iter().find(leads).ok_or_else(|| DataError::Missing(path.to_owned()))
    }

    /// The table that a path leads into.
    fn table<'a>(tables: &'a [Pictures], path: &Path) -> Result<&'a Pictures, DataError> {
        let leads = |pictures: &&Pictures| path.parent() == Some(&pictures.table.path);
        tables.iter().find(leads).ok_or_else(|| DataError::Missing(path.to_owned()))
    }

    /// What a person should know about it.
    pub fn notice(&self) -> Option<String> {
        match self {
            Self::Disk | Self::Tables(_) => None,
            Self::Archives(archives) => archives.iter().find_map(|archive| archive.notice.clone()),
        }
    }

    /// What a folder holds, hidden files left out, in the order of names.
    pub fn entries(&self, folder: &Path) -> Result<Vec<Entry>, DataError> {
        let mut entries = match self {
            Self::Disk => disk::entries(folder)?,
            Self::Archives(archives) => Self::archive(archives, folder)?.entries(folder),
            // Whoever reads rows knows their numbers.
            Self::Tables(_) => Vec::new(),
        };
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// What lies at a path.
    pub fn kind(&self, path: &Path) -> Kind {
        match self {
            Self::Disk => disk::kind(path),
            Self::Archives(archives) => Self::archive(archives, path).map_or(Kind::File, |archive| archive.kind(path)),
            Self::Tables(_) => Kind::File,
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
            Self::Archives(archives) => Ok(Self::archive(archives, path)?.member(path)?.length),
            Self::Tables(tables) => Ok(Self::table(tables, path)?.read(path, 0)?.1),
        }
    }

    /// What changes when a file does: its length in bytes, and when it was last written. That of a file in an archive is
    /// the archive's; rows of a table have both from the table.
    pub fn stamp(&self, path: &Path) -> Option<(u64, SystemTime)> {
        match self {
            Self::Disk => {
                let about = fs::metadata(path).ok()?;
                Some((about.len(), about.modified().ok()?))
            }
            Self::Archives(archives) => {
                let archive = Self::archive(archives, path).ok()?;
                Some((archive.member(path).ok()?.length, archive.written))
            }
            Self::Tables(tables) => Some(Self::table(tables, path).ok()?.stamp()),
        }
    }

    /// Opens a file.
    pub fn open(&self, path: &Path) -> Result<Box<dyn Read>, DataError> {
        Ok(match self {
            Self::Disk => {
                let file = File::open(path).map_err(|error| DataError::reading(path, &error))?;
                Box::new(BufReader::new(file))
            }
            Self::Archives(_) | Self::Tables(_) => Box::new(Cursor::new(self.read_up_to(path, u64::MAX)?)),
        })
    }

    /// A file's contents, as long as they are said to be or shorter.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, DataError> {
        self.read_up_to(path, self.length(path)?)
    }

    /// A file's first bytes, enough for most pictures' headers.
    pub fn head(&self, path: &Path) -> Result<Vec<u8>, DataError> {
        self.read_up_to(path, HEAD)
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
            Self::Archives(archives) => Self::archive(archives, path)?.read(path, length),
            Self::Tables(tables) => Ok(Self::table(tables, path)?.read(path, length)?.0),
        }
    }

    /// The same for all links to the same folder.
    pub fn identity(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Disk => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
            Self::Archives(_) | Self::Tables(_) => folder.to_owned(),
        }
    }
}
