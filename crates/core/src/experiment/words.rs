//! The settings of one arm as a list, and what a person calls them: the words of the form, short enough for the name of a
//! line in a plot.

use super::{Plan, field};
use toml::{Table, Value};

/// A setting of an arm: of its network, or of the recipe and the images that all arms share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where a file has it, the same for every arm: `network.body.cifar.depth`, `recipe.batch_size`.
    pub path: String,
    /// Its value as a person writes it.
    pub value: String,
}

/// Fields by the end of their paths, and what they are called in the name of a line where the form's label is too long or
/// says too little.
const WORDS: [(&str, &str); 8] = [
    ("learning_rate", "lr"),
    ("length.epochs", "epochs"),
    ("length.steps", "steps"),
    ("source.path", "images"),
    ("evaluate_every.epochs", "validate every (epochs)"),
    ("evaluate_every.steps", "validate every (steps)"),
    ("probe_every", "measure gradients every"),
    ("start.weights", "start from"),
];

/// Whose name comes in front, because many things have a field like it.
const OWNERS: [&str; 4] = ["stem", "schedule", "augmentation", "resize"];

/// What a person calls a field.
#[must_use]
pub fn field_in_words(path: &str) -> String {
    let ends = |end: &str| path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let known = WORDS.iter().filter(|(end, _)| ends(end)).max_by_key(|(end, _)| end.len());
    if let Some((_, words)) = known {
        return (*words).to_owned();
    }
    let steps: Vec<&str> = path.split('.').collect();
    let name = steps.last().copied().unwrap_or_default();
    let owner = steps.iter().rev().skip(1).find(|step| OWNERS.contains(step));
    let words = match (owner, field::at(path)) {
        (Some(owner), _) => format!("{owner} {name}"),
        (None, Some(field)) => field.label.to_lowercase(),
        (None, None) => name.to_owned(),
    };
    words.replace('_', " ")
}

/// Whether a field says how often a training is looked at, which tells little of what came of it.
#[must_use]
pub fn is_of_watching(path: &str) -> bool {
    ["recipe.probe_every", "recipe.evaluate_every"].iter().any(|field| path.starts_with(field))
}

/// Everything that is set of an arm, what the arm has of its own in the place of the recipe's. Neither names nor colours
/// are settings.
#[must_use]
pub fn settings(plan: &Plan, arm: usize) -> Vec<Setting> {
    let Some(arm) = plan.arms.get(arm) else { return Vec::new() };
    let mut recipe = plan.recipe.clone();
    recipe.optimizer = arm.optimizer(&plan.recipe).clone();
    recipe.schedule = arm.schedule(&plan.recipe).clone();
    let mut found = Vec::new();
    // What was read from TOML can be written as TOML.
    let trees = [
        ("network", Value::try_from(&arm.network)),
        ("start", Value::try_from(&arm.start)),
        ("recipe", Value::try_from(&recipe)),
        ("data", Value::try_from(&plan.data)),
    ];
    for (path, tree) in trees {
        if let Ok(tree) = tree {
            flatten(path, &tree, &mut found);
        }
    }
    found
}

fn flatten(path: &str, value: &Value, found: &mut Vec<Setting>) {
    let Value::Table(table) = value else {
        found.push(Setting { path: path.to_owned(), value: value_in_words(path, value) });
        return;
    };
    // A kind with fields of its own is a table in which it is the only name.
    if let Some(kind) = only(table) {
        found.push(Setting { path: path.to_owned(), value: kind.replace('_', " ") });
    }
    for (name, value) in table {
        flatten(&format!("{path}.{name}"), value, found);
    }
}

fn only(table: &Table) -> Option<&str> {
    let (name, value) = table.iter().next().filter(|_| table.len() == 1)?;
    value.is_table().then_some(name)
}

/// A value as a person writes it, of the field at this path: text without quotes and folders, numbers as they were meant.
#[must_use]
pub fn value_in_words(path: &str, value: &Value) -> String {
    match value {
        Value::String(text) if path.ends_with("shortcut") && text.len() == 1 => text.to_uppercase(),
        Value::String(text) if path.ends_with("path") || path.ends_with("weights") => {
            text.rsplit(['/', '\\']).next().unwrap_or(text).to_owned()
        }
        Value::String(text) => text.replace('_', " "),
        Value::Float(number) => crate::number::setting(*number),
        Value::Array(several) => {
            format!("[{}]", several.iter().map(|value| value_in_words(path, value)).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{PRESETS, with_overrides};

    #[test]
    fn fields_are_called_what_the_form_calls_them() {
        let words = [
            ("network.body.cifar.depth", "depth"),
            ("recipe.optimizer.learning_rate", "lr"),
            ("recipe.batch_size", "batch size"),
            ("recipe.length.epochs", "epochs"),
            ("network.stem.width", "stem width"),
            ("recipe.augmentation.flip", "augmentation flip"),
            ("data.train_limit", "training images"),
        ];
        assert_eq!(words.map(|(path, _)| field_in_words(path)), words.map(|(_, words)| words.to_owned()));
    }

    #[test]
    fn what_two_arms_differ_in_is_found_among_their_settings() {
        let plan = with_overrides(&PRESETS[0].plan(), &["recipe.seed=7"]).unwrap();
        let [one, other] = [0, 1].map(|arm| settings(&plan, arm));
        let differ: Vec<[&str; 2]> = one
            .iter()
            .zip(&other)
            .filter(|(one, other)| one != other)
            .map(|(one, other)| [one.value.as_str(), other.value.as_str()])
            .collect();
        assert_eq!(differ, [["none", "A"]]);
        let seed = Setting { path: "recipe.seed".into(), value: "7".into() };
        assert!(one.contains(&seed));
        let mut own = plan.clone();
        let mut rule = plan.recipe.optimizer.clone();
        rule.learning_rate = 0.5;
        own.arms[0].optimizer = Some(rule);
        let rate = Setting { path: "recipe.optimizer.learning_rate".into(), value: "0.5".into() };
        assert!(settings(&own, 0).contains(&rate) && !settings(&own, 1).contains(&rate));
        let summed = Value::Array(vec![Value::Float(0.1 + 0.2), Value::Float(f64::from(0.9f32))]);
        assert_eq!(value_in_words("recipe.schedule.factors", &summed), "[0.3, 0.9]");
    }
}
