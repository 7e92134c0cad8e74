//! Where the files of a data set lie: on the disk or in an archive, which is read in place. Whoever reads a data set
//! asks a [`Store`] for folders and files by their paths; those in an archive go on behind the archive's own.

mod archive;
mod disk;
mod entry;
mod index;
mod places;
mod shared;
mod tarball;
mod zipped;

pub(super) use entry::{Entry, Kind};
pub(super) use index::{most, too_much};
pub(super) use places::Store;
