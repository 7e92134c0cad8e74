//! Who waits for pictures that are read or for a file that is fetched: learns how far it is, and is asked whether to go on.

use std::fmt;

/// How far something that takes long is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done: pictures that were read, or bytes that are there.
    pub done: u64,
    /// Of how many, all files together.
    pub of: u64,
}

/// Learns every now and then, and from several threads, how far it is, and says whether to go on.
#[derive(Clone, Copy)]
pub struct Watch<'a>(pub &'a (dyn Fn(Progress) -> bool + Sync));

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, text: &mut fmt::Formatter) -> fmt::Result {
        text.write_str("Watch")
    }
}
