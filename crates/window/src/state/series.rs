//! Columns of numbers that stay quick to draw at a million points: a pyramid of minima and maxima over each.

use std::ops::Range;

/// How many entries one entry of the next level covers.
const FAN: usize = 4;
/// Levels above the values; the last covers 4⁹ of them.
const LEVELS: usize = 9;

/// The least and the greatest of a run of values, leaving out what is not a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
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

/// What of a run of values lies within two bounds, and what does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    /// The extremes of what lies within.
    pub within: Extremes,
    /// How many numbers lie below and above.
    pub beyond: [usize; 2],
    /// Some of their places, with whether they lie above, ascending.
    pub places: Vec<(usize, bool)>,
}

/// A column that grows at its end.
#[derive(Clone, Debug, Default)]
pub struct SeriesColumn {
    values: Vec<f64>,
    /// See [`SeriesColumn::stamp`].
    stamp: u64,
    /// Level `k` has the extremes of each whole run of 4ᵏ⁺¹ values.
    levels: [Vec<Extremes>; LEVELS],
}

impl SeriesColumn {
    /// Appends a value; not-a-number marks a gap.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
        self.mark(value.to_bits());
        if !self.values.len().is_multiple_of(FAN) {
            return;
        }
        let mut whole = Extremes::NONE;
        self.values[self.values.len() - FAN..].iter().for_each(|&value| whole.add(value));
        for level in &mut self.levels {
            level.push(whole);
            if !level.len().is_multiple_of(FAN) {
                return;
            }
            whole = level[level.len() - FAN..].iter().fold(Extremes::NONE, |mut sum, &part| {
                sum.merge(part);
                sum
            });
        }
    }

    /// Drops the values after the first `length`.
    pub fn truncate(&mut self, length: usize) {
        if length < self.values.len() {
            self.mark(length as u64);
        }
        self.values.truncate(length);
        let mut size = FAN;
        for level in &mut self.levels {
            level.truncate(length / size);
            size *= FAN;
        }
    }

    fn mark(&mut self, word: u64) {
        self.stamp = stamped(self.stamp, word);
    }

    /// A number that columns with different values do not share.
    #[must_use]
    pub fn stamp(&self) -> u64 {
        self.stamp
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

    /// A range sorted by two bounds. Of what lies beyond, places at least `apart` entries from each other are given.
    #[must_use]
    pub fn sorted(&self, range: Range<usize>, bounds: [f64; 2], apart: usize) -> Sorted {
        let mut sorted = Sorted { within: Extremes::NONE, beyond: [0; 2], places: Vec::new() };
        let (mut at, end) = (range.start, range.end.min(self.values.len()));
        while at < end {
            let size = |level: usize| FAN.pow(u32::try_from(level).unwrap_or(0) + 1);
            let level = (0..LEVELS).rev().find(|&level| at.is_multiple_of(size(level)) && at + size(level) <= end);
            self.sort(level, at, bounds, apart, &mut sorted);
            at += level.map_or(1, size);
        }
        sorted
    }

    /// Sorts the run of a level that begins at an entry, or this entry alone.
    fn sort(&self, level: Option<usize>, at: usize, bounds: [f64; 2], apart: usize, sorted: &mut Sorted) {
        let size = level.map_or(1, |level| FAN.pow(u32::try_from(level).unwrap_or(0) + 1));
        let extremes = match level {
            Some(level) => self.levels[level][at / size],
            None if self.values[at].is_finite() => Extremes { min: self.values[at], max: self.values[at] },
            None => Extremes::NONE,
        };
        if !extremes.is_some() {
            return;
        }
        let above = extremes.min > bounds[1];
        if extremes.min >= bounds[0] && extremes.max <= bounds[1] {
            sorted.within.merge(extremes);
        } else if above || extremes.max < bounds[0] {
            sorted.beyond[usize::from(above)] += size;
            if sorted.places.last().is_none_or(|(last, side)| *side != above || at >= last + apart) {
                sorted.places.push((at, above));
            }
        } else if let Some(level) = level {
            let below = level.checked_sub(1);
            for part in 0..FAN {
                self.sort(below, at + part * size / FAN, bounds, apart, sorted);
            }
        }
    }

    /// At most about `most` finite values of a range, evenly spread.
    pub fn sample(&self, range: Range<usize>, most: usize) -> impl Iterator<Item = f64> + '_ {
        let range = range.start.min(self.values.len())..range.end.min(self.values.len());
        let every = range.len().div_ceil(most.max(1)).max(1);
        self.values[range].iter().step_by(every).copied().filter(|value| value.is_finite())
    }

    /// The range as polylines over `x`, the place of each index, of at most about `most` points that keep every
    /// extreme. A gap ends a line.
    #[must_use]
    pub fn lines(&self, x: impl Fn(usize) -> f64, range: Range<usize>, most: usize) -> Vec<Vec<[f64; 2]>> {
        let range = range.start..range.end.min(self.values.len());
        let mut lines = Polylines::new(range.len().min(most + 2));
        if range.len() <= most {
            for index in range {
                lines.push(x(index), self.values[index]);
            }
            return lines.done;
        }
        let (mut level, mut size) = (0, FAN);
        while level + 1 < LEVELS && 2 * range.len() / size > most {
            (level, size) = (level + 1, size * FAN);
        }
        let mut before = self.values[range.start];
        for bucket in range.start / size..=(range.end - 1) / size {
            let (first, last) = (bucket * size, ((bucket + 1) * size).min(self.values.len()) - 1);
            let extremes = self.levels[level].get(bucket).copied().unwrap_or_else(|| self.extremes(first..last + 1));
            if !extremes.is_some() {
                lines.gap();
                continue;
            }
            // The end that is nearer to where the line stands comes first: no needless zigzag.
            let rising = (before - extremes.min).abs() <= (before - extremes.max).abs();
            let (a, b) = if rising { (extremes.min, extremes.max) } else { (extremes.max, extremes.min) };
            lines.push(x(first), a);
            lines.push(x(last), b);
            before = b;
        }
        lines.done
    }

    /// The range as polylines through every so-many-th value, at most about `most` points: where there are few of them, the
    /// extremes of long stretches would look like ups and downs that a smooth column never had. A stretch of which some
    /// lies `far` from both its ends shows that as well. A gap ends a line.
    #[must_use]
    pub fn sketched(
        &self,
        x: impl Fn(usize) -> f64,
        range: Range<usize>,
        most: usize,
        far: impl Fn(f64, f64) -> bool,
    ) -> Vec<Vec<[f64; 2]>> {
        let range = range.start..range.end.min(self.values.len());
        if range.len() <= most {
            return self.lines(x, range, most);
        }
        // A power of two, so that points stay where they are while the column grows.
        let every = range.len().div_ceil((most / 2).max(1)).next_power_of_two();
        let mut lines = Polylines::new(most + 2);
        let mut at = range.start;
        lines.push(x(at), self.values[at]);
        while at + 1 < range.end {
            let next = ((at / every + 1) * every).min(range.end - 1);
            let (before, value) = (self.values[at], self.values[next]);
            let within = self.extremes(at..next + 1);
            let middle = x(usize::midpoint(at, next));
            match [within.min, within.max].into_iter().find(|end| far(before, *end) && far(value, *end)) {
                _ if !within.is_some() => lines.gap(),
                Some(end) => lines.push(middle, end),
                None if !value.is_finite() => lines.gap(),
                None => {}
            }
            lines.push(x(next), value);
            at = next;
        }
        lines.done
    }
}

