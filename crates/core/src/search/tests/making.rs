//! Short ways to write down spaces and trials.

use crate::search::{Dimension, KnownTrial, Point, Range, Scale, Space, State, Value};

pub fn float(low: f64, high: f64, scale: Scale) -> Range {
    Range::Float { low, high, scale }
}

pub fn whole(low: i64, high: i64, step: u64, scale: Scale) -> Range {
    Range::Integer { low, high, step, scale }
}

/// A space of these ranges, named by their numbers.
pub fn space(ranges: impl IntoIterator<Item = Range>) -> Space {
    let named = ranges.into_iter().enumerate().map(|(index, range)| Dimension::new(format!("x{index}"), range));
    Space::new(named.collect()).unwrap()
}

/// A learning rate, a shortcut, a number of blocks and a width.
pub fn mixed() -> Space {
    space([
        float(1e-4, 1.0, Scale::Log),
        Range::Choice { values: 4 },
        whole(1, 9, 2, Scale::Linear),
        whole(4, 64, 1, Scale::Log),
    ])
}

pub fn trial_of(trial: u64, point: Point, state: State) -> KnownTrial {
    KnownTrial { trial, point, state, rungs: Default::default() }
}

pub fn number(value: Value) -> f64 {
    match value {
        Value::Choice(index) => index as f64,
        Value::Float(number) => number,
        Value::Integer(number) => number as f64,
    }
}
