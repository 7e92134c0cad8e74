//! Who waits for a file: told how far it is, asked whether to go on.

use std::fmt;

/// How far the getting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there.
    pub done: u64,
    /// Of how many, all files together.
    pub of: u64,
}

/// Is told every now and then how far it is, and says whether to go on.
#[derive(Clone, Copy)]
pub struct Watch<'a>(pub &'a dyn Fn(Progress) -> bool);

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, text: &mut fmt::Formatter) -> fmt::Result {
        text.write_str("Watch")
    }
}
