//! Pictures decoded once and kept in the user's cache folder: a file for each set of picture files and the size that
//! they were brought to. A set whose files have changed gets another file. What is damaged is made again.

mod entry;
mod folder;
mod key;
mod listing;

pub(super) use entry::{About, Outcome, Writer, open};
pub use folder::{CachePolicy, user_folder};
pub(super) use key::Key;
pub use listing::{Cached, clear, list};
