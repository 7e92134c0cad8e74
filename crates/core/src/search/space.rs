//! What is searched: named dimensions, each with the values that it can take, and points with one value for each.

use super::axis::{Axis, Scale};
use crate::number;
use std::collections::BTreeSet;

/// Beyond this, neighbouring whole numbers are one and the same as a floating-point number.
const LARGEST_INTEGER: u64 = 1 << 53;

/// On a shorter axis, a bell of a hundredth of its width can no longer be computed with.
const SHORTEST_AXIS: f64 = 1e-300;

/// The values that a dimension can take. Both ends of a range are part of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// One of `values` things without an order, counted from 0.
    Choice {
        /// How many there are.
        values: usize,
    },
    Float {
        low: f64,
        high: f64,
        /// How they are spread.
        scale: Scale,
    },
    /// Whole numbers: `low`, `low + step`, `low + 2 step`, … as far as `high`.
    Integer {
        low: i64,
        /// None is larger than this.
        high: i64,
        /// What lies between two of them.
        step: u64,
        /// How they are spread.
        scale: Scale,
    },
}

/// A value of one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Which of the things to choose from, counted from 0.
    Choice(usize),
    Float(f64),
    Integer(i64),
}

/// A value for every dimension of a space, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Point(pub Vec<Value>);

/// A range with the name of what it is a range of.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Unlike that of every other dimension of the space.
    pub name: String,
    /// The values it can take.
    pub range: Range,
}

impl Dimension {
    /// A dimension that has not been checked yet; [`Space::new`] does so.
    pub fn new(name: impl Into<String>, range: Range) -> Self {
        Self { name: name.into(), range }
    }
}

/// Dimensions that were checked: every range has at least one value and an axis of finite length.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

/// Why dimensions are no space.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// No dimension at all.
    #[error("there is nothing to search; name at least one setting to vary")]
    Nothing,
    /// Two of one name.
    #[error("“{0}” is varied twice; put both lists or ranges into one")]
    Twice(String),
    #[error("“{0}” has nothing to choose from; give it at least one value")]
    NoChoice(String),
    /// The ends of a range are the wrong way round.
    #[error("“{name}” goes from {low} to {high}, which is downwards; exchange the two", low = number::setting(*low), high = number::setting(*high))]
    Downwards {
        name: String,
        /// The end that should be the smaller one.
        low: f64,
        high: f64,
    },
    /// An end is infinite or not a number, or the two are too far apart to be subtracted.
    #[error("“{0}” needs two finite ends, not more than 1.7e308 apart; move them closer together")]
    Endless(String),
    /// A logarithm of 0 or less.
    #[error("“{name}” is logarithmic and reaches down to {low}, where there is no logarithm; begin above 0, or make it linear", low = number::setting(*low))]
    NoLogarithm {
        name: String,
        /// Where its first value's cell begins.
        low: f64,
    },
    /// Steps of 0.
    #[error("“{0}” goes in steps of 0 and would never arrive; choose a step of at least 1")]
    NoStep(String),
    /// Whole numbers that cannot be told apart.
    #[error("“{0}” reaches beyond 9,007,199,254,740,992, where whole numbers can no longer be told apart; stay below")]
    TooLarge(String),
}

/// How the values of a range are spread.
pub(super) enum Spread {
    /// So many things without an order.
    Choices(usize),
    /// Numbers on an axis.
    Along(Axis),
}

impl Space {
    /// Checks dimensions. The highest value of a range with steps becomes the last one that they reach.
    ///
    /// # Errors
    /// Where one could not take any value, or has no axis to be spread on.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Self, SpaceError> {
        if dimensions.is_empty() {
            return Err(SpaceError::Nothing);
        }
        let mut names = BTreeSet::new();
        let mut checked = Vec::with_capacity(dimensions.len());
        for Dimension { name, range } in dimensions {
            if !names.insert(name.clone()) {
                return Err(SpaceError::Twice(name));
            }
            checked.push(Dimension { range: range.checked(&name)?, name });
        }
        Ok(Self { dimensions: checked })
    }

    /// The dimensions, in the order of a point's values.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Whether a point has a value of each dimension, and no other.
    #[must_use]
    pub fn contains(&self, point: &Point) -> bool {
        point.0.len() == self.dimensions.len()
            && self.ranges().zip(&point.0).all(|(range, value)| range.contains(*value))
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = &Range> {
        self.dimensions.iter().map(|dimension| &dimension.range)
    }

    /// The point that lies at these shares of each range's axis, all in [0, 1).
    pub(super) fn at(&self, mut share: impl FnMut() -> f64) -> Point {
        Point(self.ranges().map(|range| range.at(share())).collect())
    }
}

