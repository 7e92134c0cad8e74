//! All combinations of values.

use super::axis::Scale;
use super::space::{Point, Range, Space, Value};
use crate::number;

/// The values of every dimension, to be combined: the last dimension changes fastest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    values: Vec<Vec<Value>>,
}

/// Why there is no grid.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum GridError {
    /// The combinations are more than allowed.
    #[error("{sizes} combinations are more than {limit}; take fewer values, or search at random instead")]
    TooMany {
        /// The number of values of each dimension, with × between them.
        sizes: String,
        /// How many there may be.
        limit: u64,
    },
    /// Not a number of values for each dimension.
    #[error("{given} numbers of values for {dimensions} dimensions; give one for each")]
    Numbers {
        /// How many were given.
        given: usize,
        /// How many are needed.
        dimensions: usize,
    },
    /// No value of a range.
    #[error("“{0}” gets no value; take at least one")]
    NoValue(String),
}

impl Grid {
    pub fn new(space: &Space, numbers: &[usize], limit: u64) -> Result<Self, GridError> {
        let dimensions = space.dimensions();
        if numbers.len() != dimensions.len() {
            return Err(GridError::Numbers { given: numbers.len(), dimensions: dimensions.len() });
        }
        let mut sizes = Vec::with_capacity(numbers.len());
        for (dimension, number) in dimensions.iter().zip(numbers) {
            if *number == 0 && !matches!(dimension.range, Range::Choice { .. }) {
                return Err(GridError::NoValue(dimension.name.clone()));
            }
            sizes.push(size(&dimension.range, *number));
        }
        // Before any value is made: a slip of a digit must not fill the memory.
        let count = sizes.iter().try_fold(1_u64, |count, size| count.checked_mul(*size));
        if count.is_none_or(|count| count > limit) {
            let sizes = sizes.iter().map(|size| number::count(*size)).collect::<Vec<_>>().join(" × ");
            return Err(GridError::TooMany { sizes, limit });
        }
        let values = space.ranges().zip(&sizes).map(|(range, size)| {
            let mut values: Vec<Value> = (0..*size).map(|index| value(range, index, *size)).collect();
            // Whole numbers on a logarithmic axis are rounded, and neighbours can become the same.
            values.dedup();
            values
        });
        Ok(Self { values: values.collect() })
    }

    /// How many combinations there are.
    pub fn count(&self) -> u64 {
        self.values.iter().map(|values| values.len() as u64).product()
    }

    /// The combination of this index; `None` behind the last one.
    #[allow(clippy::cast_possible_truncation, reason = "the remainder is below a list's length")]
    pub fn point(&self, mut index: u64) -> Option<Point> {
        if index >= self.count() {
            return None;
        }
        let mut point = Vec::with_capacity(self.values.len());
        for values in self.values.iter().rev() {
            point.push(values[(index % values.len() as u64) as usize]);
            index /= values.len() as u64;
        }
        point.reverse();
        Some(Point(point))
    }
}

/// How many values a range gives where `number` are asked for: not more than it has, and of a choice all.
fn size(range: &Range, number: usize) -> u64 {
    match (range, range.levels()) {
        (Range::Choice { values }, _) => *values as u64,
        (_, Some(levels)) => levels.min(number as u64),
        (_, None) => number as u64,
    }
}

/// One of `size` values at equal distances from the lowest to the highest; one alone lies in the middle.
fn value(range: &Range, index: u64, size: u64) -> Value {
    let share = if size == 1 { 0.5 } else { index as f64 / (size - 1) as f64 };
    let between = |low: f64, high: f64, scale: Scale| {
        let (from, to) = (scale.place(low), scale.place(high));
        scale.value(from + share * (to - from))
    };
    let number = match *range {
        Range::Choice { .. } => index as f64,
        Range::Float { low, high, scale } => tidy(between(low, high, scale)),
        Range::Integer { low, step, .. } if range.levels() == Some(size) => low as f64 + (index * step) as f64,
        Range::Integer { low, high, scale, .. } => between(low as f64, high as f64, scale),
    };
    range.nearest(number)
}

/// Twelve digits of a number, so that a thousandth is 0.001 and not 0.0010000000000000002.
fn tidy(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}
