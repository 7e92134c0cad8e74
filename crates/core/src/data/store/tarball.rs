//! Tar archives, packed by gzip or not. A packed one is unpacked once, into a file without a name.

use super::index::{Index, Member, most, too_much};
use super::shared::Shared;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use tar::Archive;

/// Bytes of a header, and where its checksum lies in it.
const HEADER: usize = 512;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a file starts with a header of tar, whose checksum is the sum of its bytes.
pub(super) fn starts(start: &[u8]) -> bool {
    let Some(header) = start.get(..HEADER) else { return false };
    let said = String::from_utf8_lossy(&header[CHECKSUM]);
    let said = u32::from_str_radix(said.trim_matches(|letter: char| letter == ' ' || letter == '\0'), 8);
    // The checksum itself counts as spaces.
    let sum: u32 =
        header.iter().enumerate().map(|(i, &byte)| u32::from(if CHECKSUM.contains(&i) { b' ' } else { byte })).sum();
    said == Ok(sum)
}

/// Unpacks a file that gzip has packed if there is an archive in it.
pub(super) fn unpacked(file: &Shared) -> Result<Option<Shared>, String> {
    let failed = |error: io::Error| format!("it cannot be unpacked ({error})");
    let mut reader = MultiGzDecoder::new(BufReader::new(file.clone()));
    let mut start = Vec::new();
    // A damaged file is for others to complain about.
    if reader.by_ref().take(HEADER as u64).read_to_end(&mut start).is_err() || !starts(&start) {
        return Ok(None);
    }
    let limit = most(file.length());
    let mut unpacked = BufWriter::new(tempfile::tempfile().map_err(failed)?);
    unpacked.write_all(&start).map_err(failed)?;
    let rest = io::copy(&mut reader.take(limit), &mut unpacked).map_err(failed)?;
    if rest >= limit {
        return Err(too_much(file.length()));
    }
    let unpacked = unpacked.into_inner().map_err(|error| failed(error.into_error()))?;
    Shared::new(unpacked).map(Some).map_err(failed)
}

/// Lists an archive, and says how many links in it were left out.
pub(super) fn list(file: &Shared) -> Result<(Index, usize), String> {
    let failed = |error: io::Error| format!("it is cut off or damaged ({error})");
    let (mut index, mut links) = (Index::default(), 0);
    for entry in Archive::new(file.clone()).entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.header().entry_type();
        links += usize::from(kind.is_hard_link() || kind.is_symlink());
        if !kind.is_file() && !kind.is_contiguous() {
            continue;
        }
        let member = Member { length: entry.size(), place: entry.raw_file_position() };
        if member.place.checked_add(member.length).is_none_or(|end| end > file.length()) {
            return Err("it is cut off".to_owned());
        }
        index.add(&path(entry.path_bytes()), member, file.length())?;
    }
    Ok((index, links))
}

#[cfg(unix)]
fn path(name: Cow<[u8]>) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(&name)).to_owned()
}

#[cfg(not(unix))]
fn path(name: Cow<[u8]>) -> PathBuf {
    Path::new(&*String::from_utf8_lossy(&name)).to_owned()
}
