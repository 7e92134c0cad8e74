//! What a person expects of an experiment before it is trained.

/// Which arm learns better, as a person guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The arm of this name.
    Arm(String),
    /// None of them.
    NoDifference,
}

impl Guess {
    /// As it is shown.
    #[must_use]
    pub fn in_words(&self) -> &str {
        match self {
            Self::Arm(name) => name,
            Self::NoDifference => "No difference",
        }
    }
}