/// The stamp of whatever had this stamp before another word was added.
#[must_use]
pub fn stamped(stamp: u64, word: u64) -> u64 {
    (stamp ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// Polylines as they grow.
struct Polylines {
    done: Vec<Vec<[f64; 2]>>,
    open: bool,
    /// As many points as there will be at most.
    most: usize,
}

impl Polylines {
    fn new(most: usize) -> Self {
        Self { done: Vec::new(), open: false, most }
    }
    fn gap(&mut self) {
        self.open = false;
    }
    fn push(&mut self, x: f64, y: f64) {
        if !y.is_finite() {
            return self.gap();
        }
        if !self.open {
            self.done.push(Vec::with_capacity(self.most));
            self.open = true;
        }
        if let Some(line) = self.done.last_mut() {
            line.push([x, y]);
        }
    }
}

/// An exponential moving average, corrected for its start (Kingma and Ba 2015, section 3).
#[derive(Clone, Debug, Default)]
struct Average {
    weight: f64,
    sum: f64,
    norm: f64,
    column: SeriesColumn,
}

impl Average {
    /// Takes in at most `budget` of what is new.
    fn follow(&mut self, raw: &SeriesColumn, budget: &mut usize) {
        let begin = self.column.values.len();
        let end = raw.values.len().min(begin + *budget);
        for &value in &raw.values[begin..end] {
            if value.is_finite() {
                self.sum = self.weight * self.sum + (1.0 - self.weight) * value;
                self.norm = self.weight * self.norm + (1.0 - self.weight);
                self.column.push(self.sum / self.norm);
            } else {
                self.column.push(f64::NAN);
            }
        }
        *budget -= end - begin;
    }
}

/// A column's moving average. After a change of the weight the old one stays until the new one has caught up, a share
/// of it in each frame, so that a million values hold nothing up.
#[derive(Clone, Debug, Default)]
pub struct Smoothed {
    shown: Average,
    next: Option<Average>,
}

impl Smoothed {
    /// Takes in what is new in the column, `budget` values at most, which is lowered by as much. `weight` is that of
    /// the past, from 0 to below 1. Says whether everything is taken in.
    pub fn follow(&mut self, raw: &SeriesColumn, weight: f64, budget: &mut usize) -> bool {
        if self.shown.column.values.len() > raw.values.len() {
            *self = Self::default();
        }
        if self.shown.column.values.is_empty() {
            self.shown.weight = weight;
        }
        if self.shown.weight == weight {
            self.next = None;
        } else if self.next.as_ref().is_none_or(|next| next.weight != weight) {
            self.next = Some(Average { weight, ..Average::default() });
        }
        self.shown.follow(raw, budget);
        if let Some(next) = &mut self.next {
            next.follow(raw, budget);
            if next.column.values.len() == raw.values.len() {
                self.shown = std::mem::take(next);
                self.next = None;
            }
        }
        self.next.is_none() && self.shown.column.values.len() == raw.values.len()
    }

    /// The averages so far, one for each value of the column.
    #[must_use]
    pub fn column(&self) -> &SeriesColumn {
        &self.shown.column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: impl IntoIterator<Item = f64>) -> SeriesColumn {
        let mut column = SeriesColumn::default();
        values.into_iter().for_each(|value| column.push(value));
        column
    }

    #[test]
    fn a_spike_survives_thinning() {
        let column = column((0..100_000).map(|i| if i == 54_321 { 9.0 } else { f64::from(i % 7) / 7.0 }));
        let lines = column.lines(|index| index as f64, 0..100_000, 500);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() <= 500, "{} points", lines[0].len());
        assert!(lines[0].iter().any(|point| point[1] == 9.0));
        assert!(lines[0].windows(2).all(|pair| pair[0][0] <= pair[1][0]));
    }

    #[test]
    fn a_sketch_goes_through_values_and_shows_spikes() {
        let rising = |i: i32| f64::from(i) + 300.0 * f64::from(i % 7);
        let values = column((0..10_000).map(|i| if i == 5_432 { 1e6 } else { rising(i) }));
        let lines = values.sketched(|index| index as f64, 0..10_000, 48, |a, b| (a - b).abs() > 5_000.0);
        assert_eq!(lines.len(), 1);
        assert!((10..=48).contains(&lines[0].len()), "{} points", lines[0].len());
        let (spikes, others): (Vec<[f64; 2]>, Vec<[f64; 2]>) =
            lines[0].iter().copied().partition(|point| point[1] == 1e6);
        assert_eq!(spikes.len(), 1);
        assert!(others.iter().all(|at| (0..10_000).any(|i| *at == [f64::from(i), rising(i)])));
        assert_eq!((others[0][0], others.last().unwrap()[0]), (0.0, 9_999.0));
        let gap = column((0..10_000).map(|i| if (3_000..6_000).contains(&i) { f64::NAN } else { 1.0 }));
        assert_eq!(gap.sketched(|index| index as f64, 0..10_000, 48, |_, _| false).len(), 2);
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
    fn what_lies_beyond_two_bounds_is_counted_and_placed() {
        let values = column((0..5_000).map(|i| match i {
            4_321 => 1e9,
            77 | 78 => -1e9,
            _ => f64::from(i % 7),
        }));
        for (start, end) in [(0, 5_000), (3, 4_999), (77, 4_322)] {
            let sorted = values.sorted(start..end, [-10.0, 10.0], 100);
            assert_eq!((sorted.within.min, sorted.within.max, sorted.beyond), (0.0, 6.0, [2, 1]), "{start}..{end}");
            assert_eq!(sorted.places, [(77, false), (4_321, true)]);
        }
        assert_eq!(values.sorted(0..77, [-10.0, 10.0], 1).beyond, [0, 0]);
        assert!(values.sample(0..5_000, 100).count() <= 100);
    }

    #[test]
    fn what_is_not_a_number_breaks_the_line() {
        let column = column([1.0, 2.0, f64::NAN, 3.0, f64::INFINITY]);
        let lines = column.lines(|index| index as f64, 0..5, 100);
        assert_eq!(lines, [vec![[0.0, 1.0], [1.0, 2.0]], vec![[3.0, 3.0]]]);
        assert_eq!(column.last(), Some(3.0));
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows() {
        let mut smoothed = Smoothed::default();
        let mut raw = column([4.0, 2.0]);
        let mut budget = 100;
        assert!(smoothed.follow(&raw, 0.5, &mut budget));
        let first = smoothed.column().values();
        assert!((first[0] - 4.0).abs() < 1e-12, "no pull towards zero: {first:?}");
        assert!((first[1] - 8.0 / 3.0).abs() < 1e-12);
        assert_eq!(budget, 98);
        raw.push(2.0);
        smoothed.follow(&raw, 0.5, &mut budget);
        assert_eq!(smoothed.column().values().len(), 3);
        assert!(smoothed.follow(&raw, 0.0, &mut budget));
        assert_eq!(smoothed.column().values(), [4.0, 2.0, 2.0]);
    }

    #[test]
    fn another_smoothing_appears_when_it_is_done() {
        let raw = column((0..1000).map(|i| f64::from(i % 10)));
        let mut smoothed = Smoothed::default();
        assert!(smoothed.follow(&raw, 0.9, &mut 1000));
        let before = smoothed.column().values().to_vec();
        assert!(!smoothed.follow(&raw, 0.5, &mut 600));
        assert_eq!(smoothed.column().values(), before, "the old one stays");
        assert!(smoothed.follow(&raw, 0.5, &mut 600));
        assert_ne!(smoothed.column().values(), before);
    }

    #[test]
    fn a_shorter_column_is_as_if_it_had_never_been_longer() {
        let value = |i: u32| f64::from((i * 37) % 101);
        let mut cut = column((0..1000).map(value));
        cut.truncate(333);
        let mut plain = column((0..333).map(value));
        for i in 333..700 {
            cut.push(value(i));
            plain.push(value(i));
        }
        assert_eq!(cut.values(), plain.values());
        assert_eq!(cut.levels, plain.levels);
        let again = column((0..700).map(value));
        assert_eq!(again.stamp(), plain.stamp());
        assert_ne!(column((0..700).map(|i| value(i + 1))).stamp(), plain.stamp());
    }
}
