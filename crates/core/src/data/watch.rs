//! Who waits for a data set: told how far it is, asked whether to go on.

use std::fmt;

/// How far the reading of pictures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pictures that were read.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// Is told after each picture, from several threads, how far the reading is, and says whether to go on.
#[derive(Clone, Copy)]
pub struct Watch<'a>(pub &'a (dyn Fn(Progress) -> bool + Sync));

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, text: &mut fmt::Formatter) -> fmt::Result {
        text.write_str("Watch")
    }
}
