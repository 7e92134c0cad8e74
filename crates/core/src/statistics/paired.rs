//! Differences between two things that were measured under the same circumstances: arms of one seed see the same batches
//! and start from the same weights, so that what is left between them is due to themselves.

use super::sample::Sample;
use super::student;
use crate::random::{Purpose, Random};
use serde::{Deserialize, Serialize};

/// The paired differences of two measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    pub difference: Sample,
    /// Two-sided p of the paired t test; of the sign-flip test where all differences are equal; `None` for a single pair.
    pub t_test: Option<f64>,
    /// Two-sided p of the sign-flip test, which asks for no distribution; `None` for a single pair.
    pub sign_flip: Option<f64>,
}

impl Paired {
    /// Of pairs (one, other): what `one` is more. Pairs with a number that is not finite are left out; `None` where no
    /// pair is left.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let all: Vec<f64> =
            pairs.into_iter().map(|(one, other)| one - other).filter(|difference| difference.is_finite()).collect();
        let difference = Sample::of(all.iter().copied())?;
        if difference.n < 2 {
            return Some(Self { difference, t_test: None, sign_flip: None });
        }
        let flipped = sign_flip(&all);
        // Shares of a few images are often equally far apart. Their spread is then nothing, which says nothing of luck.
        let t_test = if is_steady(difference) {
            flipped
        } else {
            student::two_sided(difference.mean / difference.error(), (difference.n - 1) as f64)
        };
        Some(Self { difference, t_test: Some(t_test), sign_flip: Some(flipped) })
    }

    /// An interval of the true difference; `None` where there is a single pair, or where all differ by the same amount,
    /// whose spread is not known.
    #[must_use]
    pub fn interval(&self, level: f64) -> Option<[f64; 2]> {
        let known = !is_steady(self.difference) || self.difference.mean == 0.0;
        self.difference.interval(level).filter(|_| known)
    }
}

/// Whether all differences are equal, but for rounding.
fn is_steady(difference: Sample) -> bool {
    difference.sd <= 1e-9 * difference.mean.abs()
}

/// Pairs up to which all changes of sign are tried.
const EXACT: usize = 16;
/// Changes of sign that are drawn beyond.
const DRAWS: u64 = 20_000;

/// How likely a mean difference at least as far from nothing is, if each difference might as well have the other sign
/// (Fisher 1935); exact up to 16 pairs, beyond from 20,000 draws, always the same ones.
#[must_use]
pub fn sign_flip(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // A sum of the same numbers in another order may differ in its last digits.
    let reached = observed * (1.0 - 1e-12);
    let flipped = |signs: u64| {
        let signed = |(index, value): (usize, &f64)| if signs >> index & 1 == 1 { -value } else { *value };
        differences.iter().enumerate().map(signed).sum::<f64>().abs() >= reached
    };
    let n = differences.len();
    if n <= EXACT {
        let all = 1u64 << n;
        return (0..all).filter(|&signs| flipped(signs)).count() as f64 / all as f64;
    }
    let hits = (0..DRAWS).filter(|&draw| {
        let mut random = Random::new(0, Purpose::SignFlip, 0, draw);
        let signed = differences.iter().map(|value| if random.bits() & 1 == 1 { -value } else { *value });
        signed.sum::<f64>().abs() >= reached
    });
    (hits.count() + 1) as f64 / (DRAWS + 1) as f64
}
