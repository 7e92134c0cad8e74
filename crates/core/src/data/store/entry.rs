//! What folders hold.

use std::path::PathBuf;

/// Something in a folder.
pub(in crate::data) struct Entry {
    pub path: PathBuf,
    pub kind: Kind,
}

/// What lies at a path, or where a link there leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    Folder,
    File,
    /// A link to nothing, or in a circle.
    BrokenLink,
    /// A pipe, a socket, a device: reading it might never end.
    Special,
}

/// Whether a file is there for programs and not for people. `__MACOSX` is what macOS adds to archives: copies of names
/// without pictures.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") || name == b"__MACOSX"
}
