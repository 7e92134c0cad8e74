//! What became of what a person expected.

use super::words::Verdict;
use crate::runs::Guess;
use crate::statistics::Call;

impl Verdict {
    /// Whether a guess has come true; `None` where the verdict leaves it open.
    #[must_use]
    pub fn confirms(&self, guess: &Guess) -> Option<bool> {
        match (self.call, guess) {
            (Call::Undecided, _) => None,
            (Call::Tie, guess) => Some(*guess == Guess::NoDifference),
            (Call::Higher | Call::Lower, guess) => {
                Some(self.best.as_ref().is_some_and(|best| *guess == Guess::Arm(best.clone())))
            }
        }
    }

    /// The guess, and what became of it.
    #[must_use]
    pub fn on_guess(&self, guess: &Guess) -> String {
        let became = match self.confirms(guess) {
            Some(true) => "was right",
            Some(false) => "was not",
            None => "is open",
        };
        format!("Your guess, {}, {became}", guess.in_words())
    }
}
