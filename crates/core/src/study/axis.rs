//! What a study varies: one field of its experiment, and the values that it takes. Knows nothing of trials.

use crate::experiment::file::{halves, steps, value};
use crate::number;
use crate::search::{self, Range, Scale};
use serde::{Deserialize, Serialize};
use toml::Value;

/// The most values that an axis may have.
const MOST: usize = 1000;

/// A field and its values, as written in a file or on a command line; it may be wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The path of the field, as in `recipe.optimizer.learning_rate`; `arms[*]` is every arm, `arms[plain]` one.
    pub field: String,
    /// Its values, one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// Instead of values: from here …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Number>,
    /// How many values a grid takes of the range, both ends among them; every whole number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Whether neighbours have an equal ratio and not an equal distance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub log: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// An end of a range. A range between whole numbers has whole numbers only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "low and high must be numbers")]
pub enum Number {
    /// Without a point.
    Whole(i64),
    Real(f64),
}

impl Number {
    fn of(text: &str) -> Option<Self> {
        match value(text.trim()) {
            Value::Integer(whole) => Some(Self::Whole(whole)),
            Value::Float(real) => Some(Self::Real(real)),
            _ => None,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl Axis {
    /// An axis with these values.
    #[must_use]
    pub fn list(field: &str, values: Vec<Value>) -> Self {
        Self { field: field.to_owned(), values: Some(values), ..Self::default() }
    }

    /// Reads an axis as it is typed: `recipe.optimizer.learning_rate=0.01,0.1`, or a range, `…=0.001..0.1:5:log` (five
    /// values with equal ratios) or `…=1..4` (every whole number).
    ///
    /// # Errors
    /// What is wrong with it, and how it is written.
    pub fn typed(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "cannot vary \"{text}\": {why}; write it as FIELD=VALUE,VALUE or FIELD=LOW..HIGH:STEPS, for example \
                 recipe.optimizer.learning_rate=0.001..0.1:5:log"
            )
        };
        let (field, values) = halves(text).ok_or_else(|| wrong("there is no ="))?;
        if field.is_empty() || values.trim().is_empty() {
            return Err(wrong("the field or its values are missing"));
        }
        // Dots belong to a range where a number stands beside them; a list may have paths with dots in it.
        let is_number = |end: &str| Number::of(end).is_some();
        let ends = values
            .split_once("..")
            .filter(|(low, rest)| is_number(low) || rest.split(':').next().is_some_and(is_number));
        let Some((low, rest)) = ends else {
            return Ok(Self::list(field, listed(values).into_iter().map(value).collect()));
        };
        let mut rest = rest.split(':');
        let ends = [Some(low), rest.next()].map(|end| end.and_then(Number::of));
        let [Some(low), Some(high)] = ends else { return Err(wrong("low and high must be numbers")) };
        let mut axis = Self { field: field.to_owned(), low: Some(low), high: Some(high), ..Self::default() };
        for part in rest {
            match (part.trim(), part.trim().parse()) {
                ("log", _) => axis.log = true,
                (_, Ok(steps)) => axis.steps = Some(steps),
                _ => return Err(wrong(&format!("\"{part}\" is neither a number of values nor \"log\""))),
            }
        }
        Ok(axis)
    }

    /// What the axis may take, with its values checked, and how many of them a grid takes: all, where it is a list or does
    /// not say.
    ///
    /// # Errors
    /// What is wrong with them, without the name of the axis.
    pub(super) fn range(&self) -> Result<(Range, usize), String> {
        let &Self { low, high, steps, log, .. } = self;
        match (&self.values, low, high) {
            (Some(values), None, None) if steps.is_none() && !log => choice(values),
            (None, Some(low), Some(high)) => range(low, high, steps, log),
            (Some(_), ..) => Err("it has both values and a range; keep one of them".to_owned()),
            _ => Err("it has no values; give values = [ … ], or low and high".to_owned()),
        }
    }

    /// The value that a search means.
    pub(super) fn value(&self, found: search::Value) -> Option<Value> {
        match found {
            search::Value::Choice(index) => self.values.as_ref()?.get(index).cloned(),
            search::Value::Float(real) => Some(Value::Float(real)),
            search::Value::Integer(whole) => Some(Value::Integer(whole)),
        }
    }

    /// What a search calls a value of this axis.
    pub(super) fn found(&self, value: &Value) -> Option<search::Value> {
        match (&self.values, value) {
            (Some(values), _) => values.iter().position(|known| known == value).map(search::Value::Choice),
            (None, Value::Float(real)) => Some(search::Value::Float(*real)),
            (None, Value::Integer(whole)) => Some(search::Value::Integer(*whole)),
            _ => None,
        }
    }

    /// What a person calls it beside the others: the field's last name and whose it is, or all of the path where that
    /// would be ambiguous.
    #[must_use]
    pub fn label(&self, others: &[Self]) -> String {
        let short = |axis: &Self| {
            let steps = steps(&axis.field);
            let name = match steps[..] {
                [.., "optimizer", "method"] | [.., "optimizer", "method", "name"] => "optimiser",
                [.., kind, "name"] => kind,
                [.., name] => name,
                [] => "",
            };
            let arm = steps.get(1).filter(|arm| steps[0] == "arms" && **arm != "*" && steps.len() > 2);
            arm.map_or_else(|| name.to_owned(), |arm| format!("{arm} {name}"))
        };
        let mine = short(self);
        let ambiguous = others.iter().any(|other| other.field != self.field && short(other) == mine);
        if ambiguous { self.field.clone() } else { mine }
    }
}

/// The parts of a list between its commas; those within brackets, braces and quotes belong to a part.
fn listed(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted) = (0, false);
    let parts = text.split(|letter| {
        quoted ^= letter == '"';
        depth += i32::from("[{".contains(letter) && !quoted) - i32::from("]}".contains(letter) && !quoted);
        letter == ',' && depth == 0 && !quoted
    });
    parts.map(str::trim).collect()
}

