//! Where the files of a data set lie: on the disk, in an archive or in the rows of a table, which are read in place. Whoever reads a data set
//! asks a [`Store`] for folders and files by their paths; those in an archive go on behind the archive's own, and rows of a
//! table are files of their numbers.

mod archive;
mod disk;
mod entry;
mod index;
mod parquet;
mod places;
mod shared;
mod tarball;
mod zipped;

pub(super) use entry::{Entry, Kind};
pub(super) use index::{most, too_much};
pub(super) use parquet::{Column, Holds, Label, Pictures, Table};
pub(super) use places::Store;
