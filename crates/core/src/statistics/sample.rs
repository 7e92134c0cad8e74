//! What a few numbers say of where they come from.

use super::student;
use crate::number::short;
use serde::{Deserialize, Serialize};

/// Size, mean and spread of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", from = "Written")]
pub struct Sample {
    pub n: usize,
    pub mean: f64,
    /// Their standard deviation, with n − 1 in the denominator; 0 for a single one.
    pub sd: f64,
}

/// A sample as files and other programs have it: a single number has no spread, rather than one of nought.
#[derive(Serialize, Deserialize)]
struct Written {
    n: usize,
    mean: f64,
    sd: Option<f64>,
}

impl From<Sample> for Written {
    fn from(Sample { n, mean, sd }: Sample) -> Self {
        Self { n, mean, sd: (n > 1).then_some(sd) }
    }
}

impl From<Written> for Sample {
    fn from(Written { n, mean, sd }: Written) -> Self {
        Self { n, mean, sd: sd.unwrap_or(0.0) }
    }
}

impl Sample {
    /// Of the finite numbers among these; `None` where there are none.
    #[must_use]
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
    pub fn error(&self) -> f64 {
        self.sd / (self.n as f64).sqrt()
    }

    /// Mean ± standard deviation, to as many decimals: `83.5 ± 0.8 %`; the mean alone of a single number. The numbers
    /// are taken so many times, and the mean is written by this function.
    #[must_use]
    pub fn in_words(&self, times: f64, write: fn(f64) -> String, unit: &str) -> String {
        let mean = write(times * self.mean);
        if self.n < 2 {
            return format!("{mean}{unit}");
        }
        let decimals = mean.split_once('.').map_or(0, |(_, after)| after.len());
        let sd = times * self.sd;
        let written = format!("{sd:.decimals$}");
        let vanishes = sd > 0.0 && written.trim_matches(['0', '.']).is_empty();
        format!("{mean} ± {}{unit}", if vanishes || mean.contains('e') { short(sd) } else { written })
    }

    /// An interval that holds the true mean with this probability if the numbers are normally distributed: mean ±
    /// t(1 − (1 − level)/2, n − 1) · sd/√n. `None` for a single number, which says nothing of its own spread.
    #[must_use]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::precise;

    #[test]
    fn a_spread_has_as_many_decimals_as_its_mean() {
        let sample = Sample::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!((sample.n, sample.mean), (8, 5.0));
        assert!((sample.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15);
        assert_eq!(sample.in_words(1.0, precise, ""), "5.000 ± 2.138");
        let shares = Sample::of([0.5, 0.75]).unwrap();
        assert_eq!(
            [precise, short].map(|write| shares.in_words(100.0, write, " %")),
            ["62.50 ± 17.68 %", "62.5 ± 17.7 %"]
        );
        let single = serde_json::to_value(Sample::of([0.913])).unwrap();
        assert!(single["sd"].is_null(), "one number has no spread: {single}");
        assert_eq!(serde_json::from_value::<Sample>(single).unwrap(), Sample::of([0.913]).unwrap());
        assert_eq!(Sample::of([0.913]).unwrap().in_words(100.0, precise, " %"), "91.30 %");
        assert_eq!(Sample::of([70.0, 70.000_1]).unwrap().in_words(1.0, short, ""), "70.0 ± 7.07e-5");
    }
}