fn choice(values: &[Value]) -> Result<(Range, usize), String> {
    if values.is_empty() || values.len() > MOST {
        return Err(format!("it has {} values, but must have 1 to {MOST}", values.len()));
    }
    let again = values.iter().enumerate().find(|(index, value)| values[..*index].contains(value));
    match again {
        Some((_, value)) => Err(format!("it has the value {} twice", shown(value))),
        None => Ok((Range::Choice { values: values.len() }, values.len())),
    }
}

fn range(low: Number, high: Number, steps: Option<usize>, log: bool) -> Result<(Range, usize), String> {
    if let Some(steps) = steps.filter(|steps| !(2..=MOST).contains(steps)) {
        return Err(format!("steps is {steps}, but must be from 2 to {MOST}"));
    }
    let scale = if log { Scale::Log } else { Scale::Linear };
    let Number::Whole(from) = low else { return Ok((real(low, high, scale), steps.unwrap_or(0))) };
    let Number::Whole(to) = high else { return Ok((real(low, high, scale), steps.unwrap_or(0))) };
    // Where so many whole numbers lie at equal distances, a search keeps to them, as a grid does.
    let gaps = steps.map_or(0, |steps| steps as u64 - 1);
    let even = !log && gaps > 0 && to > from && to.abs_diff(from).is_multiple_of(gaps);
    let step = if even { to.abs_diff(from) / gaps } else { 1 };
    Ok((Range::Integer { low: from, high: to, step, scale }, steps.unwrap_or(usize::MAX)))
}

fn real(low: Number, high: Number, scale: Scale) -> Range {
    Range::Float { low: low.real(), high: high.real(), scale }
}

/// A value as a person writes it: text without quotes, numbers with four digits at most.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(real) => number::setting(format!("{real:.3e}").parse().unwrap_or(*real)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::typed(text).unwrap().values.unwrap().iter().map(shown).collect()
    }

    #[test]
    fn axes_are_read_as_typed() {
        assert_eq!(values("recipe.optimizer.learning_rate=0.01,0.03, 0.1"), ["0.01", "0.03", "0.1"]);
        assert_eq!(values("arms[x=y].network.norm=batch,{ group = 4 },none"), ["batch", "{ group = 4 }", "none"]);
        assert_eq!(values("arms[*].network.shortcut=\"a\",b"), ["a", "b"]);
        assert_eq!(values("data.source=../a,../b"), ["../a", "../b"]);
        let range = |text| Axis::typed(text).unwrap().range().unwrap();
        let float = Range::Float { low: 0.001, high: 0.1, scale: Scale::Log };
        assert_eq!(range("a=0.001..0.1:5:log"), (float, 5));
        let whole = |high, step, scale| Range::Integer { low: 8, high, step, scale };
        assert_eq!(range("a=8..56:9"), (whole(56, 6, Scale::Linear), 9));
        assert_eq!(range("a=8..11"), (whole(11, 1, Scale::Linear), usize::MAX));
        assert_eq!(range("a=8..128:log:5"), (whole(128, 1, Scale::Log), 5));
    }

    #[test]
    fn what_is_no_axis_says_why() {
        for (text, expected) in [
            ("recipe.batch_size", "there is no ="),
            ("a=", "missing"),
            ("a=0.1..x", "must be numbers"),
            ("a=1..9:some", "\"some\" is neither"),
        ] {
            let error = Axis::typed(text).unwrap_err();
            assert!(error.contains(expected) && error.contains(text) && error.contains("LOW..HIGH:STEPS"), "{error}");
        }
        for (text, expected) in [("a=0.1,0.2,0.1", "the value 0.1 twice"), ("a=0.0..1.0:1", "steps is 1")] {
            let error = Axis::typed(text).unwrap().range().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn labels_are_short_where_they_can_be() {
        let axes = ["recipe.seed=1", "arms[*].network.body.cifar.depth=8", "arms[plain].network.norm=none", "x.norm=1"];
        let axes: Vec<Axis> = axes.iter().map(|text| Axis::typed(text).unwrap()).collect();
        let labels: Vec<String> = axes.iter().map(|axis| axis.label(&axes)).collect();
        assert_eq!(labels, ["seed", "depth", "plain norm", "norm"]);
        let kinds = ["recipe.optimizer.method.name=adam,sgd", "recipe.schedule.curve.name=cosine"];
        let kinds = kinds.map(|text| Axis::typed(text).unwrap());
        assert_eq!([0, 1].map(|axis: usize| kinds[axis].label(&kinds)), ["optimiser", "curve"]);
        let twins = [Axis::typed("a.rate=1").unwrap(), Axis::typed("b.rate=1").unwrap()];
        assert_eq!(twins[1].label(&twins), "b.rate");
    }
}
