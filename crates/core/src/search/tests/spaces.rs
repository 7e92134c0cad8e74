//! What is no space is refused, and what is one is kept to.

use super::making::{float, mixed, space, whole};
use crate::search::{Dimension, Point, Range, Scale, Space, SpaceError, Value};

fn refusal(range: Range) -> SpaceError {
    Space::new(vec![Dimension::new("rate", range)]).unwrap_err()
}

#[test]
fn an_impossible_space_is_refused() {
    let name = || "rate".to_owned();
    assert_eq!(Space::new(vec![]), Err(SpaceError::Nothing));
    let twice = || Dimension::new("rate", Range::Choice { values: 2 });
    assert_eq!(Space::new(vec![twice(), twice()]), Err(SpaceError::Twice(name())));
    assert_eq!(refusal(Range::Choice { values: 0 }), SpaceError::NoChoice(name()));
    for range in [float(2.0, 1.0, Scale::Linear), whole(2, 1, 1, Scale::Log)] {
        assert_eq!(refusal(range), SpaceError::Downwards { name: name(), low: 2.0, high: 1.0 });
    }
    for (low, high) in [(0.0, f64::INFINITY), (f64::NAN, 1.0), (f64::INFINITY, f64::INFINITY), (-1e308, 1e308)] {
        assert_eq!(refusal(float(low, high, Scale::Linear)), SpaceError::Endless(name()));
    }
    for low in [0.0, -1.0] {
        assert_eq!(refusal(float(low, 1.0, Scale::Log)), SpaceError::NoLogarithm { name: name(), low });
    }
    // A cell of a whole number begins half a step below it.
    for (low, step, cell) in [(0, 1, -0.5), (2, 4, 0.0)] {
        assert_eq!(refusal(whole(low, 8, step, Scale::Log)), SpaceError::NoLogarithm { name: name(), low: cell });
    }
    assert_eq!(refusal(whole(0, 1, 0, Scale::Linear)), SpaceError::NoStep(name()));
    for (low, high, step) in [(i64::MIN, 0, 1), (0, i64::MAX, 1), (0, 1, u64::MAX)] {
        assert_eq!(refusal(whole(low, high, step, Scale::Linear)), SpaceError::TooLarge(name()));
    }
}

#[test]
fn refusals_say_what_to_do() {
    let text = refusal(float(0.0, 1.0, Scale::Log)).to_string();
    assert!(text.contains("“rate”") && text.contains("make it linear"), "{text}");
}

#[test]
fn a_range_ends_at_its_last_step() {
    let space = space([whole(1, 10, 4, Scale::Linear)]);
    assert_eq!(space.dimensions()[0].range, whole(1, 9, 4, Scale::Linear));
}

#[test]
fn a_point_belongs_to_a_space_if_every_value_does() {
    let space = mixed();
    let good = [Value::Float(0.1), Value::Choice(3), Value::Integer(5), Value::Integer(64)];
    assert!(space.contains(&Point(good.to_vec())));
    for (index, wrong) in [
        (0, Value::Float(1.1)),
        (0, Value::Float(f64::NAN)),
        (0, Value::Choice(0)),
        (1, Value::Choice(4)),
        (2, Value::Integer(4)),
        (3, Value::Integer(65)),
    ] {
        let mut point = good.to_vec();
        point[index] = wrong;
        assert!(!space.contains(&Point(point)), "{wrong:?} is no value of dimension {index}");
    }
    assert!(!space.contains(&Point(good[..3].to_vec())));
}
