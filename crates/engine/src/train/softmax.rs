//! What one row of logits says: probabilities, cross-entropy, the likeliest class. Sums are in double precision.
//!
//! A row with a number that is not finite says nothing of any class: its likeliest one is none, so that it is right
//! nowhere, whatever its label. Its probabilities and losses are what the arithmetic makes of it, mostly no numbers.

use std::ops::Sub;

/// Whether every number of a row is finite.
pub(crate) fn is_whole<T: Copy + Into<f64>>(row: &[T]) -> bool {
    row.iter().all(|&x| x.into().is_finite())
}

/// log Σ exp(x).
pub(crate) fn log_sum<T: Copy + Into<f64>>(row: &[T]) -> f64 {
    let largest = row.iter().fold(f64::NEG_INFINITY, |max, &x| max.max(x.into()));
    largest + row.iter().map(|&x| (x.into() - largest).exp()).sum::<f64>().ln()
}

/// −log softmax(row)[class].
pub(crate) fn cross_entropy<T: Copy + Into<f64>>(row: &[T], class: usize) -> f64 {
    log_sum(row) - row[class].into()
}

/// The probability of each class.
pub(crate) fn softmax<T: Copy + Into<f64> + PartialOrd + Sub<Output = T>>(row: &[T]) -> Vec<f64> {
    let Some(largest) = row.iter().copied().reduce(|most, x| if x > most { x } else { most }) else {
        return Vec::new();
    };
    let mut shares: Vec<f64> = row.iter().map(|&x| (x - largest).into().exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// The same in single precision.
#[allow(clippy::cast_possible_truncation, reason = "probabilities for display")]
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f32> {
    softmax(logits).into_iter().map(|share| share as f32).collect()
}

/// The place of the largest number, the first one on a tie; `None` where a number is not finite.
pub(crate) fn largest<T: Copy + Into<f64> + PartialOrd>(row: &[T]) -> Option<usize> {
    (0..row.len()).reduce(|best, k| if row[k] > row[best] { k } else { best }).filter(|_| is_whole(row))
}

/// What an image is taken for whose logits are not all finite numbers: no class.
pub(crate) const NO_CLASS: u16 = u16::MAX;

/// What an image with these logits is taken for.
pub(crate) fn taken_for(logits: &[f32]) -> u16 {
    largest(logits).and_then(|class| u16::try_from(class).ok()).unwrap_or(NO_CLASS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLES: [[f32; 3]; 4] = [
        [f32::NAN, 1.0, 0.0],
        [f32::INFINITY, 1.0, 0.0],
        [f32::NEG_INFINITY, f32::NEG_INFINITY, 2.0],
        [1.0, 0.0, f32::NAN],
    ];

    #[test]
    fn a_row_says_what_softmax_says() {
        let row = [1.0_f32, 3.0, 2.0];
        let sum: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
        assert!((log_sum(&row) - sum.ln()).abs() < 1e-12);
        assert!((cross_entropy(&row, 2) - (sum.ln() - 2.0)).abs() < 1e-12);
        for (share, x) in softmax(&row).into_iter().zip(row) {
            assert!((share - f64::from(x).exp() / sum).abs() < 1e-12);
        }
        assert_eq!(probabilities(&[1000.0, 0.0]), [1.0, 0.0], "nothing overflows");
        assert_eq!(probabilities(&[]), [0.0_f32; 0]);
    }

    #[test]
    fn the_first_of_equal_numbers_is_the_largest() {
        assert_eq!(largest(&[1.0, 3.0, 3.0]), Some(1));
        assert_eq!(largest::<f64>(&[]), None);
    }

    #[test]
    fn a_row_that_is_not_of_numbers_has_no_largest() {
        for row in HOLES {
            assert_eq!((is_whole(&row), largest(&row), taken_for(&row)), (false, None, NO_CLASS), "{row:?}");
        }
    }
}
