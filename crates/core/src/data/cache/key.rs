//! What tells kept pictures apart: which files they come from, how these were on the disk, what was made of them.

use std::fmt;
use std::hash::Hasher;

/// A key under construction: 128 bits by FNV-1a, enough that no two sets of pictures meet by accident.
/// Source: <https://www.rfc-editor.org/rfc/rfc9923>.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct Key(u128);

impl Key {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    /// Adds a text or a path, whose end counts.
    pub fn add(&mut self, bytes: &[u8]) {
        self.write_u64(bytes.len() as u64);
        self.write(bytes);
    }
}

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "nobody asks for the short one")]
    fn finish(&self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Key {
    fn fmt(&self, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_published_algorithm() {
        let mut key = Key::new();
        key.write(b"a");
        assert_eq!(key.to_string(), "d228cb696f1a8caf78912b704e4a8964");
    }
}
