//! Deleting a run moves its folder into a trash folder beside it, from which it can be taken back.

use super::layout::{self, is_being_written, numbered};
use crate::files::naming;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Moves a run into the trash and says where it is now.
///
/// # Errors
/// A run that is being written, or what the system says when the folder cannot be moved.
pub fn discard(run: &Path) -> io::Result<PathBuf> {
    if is_being_written(run) {
        return Err(io::Error::other(format!("{} is training; stop it first", run.display())));
    }
    let (Some(place), Some(name)) = (run.parent(), run.file_name()) else {
        return Err(io::Error::other(format!("{} is no run folder", run.display())));
    };
    let trash = place.join(layout::TRASH);
    fs::create_dir_all(&trash)?;
    move_to_free_name(run, &trash, &name.to_string_lossy())
}

/// Takes a run back out of the trash and says where it is now.
///
/// # Errors
/// What the system says when the folder cannot be moved.
pub fn restore(discarded: &Path) -> io::Result<PathBuf> {
    let (Some(place), Some(name)) = (discarded.parent().and_then(Path::parent), discarded.file_name()) else {
        return Err(io::Error::other(format!("{} is not in the trash", discarded.display())));
    };
    move_to_free_name(discarded, place, &name.to_string_lossy())
}

fn move_to_free_name(from: &Path, into: &Path, name: &str) -> io::Result<PathBuf> {
    for name in numbered(name) {
        let to = into.join(name);
        if !to.exists() {
            let moved = fs::rename(from, &to).map_err(|error| naming("cannot move", from, &error));
            return moved.map(|()| to);
        }
    }
    Err(io::Error::other("there is no free name"))
}
