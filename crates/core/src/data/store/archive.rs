//! Archives, each with its index.

use super::entry::{Entry, Kind};
use super::index::{Index, Member};
use super::shared::Shared;
use super::tarball;
use super::zipped::Zipped;
use crate::data::error::DataError;
use crate::data::names::counted;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// An archive that is read in place.
pub(in crate::data) struct Archive {
    pub path: PathBuf,
    index: Index,
    packed: Packed,
    /// What a person should know about it.
    pub notice: Option<String>,
    /// When its file was last written.
    pub written: SystemTime,
}

enum Packed {
    Zip(Zipped),
    Tar(Shared),
}

impl Archive {
    /// Opens a zip or tar archive, recognised by its contents; `None` where something else lies.
    pub fn open(path: &Path) -> Result<Option<Self>, DataError> {
        let failed = |error: io::Error| DataError::reading(path, &error);
        let refused = |problem: String| {
            let advice = "unpack it with a program that you trust, and give the folder";
            DataError::unusable(path, problem, advice)
        };
        let file = File::open(path).map_err(failed)?;
        let written = file.metadata().and_then(|about| about.modified()).map_err(failed)?;
        let file = Shared::new(file).map_err(failed)?;
        let mut start = Vec::new();
        file.part(0, 512).read_to_end(&mut start).map_err(failed)?;
        if start.starts_with(Zipped::START) {
            let (zipped, index) = Zipped::open(&file).map_err(refused)?;
            return Ok(Some(Self { path: path.to_owned(), index, packed: Packed::Zip(zipped), notice: None, written }));
        }
        let tar = if tarball::starts(&start) {
            Some(file)
        } else if start.starts_with(&[0x1f, 0x8b]) {
            tarball::unpacked(&file).map_err(refused)?
        } else {
            None
        };
        let Some(tar) = tar else { return Ok(None) };
        let (index, links) = tarball::list(&tar).map_err(refused)?;
        let notice = (links > 0).then(|| format!("{} in the archive {} left out", counted(links, "link"), are(links)));
        Ok(Some(Self { path: path.to_owned(), index, packed: Packed::Tar(tar), notice, written }))
    }

    /// What a folder holds, in the order of names.
    pub fn entries(&self, folder: &Path) -> Vec<Entry> {
        self.index.entries(self.within(folder), folder)
    }

    /// What lies at a path.
    pub fn kind(&self, path: &Path) -> Kind {
        if path == self.path || self.index.has_folder(self.within(path)) { Kind::Folder } else { Kind::File }
    }

    /// A file.
    pub(super) fn member(&self, path: &Path) -> Result<Member, DataError> {
        self.index.file(self.within(path)).ok_or_else(|| DataError::Missing(path.to_owned()))
    }

    /// The first bytes of a file.
    pub fn read(&self, path: &Path, length: u64) -> Result<Vec<u8>, DataError> {
        let member = self.member(path)?;
        let read = match &self.packed {
            Packed::Zip(zipped) => zipped.read(member, length),
            Packed::Tar(tar) => {
                let mut bytes = Vec::new();
                let mut part = tar.part(member.place, member.length.min(length));
                part.read_to_end(&mut bytes).map(|_| bytes)
            }
        };
        read.map_err(|error| DataError::reading(path, &error))
    }

    fn within<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.path).unwrap_or(path)
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
