//! Zip archives.

use super::index::{Index, Member};
use super::shared::Shared;
use std::io::{self, Read};
use std::path::Path;
use zip::read::{ArchiveOffset, Config};
use zip::{CompressionMethod, ZipArchive};

/// An open zip archive.
pub(super) struct Zipped(ZipArchive<Shared>);

impl Zipped {
    /// What a zip archive starts with.
    pub const START: &'static [u8] = b"PK\x03\x04";

    /// Opens an archive and lists it.
    pub fn open(file: &Shared) -> Result<(Self, Index), String> {
        let packed = file.length();
        // Mostly nothing lies before an archive in its file. Looking for what might, its reader can be led astray.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut archive = ZipArchive::with_config(config, file.clone())
            .or_else(|_| ZipArchive::new(file.clone()))
            .map_err(|error| format!("it is cut off or damaged ({error})"))?;
        let (mut index, mut compressed) = (Index::default(), 0_u64);
        for number in 0..archive.len() {
            let file = archive.by_index_raw(number).map_err(|error| format!("it is damaged ({error})"))?;
            if file.is_dir() || file.is_symlink() {
                continue;
            }
            if file.encrypted() {
                return Err("it is locked by a password".to_owned());
            }
            if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                return Err("its files are packed in a way that is not read in place".to_owned());
            }
            compressed = compressed.saturating_add(file.compressed_size());
            // Windows' own program parts folders by backslashes.
            let name = file.name().map_err(|error| format!("it is damaged ({error})"))?.replace('\\', "/");
            index.add(Path::new(&name), Member { length: file.size(), place: number as u64 }, packed)?;
        }
        if compressed > packed {
            return Err("its files lie upon one another".to_owned());
        }
        Ok((Self(archive), index))
    }

    /// The first bytes of a file.
    pub fn read(&self, member: Member, length: u64) -> io::Result<Vec<u8>> {
        let mut archive = self.0.clone();
        let number = usize::try_from(member.place).map_err(io::Error::other)?;
        let mut file = archive.by_index(number).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        file.by_ref().take(length.min(member.length)).read_to_end(&mut bytes)?;
        // One more read to the end has the checksum compared.
        if length >= member.length && file.read(&mut [0])? > 0 {
            return Err(io::Error::other("it is longer than the archive says"));
        }
        Ok(bytes)
    }
}
