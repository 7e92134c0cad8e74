//! Why a run has ended: which ends are told apart, and what is said in words.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a run has ended; files have it in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum End {
    /// It did all that it was to do.
    Complete,
    /// Somebody, or a signal, ended it before that, though it could have gone on.
    Stopped,
    /// No arm has a loss that is a finite number.
    Diverged,
    /// Anything else, in words.
    Other(String),
}

impl End {
    /// Those that are told apart, with their words. Those of older builds stand behind their newer ones.
    const KNOWN: [(Self, &str); 4] = [
        (Self::Complete, "all steps are done"),
        (Self::Stopped, "stopped"),
        (Self::Stopped, "stopped by hand"),
        (Self::Diverged, "the loss of every network became infinite or no number"),
    ];

    /// As a file has it, and as a sentence begins.
    #[must_use]
    pub fn in_words(&self) -> &str {
        match self {
            Self::Other(words) => words,
            known => Self::KNOWN.iter().find(|(end, _)| end == known).map_or("", |(_, words)| words),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words())
    }
}

impl From<String> for End {
    fn from(words: String) -> Self {
        let known = Self::KNOWN.into_iter().find(|(_, known)| *known == words);
        known.map_or(Self::Other(words), |(end, _)| end)
    }
}

impl From<&str> for End {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl From<End> for String {
    fn from(end: End) -> Self {
        end.in_words().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_as_they_were_and_are_written() {
        for (words, end) in [
            ("all steps are done", End::Complete),
            ("stopped", End::Stopped),
            ("the loss of every network became infinite or no number", End::Diverged),
            ("weights were opened", End::Other("weights were opened".to_owned())),
        ] {
            let text = format!("\"{words}\"");
            assert_eq!(serde_json::from_str::<End>(&text).unwrap(), end);
            assert_eq!(serde_json::to_string(&end).unwrap(), text);
        }
        assert_eq!(End::from("stopped by hand"), End::Stopped);
    }
}
