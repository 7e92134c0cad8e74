//! How the values of parameters and of their gradients are spread.

use super::about::{About, Focus};
use super::question::Question;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "histograms",
    title: "Histograms",
    what: "How the values of every parameter and of its gradient are spread. Spikes at zero, long tails and shifted centres show what training does to a layer.",
    formula: "counts in 41 bins of equal width, symmetric about 0",
    reference: "",
};

pub(super) fn question(_: &Focus) -> Question {
    Question::Histograms { images: 128 }
}

/// How a parameter's values are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// PyTorch's name of the parameter.
    pub parameter: String,
    /// The bins reach from −limit to limit.
    pub limit: f64,
    /// Values in each bin.
    pub counts: Vec<u32>,
    /// The same of its gradient; empty where it has none.
    pub gradient_limit: f64,
    /// Values of the gradient in each bin.
    pub gradient_counts: Vec<u32>,
}

/// Counts in bins of equal width from −limit to limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread<'a> {
    /// Where the bins end on both sides.
    pub limit: f64,
    /// Values in each bin.
    pub counts: &'a [u32],
}

impl Spread<'_> {
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    /// The share of all values in each of so many rows between −`limit` and `limit`, as if the values of a bin were
    /// spread evenly over it.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row's number")]
    pub fn shares(&self, limit: f64, rows: usize) -> Vec<f64> {
        let mut shares = vec![0.0; rows];
        let (total, bins) = (self.total() as f64, self.counts.len() as f64);
        if rows == 0 || total == 0.0 {
            return shares;
        }
        // Places in units of rows; where all values are 0, they are in the middle.
        let scale = if limit > 0.0 { self.limit / limit } else { 0.0 };
        let place = |edge: f64| ((2.0 * edge / bins - 1.0) * scale).midpoint(1.0) * rows as f64;
        for (bin, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (from, to) = (place(bin as f64).max(0.0), place(bin as f64 + 1.0).min(rows as f64));
            let (width, first) = (place(bin as f64 + 1.0) - place(bin as f64), (from as usize).min(rows - 1));
            if width <= 1e-9 {
                shares[first] += f64::from(count) / total;
                continue;
            }
            for (row, share) in shares.iter_mut().enumerate().skip(first) {
                let inside = to.min(row as f64 + 1.0) - from.max(row as f64);
                if inside <= 0.0 {
                    break;
                }
                *share += f64::from(count) / total * inside / width;
            }
        }
        shares
    }

    /// How far from 0 this share of all values lies at the most, as near as bins tell it.
    #[must_use]
    pub fn reach(&self, share: f64) -> f64 {
        let (bins, middle) = (self.counts.len(), self.counts.len() / 2);
        if bins == 0 {
            return self.limit;
        }
        let (total, mut held) = (self.total() as f64, 0.0);
        for ring in 0..=middle {
            let ends = [middle.checked_sub(ring), Some(middle + ring).filter(|end| ring > 0 && *end < bins)];
            held += ends.into_iter().flatten().map(|bin| f64::from(self.counts[bin])).sum::<f64>();
            if held >= share * total {
                return self.limit * ((2 * ring + 1) as f64 / bins as f64).min(1.0);
            }
        }
        self.limit
    }

    /// The share of all values farther from 0 than this.
    #[must_use]
    pub fn outside(&self, limit: f64) -> f64 {
        if self.limit <= limit { 0.0 } else { (1.0 - self.shares(limit, 1)[0]).max(0.0) }
    }

    /// The standard deviation, as near as bins tell it.
    #[must_use]
    pub fn std(&self) -> f64 {
        let (bins, total) = (self.counts.len() as f64, self.total().max(1) as f64);
        let middle = |bin: usize| self.limit * ((2.0 * bin as f64 + 1.0) / bins - 1.0);
        let mean_of = |of: &dyn Fn(f64) -> f64| {
            self.counts.iter().enumerate().map(|(bin, &count)| f64::from(count) * of(middle(bin))).sum::<f64>() / total
        };
        let mean = mean_of(&|value| value);
        mean_of(&|value| (value - mean) * (value - mean)).sqrt()
    }
}

impl Histogram {
    /// The values.
    #[must_use]
    pub fn values(&self) -> Spread<'_> {
        Spread { limit: self.limit, counts: &self.counts }
    }

    /// The gradient.
    #[must_use]
    pub fn gradient(&self) -> Spread<'_> {
        Spread { limit: self.gradient_limit, counts: &self.gradient_counts }
    }

    /// A row for each bin of each parameter.
    pub fn table<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Table {
        let bins = || all.clone().flat_map(|one| (0..one.counts.len()).map(move |bin| (one, bin)));
        let edges = |of: fn(&Self) -> f64, next: usize| {
            bins().map(move |(one, bin)| of(one) * (2.0 * (bin + next) as f64 / one.counts.len() as f64 - 1.0))
        };
        Table::new("histograms")
            .words("parameter", bins().map(|(one, _)| one.parameter.as_str()))
            .numbers("from", edges(|one| one.limit, 0))
            .numbers("to", edges(|one| one.limit, 1))
            .numbers("values", bins().map(|(one, bin)| one.counts[bin].into()))
            .numbers("gradient from", edges(|one| one.gradient_limit, 0))
            .numbers("gradient to", edges(|one| one.gradient_limit, 1))
            .numbers(
                "gradient values",
                bins().map(|(one, bin)| one.gradient_counts.get(bin).map_or(f64::NAN, |&n| n.into())),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn bins_are_spread_over_the_rows_that_they_reach() {
        let spread = Spread { limit: 1.0, counts: &[1, 2, 1] };
        assert!(close(&spread.shares(1.0, 3), &[0.25, 0.5, 0.25]));
        assert!(close(&spread.shares(2.0, 4), &[0.0, 0.5, 0.5, 0.0]));
        assert!(close(&spread.shares(1.0, 1), &[1.0]));
        // What lies beyond the ends is left out.
        assert!(close(&spread.shares(1.0 / 3.0, 2), &[0.25, 0.25]));
        assert!(close(&Spread { limit: 0.0, counts: &[0, 5, 0] }.shares(1.0, 3), &[0.0, 1.0, 0.0]));
        assert!(close(&Spread { limit: 0.0, counts: &[0, 5, 0] }.shares(0.0, 3), &[0.0, 1.0, 0.0]));
        assert!(close(&Spread { limit: 1.0, counts: &[] }.shares(1.0, 2), &[0.0, 0.0]));
    }

    #[test]
    fn the_reach_is_that_of_the_bins_around_the_middle() {
        let spread = Spread { limit: 5.0, counts: &[1, 0, 8, 0, 1] };
        assert_eq!([0.8, 0.9, 1.0].map(|share| spread.reach(share)), [1.0, 5.0, 5.0]);
        assert!((spread.outside(3.0) - 0.2).abs() < 1e-12 && spread.outside(5.0) == 0.0);
        assert_eq!(Spread { limit: 2.0, counts: &[] }.reach(0.5), 2.0);
    }

    #[test]
    fn the_standard_deviation_is_that_of_the_bins_middles() {
        assert!((Spread { limit: 1.5, counts: &[1, 0, 1] }.std() - 1.0).abs() < 1e-12);
        assert_eq!(Spread { limit: 0.0, counts: &[0, 3, 0] }.std(), 0.0);
    }
}
