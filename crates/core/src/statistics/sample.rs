//! What a few numbers say of where they come from.

use super::student;
use serde::{Deserialize, Serialize};

/// Size, mean and spread of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many numbers.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with n − 1 in the denominator; 0 for a single one.
    pub sd: f64,
}

impl Sample {
    /// Of the finite numbers among these; `None` where there are none.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "samples are small")]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        // Equal numbers have no spread, whatever rounding made of their mean.
        let equal = values.iter().all(|value| value.to_bits() == values[0].to_bits());
        let mean = if equal { values[0] } else { mean };
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        Some(Self { n, mean, sd })
    }

    /// The standard error of the mean.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "samples are small")]
    pub fn error(&self) -> f64 {
        self.sd / (self.n as f64).sqrt()
    }

    /// An interval that holds the true mean with this probability if the numbers are normally distributed: mean ±
    /// t(1 − (1 − level)/2, n − 1) · sd/√n. `None` for a single number, which says nothing of its own spread.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "samples are small")]
    pub fn interval(&self, level: f64) -> Option<[f64; 2]> {
        if self.n < 2 {
            return None;
        }
        if self.sd == 0.0 {
            return Some([self.mean; 2]);
        }
        let half = student::quantile(1.0 - (1.0 - level) / 2.0, (self.n - 1) as f64) * self.error();
        Some([self.mean - half, self.mean + half])
    }
}