impl Range {
    fn checked(self, name: &str) -> Result<Self, SpaceError> {
        let downwards = |low, high| SpaceError::Downwards { name: name.to_owned(), low, high };
        let logarithm = |low, scale| match scale {
            Scale::Log if low <= 0.0 => Err(SpaceError::NoLogarithm { name: name.to_owned(), low }),
            _ => Ok(()),
        };
        match self {
            Self::Choice { values: 0 } => Err(SpaceError::NoChoice(name.to_owned())),
            Self::Choice { .. } => Ok(self),
            Self::Float { low, high, scale } => {
                if !(high - low).is_finite() {
                    return Err(SpaceError::Endless(name.to_owned()));
                }
                if low > high {
                    return Err(downwards(low, high));
                }
                logarithm(low, scale)?;
                Ok(self)
            }
            Self::Integer { low, high, step, scale } => {
                if step == 0 {
                    return Err(SpaceError::NoStep(name.to_owned()));
                }
                if [low.unsigned_abs(), high.unsigned_abs(), step].into_iter().any(|size| size >= LARGEST_INTEGER) {
                    return Err(SpaceError::TooLarge(name.to_owned()));
                }
                if low > high {
                    return Err(downwards(low as f64, high as f64));
                }
                logarithm(low as f64 - step as f64 / 2.0, scale)?;
                let past_the_last = (low.abs_diff(high) % step).cast_signed();
                Ok(Self::Integer { low, high: high - past_the_last, step, scale })
            }
        }
    }

    /// How many values there are; `None` where they are continuous.
    pub(super) fn levels(&self) -> Option<u64> {
        match *self {
            Self::Choice { values } => Some(values as u64),
            Self::Float { .. } => None,
            Self::Integer { low, high, step, .. } => Some(low.abs_diff(high) / step + 1),
        }
    }

    /// How values are spread.
    pub(super) fn spread(&self) -> Spread {
        match *self {
            Self::Choice { values } => Spread::Choices(values),
            Self::Float { low, high, scale } => Spread::Along(Axis::new(low, high, 0.0, scale)),
            Self::Integer { low, high, step, scale } => {
                Spread::Along(Axis::new(low as f64, high as f64, step as f64, scale))
            }
        }
    }

    /// The only value, where there is nothing to search; an axis too short to hold several places counts as one.
    pub(super) fn only(&self) -> Option<Value> {
        let single =
            self.levels() == Some(1) || matches!(self.spread(), Spread::Along(axis) if axis.width() < SHORTEST_AXIS);
        single.then(|| self.nearest(f64::NEG_INFINITY))
    }

    /// The value that a number stands for, see [`Value::number`]: the nearest of this range.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what the range holds")]
    pub(super) fn nearest(&self, number: f64) -> Value {
        match *self {
            Self::Choice { values } => Value::Choice((number.max(0.0) as usize).min(values - 1)),
            Self::Float { low, high, .. } => Value::Float(number.clamp(low, high)),
            Self::Integer { low, high, step, .. } => {
                let steps = ((number - low as f64) / step as f64).round();
                Value::Integer(((low as f64 + steps * step as f64) as i64).clamp(low, high))
            }
        }
    }

    /// The value at a share of the axis, in [0, 1): a uniform share gives every cell its part.
    pub(super) fn at(&self, share: f64) -> Value {
        match self.spread() {
            Spread::Choices(values) => self.nearest(share * values as f64),
            Spread::Along(axis) => self.nearest(axis.value(axis.low + share * axis.width())),
        }
    }

    fn contains(&self, value: Value) -> bool {
        match (self, value) {
            (Self::Choice { values }, Value::Choice(index)) => index < *values,
            (Self::Float { low, high, .. }, Value::Float(number)) => (*low..=*high).contains(&number),
            (Self::Integer { low, high, step, .. }, Value::Integer(number)) => {
                (*low..=*high).contains(&number) && low.abs_diff(number) % step == 0
            }
            _ => false,
        }
    }
}

impl Value {
    /// The value as a number; of a choice, which one it is.
    pub(super) fn number(self) -> f64 {
        match self {
            Self::Choice(index) => index as f64,
            Self::Float(number) => number,
            Self::Integer(number) => number as f64,
        }
    }
}
