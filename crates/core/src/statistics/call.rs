//! What may be said of a difference that was tested over seeds or images: one rule for all that is compared.

use super::ALPHA;
use serde::{Deserialize, Serialize};

/// What a comparison has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// The first is higher, by more than chance.
    Higher,
    /// The first is lower, by more than chance.
    Lower,
    /// No difference was found.
    Tie,
    /// There is a difference, but nothing tells whether it is chance.
    Undecided,
}

/// Where luck alone would make such a difference less often than this, but more often than is accepted, neither luck nor a
/// difference can be ruled out.
const DOUBT: f64 = 0.2;

impl Call {
    /// Of a difference with its p, corrected for all that is compared; `agreeing` is how many seeds there are where every
    /// one points the same way.
    #[must_use]
    pub fn of(difference: f64, corrected: f64, agreeing: Option<usize>) -> Self {
        match corrected <= ALPHA {
            true if difference > 0.0 => Self::Higher,
            true if difference < 0.0 => Self::Lower,
            _ if corrected < DOUBT || agreeing.is_some_and(is_too_few) => Self::Undecided,
            // Equally far apart with every seed: no test tells how steady that is.
            _ if corrected.is_nan() && agreeing.is_some() => Self::Undecided,
            _ => Self::Tie,
        }
    }
}

/// Whether so many seeds that all point the same way would still do so by chance more often than is accepted: all signs
/// are alike in 2 of 2ⁿ cases. To call that "no difference" would be wrong.
#[must_use]
pub fn is_too_few(n: usize) -> bool {
    0.5f64.powi(i32::try_from(n).unwrap_or(i32::MAX)) * 2.0 > ALPHA
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_what_is_accepted_and_plain_luck_nothing_is_decided() {
        let calls = [0.04, 0.06, 0.19, 0.2, 0.9].map(|p| Call::of(-1.0, p, None));
        assert_eq!(calls, [Call::Lower, Call::Undecided, Call::Undecided, Call::Tie, Call::Tie]);
        assert_eq!([5, 6].map(|seeds| Call::of(1.0, 0.5, Some(seeds))), [Call::Undecided, Call::Tie]);
        assert_eq!([None, Some(6)].map(|seeds| Call::of(1.0, f64::NAN, seeds)), [Call::Tie, Call::Undecided]);
        assert_eq!((Call::of(1.0, 0.01, Some(6)), Call::of(0.0, 1.0, None)), (Call::Higher, Call::Tie));
    }
}
