//! What is wrong with a plan, in the words of the form.

use crate::kit::widgets::capitalised;
use lab_core::experiment::{Invalid, Plan, field_in_words};

/// A field that cannot be as it is, in a sentence without its end and without the path that a file has for the field.
pub(super) fn in_words(Invalid { field, value, rule }: &Invalid, plan: &Plan) -> String {
    let of_arm = field.strip_prefix("arms[").and_then(|rest| rest.split_once(']'));
    let (rest, arm) = match of_arm {
        Some((index, rest)) => (rest, index.parse().ok().and_then(|index: usize| plan.arms.get(index))),
        None => (field.as_str(), None),
    };
    let name = match field_in_words(rest.trim_start_matches('.')) {
        // What lines in plots have no room for.
        name if name == "lr" => "learning rate".to_owned(),
        name => name,
    };
    let owner = arm.map_or_else(String::new, |arm| format!(" of {}", arm.name));
    capitalised(format!("{name}{owner} is {value}, but must be {rule}").trim_start())
}

/// Fields that are wrong below a path.
pub(super) fn errors(found: &[Invalid], path: &str) -> usize {
    found.iter().filter(|invalid| invalid.field.starts_with(path)).count()
}
