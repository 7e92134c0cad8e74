//! Columns of numbers that stay quick to draw at a million points: a pyramid of minima and maxima over each.

use std::ops::Range;

/// How many entries one entry of the next level covers.
const FAN: usize = 4;
/// Levels above the values; the last covers 4⁹ of them.
const LEVELS: usize = 9;

/// The least and the greatest of a run of values, leaving out what is not a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Least.
    pub min: f64,
    /// Greatest; below `min` when there was no number.
    pub max: f64,
}

impl Extremes {
    /// Of nothing.
    pub const NONE: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Takes in another value.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    /// Takes in other extremes.
    pub fn merge(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Whether there was a number at all.
    #[must_use]
    pub fn is_some(self) -> bool {
        self.min <= self.max
    }
}

/// A column that only grows.
#[derive(Clone, Debug, Default)]
pub struct Column {
    values: Vec<f64>,
    levels: [Vec<Extremes>; LEVELS],
}

impl Column {
    /// Appends a value; not-a-number marks a gap.
    pub fn push(&mut self, value: f64) {
        let index = self.values.len();
        self.values.push(value);
        let mut size = FAN;
        for level in &mut self.levels {
            if index.is_multiple_of(size) {
                level.push(Extremes::NONE);
            }
            if let Some(last) = level.last_mut() {
                last.add(value);
            }
            size *= FAN;
        }
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The last number.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.values.iter().rev().copied().find(|value| value.is_finite())
    }

    /// The extremes of a range.
    #[must_use]
    pub fn extremes(&self, range: Range<usize>) -> Extremes {
        let mut found = Extremes::NONE;
        let (mut at, end) = (range.start, range.end.min(self.values.len()));
        while at < end {
            // The largest aligned run that starts here and ends within the range.
            let fits = |level: &usize| {
                let size = FAN.pow(u32::try_from(*level).unwrap_or(0) + 1);
                at.is_multiple_of(size) && at + size <= end
            };
            if let Some(level) = (0..LEVELS).rev().find(fits) {
                let size = FAN.pow(u32::try_from(level).unwrap_or(0) + 1);
                found.merge(self.levels[level][at / size]);
                at += size;
            } else {
                found.add(self.values[at]);
                at += 1;
            }
        }
        found
    }

    /// The range as polylines over `x`, of at most about `most` points that keep every extreme. A gap ends a line.
    #[must_use]
    pub fn lines(&self, x: &[f64], range: Range<usize>, most: usize) -> Vec<Vec<[f64; 2]>> {
        let range = range.start..range.end.min(self.values.len()).min(x.len());
        let mut lines = Lines::default();
        if range.len() <= most {
            for index in range {
                lines.push(x[index], self.values[index]);
            }
            return lines.done();
        }
        let (mut level, mut size) = (0, FAN);
        while level + 1 < LEVELS && 2 * range.len() / size > most {
            (level, size) = (level + 1, size * FAN);
        }
        for bucket in range.start / size..=(range.end - 1) / size {
            let Some(extremes) = self.levels[level].get(bucket) else { break };
            let (first, last) = (bucket * size, ((bucket + 1) * size).min(self.values.len()) - 1);
            let (left, right) = (x[first], x[last]);
            if !extremes.is_some() {
                lines.gap();
                continue;
            }
            // The end that is nearer to where the line stands comes first: no needless zigzag.
            let rising = self.values[first] <= self.values[last];
            let (a, b) = if rising { (extremes.min, extremes.max) } else { (extremes.max, extremes.min) };
            lines.push(left, a);
            lines.push(right, b);
        }
        lines.done()
    }
}

#[derive(Default)]
struct Lines {
    lines: Vec<Vec<[f64; 2]>>,
    open: bool,
}

impl Lines {
    fn gap(&mut self) {
        self.open = false;
    }
    fn push(&mut self, x: f64, y: f64) {
        if !y.is_finite() {
            return self.gap();
        }
        if !self.open {
            self.lines.push(Vec::new());
            self.open = true;
        }
        if let Some(line) = self.lines.last_mut() {
            line.push([x, y]);
        }
    }
    fn done(self) -> Vec<Vec<[f64; 2]>> {
        self.lines
    }
}

/// An exponential moving average that follows a column, corrected for its start (Kingma and Ba 2015, section 3).
#[derive(Clone, Debug, Default)]
pub struct Smoothed {
    weight: f64,
    sum: f64,
    norm: f64,
    column: Column,
}

impl Smoothed {
    /// Takes in what is new in the column; starts over when the weight of the past changed.
    pub fn follow(&mut self, raw: &Column, weight: f64) -> &Column {
        #[allow(clippy::float_cmp, reason = "the same setting, not a result")]
        if self.weight != weight || self.column.values.len() > raw.values.len() {
            *self = Self { weight, ..Self::default() };
        }
        for &value in &raw.values[self.column.values.len()..] {
            if value.is_finite() {
                self.sum = weight * self.sum + (1.0 - weight) * value;
                self.norm = weight * self.norm + (1.0 - weight);
                self.column.push(self.sum / self.norm);
            } else {
                self.column.push(f64::NAN);
            }
        }
        &self.column
    }

    /// The last average.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.column.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: impl IntoIterator<Item = f64>) -> Column {
        let mut column = Column::default();
        values.into_iter().for_each(|value| column.push(value));
        column
    }

    #[test]
    fn a_spike_survives_thinning() {
        let column = column((0..100_000).map(|i| if i == 54_321 { 9.0 } else { f64::from(i % 7) / 7.0 }));
        let x: Vec<f64> = (0..100_000).map(f64::from).collect();
        let lines = column.lines(&x, 0..100_000, 500);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() <= 500, "{} points", lines[0].len());
        assert!(lines[0].iter().any(|point| point[1] == 9.0));
        assert!(lines[0].windows(2).all(|pair| pair[0][0] <= pair[1][0]));
    }

    #[test]
    fn extremes_equal_those_of_a_plain_scan() {
        let column = column((0..5_000).map(|i| f64::from((i * 7919) % 1013)));
        for (start, end) in [(0, 5000), (3, 4), (17, 4099), (256, 512), (4999, 5000), (10, 10)] {
            let mut plain = Extremes::NONE;
            column.values()[start..end].iter().for_each(|&value| plain.add(value));
            assert_eq!(column.extremes(start..end), plain, "{start}..{end}");
        }
    }

    #[test]
    fn what_is_not_a_number_breaks_the_line() {
        let column = column([1.0, 2.0, f64::NAN, 3.0, f64::INFINITY]);
        let lines = column.lines(&[0.0, 1.0, 2.0, 3.0, 4.0], 0..5, 100);
        assert_eq!(lines, [vec![[0.0, 1.0], [1.0, 2.0]], vec![[3.0, 3.0]]]);
        assert_eq!(column.last(), Some(3.0));
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows() {
        let mut smoothed = Smoothed::default();
        let mut raw = column([4.0, 2.0]);
        let first = smoothed.follow(&raw, 0.5).values().to_vec();
        assert!((first[0] - 4.0).abs() < 1e-12, "no pull towards zero: {first:?}");
        assert!((first[1] - 8.0 / 3.0).abs() < 1e-12);
        raw.push(2.0);
        assert_eq!(smoothed.follow(&raw, 0.5).values().len(), 3);
        assert_eq!(smoothed.follow(&raw, 0.0).values(), [4.0, 2.0, 2.0]);
    }
}
