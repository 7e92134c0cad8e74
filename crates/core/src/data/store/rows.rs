//! Files whose rows are pictures. They are unpacked when the first picture is read, into a file without a name; what
//! decoded pictures are kept from needs none of that.

use super::index::{Member, most, too_much};
use super::shared::Shared;
use crate::data::error::DataError;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// Hands over the picture of each row, in their order.
pub(in crate::data) type Unpack = fn(&Path, &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), String>;

/// A file whose rows are pictures.
pub(in crate::data) struct Rows {
    pub path: PathBuf,
    count: usize,
    bytes: u64,
    written: SystemTime,
    unpack: Unpack,
    unpacked: OnceLock<Result<Unpacked, DataError>>,
}

struct Unpacked {
    file: Shared,
    places: Vec<Member>,
}

impl Rows {
    /// A file with so many rows.
    pub fn new(path: &Path, count: usize, unpack: Unpack) -> Result<Self, DataError> {
        let about = path.metadata().map_err(|error| DataError::reading(path, &error))?;
        let written = about.modified().map_err(|error| DataError::reading(path, &error))?;
        let bytes = about.len();
        Ok(Self { path: path.to_owned(), count, bytes, written, unpack, unpacked: OnceLock::new() })
    }

    /// The path of a row's picture.
    pub fn name(&self, row: usize) -> PathBuf {
        self.path.join(format!("{row:08}"))
    }

    /// When the file was last written, and the share that a row has of its length.
    pub fn stamp(&self, path: &Path) -> Option<(u64, SystemTime)> {
        self.row(path).map(|_| (self.bytes / self.count.max(1) as u64, self.written))
    }

    /// Of a row's picture, in bytes.
    pub fn length(&self, path: &Path) -> Result<u64, DataError> {
        Ok(self.member(path)?.1.length)
    }

    /// The first bytes of a row's picture.
    pub fn read(&self, path: &Path, length: u64) -> Result<Vec<u8>, DataError> {
        let (file, member) = self.member(path)?;
        let mut bytes = Vec::new();
        let read = file.part(member.place, member.length.min(length)).read_to_end(&mut bytes);
        read.map(|_| bytes).map_err(|error| DataError::reading(path, &error))
    }

    fn row(&self, path: &Path) -> Option<usize> {
        let row: usize = path.strip_prefix(&self.path).ok()?.to_str()?.parse().ok()?;
        (row < self.count).then_some(row)
    }

    fn member(&self, path: &Path) -> Result<(&Shared, Member), DataError> {
        let missing = || DataError::Missing(path.to_owned());
        let row = self.row(path).ok_or_else(missing)?;
        let unpacked = self.unpacked.get_or_init(|| self.unpacked()).as_ref().map_err(Clone::clone)?;
        Ok((&unpacked.file, *unpacked.places.get(row).ok_or_else(missing)?))
    }

    fn unpacked(&self) -> Result<Unpacked, DataError> {
        let unwritable = |error: io::Error| DataError::Unwritable(format!("cannot unpack pictures ({error})"));
        let mut file = BufWriter::new(tempfile::tempfile().map_err(unwritable)?);
        let (mut places, mut place) = (Vec::new(), 0);
        let take = &mut |picture: &[u8]| {
            places.push(Member { length: picture.len() as u64, place });
            place += picture.len() as u64;
            if place > most(self.bytes) {
                return Err(io::Error::other(too_much(self.bytes)));
            }
            file.write_all(picture)
        };
        (self.unpack)(&self.path, take).map_err(|problem| DataError::damaged(&self.path, problem))?;
        let file = file.into_inner().map_err(|error| unwritable(error.into_error()))?;
        Ok(Unpacked { file: Shared::new(file).map_err(unwritable)?, places })
    }
}
