//! The files of an archive on the disk, for sets that are got as one and are quicker to read without it.

use super::error::DataError;
use super::store::{Kind, Store};
use std::fs;
use std::path::Path;

/// Unpacks an archive into a folder that is there; folders around everything else in it are left out. What would lie
/// outside, links, and more than an archive of its size explains are refused or left out as in archives that are read
/// in place.
///
/// # Errors
/// What is wrong with the archive, or that the folder cannot be written.
pub fn unpack(archive: &Path, folder: &Path) -> Result<(), DataError> {
    let advice = "get it again";
    let store = Store::of_archive(archive)?.ok_or_else(|| DataError::unusable(archive, "it is no archive", advice))?;
    let mut top = archive.to_owned();
    loop {
        let entries = store.entries(&top)?;
        match entries.as_slice() {
            [] => return Err(DataError::unusable(archive, "nothing is in it", advice)),
            [only] if only.kind == Kind::Folder => top.clone_from(&only.path),
            _ => break,
        }
    }
    unpack_folder(&store, &top, folder)
}

fn unpack_folder(store: &Store, from: &Path, to: &Path) -> Result<(), DataError> {
    for entry in store.entries(from)? {
        let Some(name) = entry.path.file_name() else { continue };
        let target = to.join(name);
        let failed =
            |error: std::io::Error| DataError::Unwritable(format!("cannot write {}: {error}", target.display()));
        if entry.kind == Kind::Folder {
            fs::create_dir(&target).map_err(failed)?;
            unpack_folder(store, &entry.path, &target)?;
        } else {
            fs::write(&target, store.read(&entry.path)?).map_err(failed)?;
        }
    }
    Ok(())
}
