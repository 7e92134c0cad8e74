//! Folders on the disk.

use super::entry::{Entry, Kind, is_hidden};
use crate::data::error::DataError;
use std::fs;
use std::path::Path;

/// What a folder holds, hidden files left out, in no order.
pub(super) fn entries(folder: &Path) -> Result<Vec<Entry>, DataError> {
    let failed = |error| DataError::reading(folder, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !is_hidden(entry.file_name().as_encoded_bytes()) {
            let path = entry.path();
            entries.push(Entry { kind: kind(&path), path });
        }
    }
    Ok(entries)
}

/// What lies at a path.
pub(super) fn kind(path: &Path) -> Kind {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Kind::Folder,
        Ok(about) if about.is_file() => Kind::File,
        Ok(_) => Kind::Special,
        Err(_) if path.is_symlink() => Kind::BrokenLink,
        // Whoever reads it learns why not.
        Err(_) => Kind::File,
    }
}
