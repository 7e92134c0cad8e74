//! What a file's publisher says about its contents.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is known of a file's SHA-256, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// All 64 digits.
    Whole(&'static str),
    /// The first digits, where no more is published: a fault of the transfer is found, somebody's intent may not be.
    Start(&'static str),
}

impl Check {
    /// The digits.
    #[must_use]
    pub fn digits(self) -> &'static str {
        match self {
            Self::Whole(digits) | Self::Start(digits) => digits,
        }
    }

    /// What was checked, in words.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Whole(_) => "SHA-256".to_owned(),
            Self::Start(digits) => format!("the first {} digits of SHA-256, as no more are published", digits.len()),
        }
    }

    /// What differs, if a file is not the one that was published.
    pub(super) fn fault(self, path: &Path) -> io::Result<Option<String>> {
        let found = sha256(path)?;
        let digits = self.digits();
        Ok((!found.starts_with(digits)).then(|| {
            let shown = |digits: &str| digits.chars().take(8).collect::<String>();
            format!("its SHA-256 starts with {} and not with {}", shown(&found), shown(digits))
        }))
    }
}

/// A file's SHA-256 in hexadecimal digits.
fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let mut digits = String::new();
    for byte in hash.finalize() {
        // Writing into a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}
