//! What a person may want with a field beside changing it: to vary it in a study, or to have a good value found. Knows no
//! widgets of the form.

use crate::action::{Action, Sought};
use lab_core::experiment::{Experiment, Plan, with_overrides};
use lab_core::number::two_digits;
use std::cell::RefCell;
use toml::Value;

/// Depths that networks are known by.
const DEPTHS: [i64; 12] = [8, 14, 18, 20, 26, 32, 34, 50, 56, 101, 110, 152];

/// A field that is to be varied.
#[derive(Clone, Debug)]
struct VariedField {
    path: String,
    /// In every network, not only in this one.
    everywhere: bool,
    /// The values that it can have, where they are few.
    values: Vec<Value>,
}

/// What was wished for while the form was drawn.
#[derive(Debug, Default)]
pub struct Requests {
    varied: RefCell<Vec<VariedField>>,
    sought: RefCell<Vec<Sought>>,
    /// Paths of fields that all arms are to have as one has them.
    shared: RefCell<Vec<String>>,
}

impl Requests {
    /// Whether a field can be an axis of a study.
    pub fn can_vary(path: &str) -> bool {
        let is_of_arms_or_recipe = ["arms[", "recipe.", "data."].iter().any(|start| path.starts_with(start));
        is_of_arms_or_recipe && !["recipe.seed", "recipe.seeds"].contains(&path) && !path.ends_with("].name")
    }

    /// Varies a field.
    pub fn vary(&self, path: &str, everywhere: bool, values: Vec<Value>) {
        self.varied.borrow_mut().push(VariedField { path: path.to_owned(), everywhere, values });
    }

    /// Gives every arm the value that this field has in one.
    pub fn share(&self, path: &str) {
        self.shared.borrow_mut().push(path.to_owned());
    }

    /// The plan with what is to be the same in every arm; an error says what could not be.
    pub fn shared(&self, plan: &Plan) -> Option<Result<Plan, String>> {
        let path = self.shared.take().pop()?;
        let value = Value::try_from(plan).ok().and_then(|tree| at(&tree, &path));
        let everywhere = named(plan, &path, true);
        let made = match value {
            Some(value) => with_overrides(plan, &[format!("{everywhere}={value}")]).map_err(|why| why.to_string()),
            None => left_out(plan, &path),
        };
        Some(made.map_err(|why| format!("Not every network can have this: {why}.")))
    }

    /// Finds a good value.
    pub fn find(&self, what: Sought) {
        self.sought.borrow_mut().push(what);
    }

    /// What is to be done about them.
    pub fn actions(self, plan: &Plan) -> Vec<Action> {
        let varied = self.varied.into_inner().into_iter().map(|varied| Action::Vary(axis(plan, &varied)));
        varied.chain(self.sought.into_inner().into_iter().map(Action::Find)).collect()
    }
}

/// The plan with a field left out in every arm, as it is in one.
fn left_out(plan: &Plan, path: &str) -> Result<Plan, String> {
    let (_, within) = path.split_once("].").ok_or("it belongs to no network")?;
    let (parent, name) = within.rsplit_once('.').unwrap_or(("", within));
    let mut tree = Value::try_from(plan).map_err(|error| error.to_string())?;
    for arm in tree.get_mut("arms").and_then(Value::as_array_mut).into_iter().flatten() {
        let parent = parent.split('.').filter(|step| !step.is_empty()).try_fold(arm, |at, step| at.get_mut(step));
        parent.and_then(Value::as_table_mut).and_then(|parent| parent.remove(name));
    }
    tree.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// The axis as it is typed, with values around the present one that the experiment can have.
fn axis(plan: &Plan, varied: &VariedField) -> String {
    let path = named(plan, &varied.path, varied.everywhere);
    let now = Value::try_from(plan).ok().and_then(|tree| at(&tree, &varied.path));
    let around = match (&now, varied.values.is_empty()) {
        (_, false) => varied.values.clone(),
        (Some(now), true) => around(now, &path),
        (None, true) => Vec::new(),
    };
    let text = |value: &Value| value.to_string();
    let fits = |value: &Value| {
        with_overrides(plan, &[format!("{path}={}", text(value))]).is_ok_and(|plan| Experiment::check(plan).is_ok())
    };
    let mut values: Vec<Value> = around.into_iter().filter(fits).collect();
    if let Some(now) = now
        && !values.contains(&now)
    {
        values.insert(0, now);
    }
    values.dedup();
    format!("{path}={}", values.iter().map(text).collect::<Vec<_>>().join(","))
}

/// A path with the arm's name in the place of its number, or with every arm.
fn named(plan: &Plan, path: &str, everywhere: bool) -> String {
    let Some((index, rest)) = path.strip_prefix("arms[").and_then(|rest| rest.split_once(']')) else {
        return path.to_owned();
    };
    let name = index.parse().ok().and_then(|index: usize| plan.arms.get(index)).map(|arm| arm.name.as_str());
    let whose = if everywhere { "*" } else { name.unwrap_or(index) };
    format!("arms[{whose}]{rest}")
}

/// The value at a path of a plan's tree.
fn at(tree: &Value, path: &str) -> Option<Value> {
    let mut value = tree;
    for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        value = match step.parse::<usize>() {
            Ok(index) => value.get(index)?,
            Err(_) => value.get(step)?,
        };
    }
    Some(value.clone())
}

/// Values to begin with: a third, as much, three times as much; half and twice of what is counted; both ways of a switch.
fn around(now: &Value, path: &str) -> Vec<Value> {
    match *now {
        Value::Boolean(_) => vec![Value::Boolean(false), Value::Boolean(true)],
        Value::Float(0.0) => [0.0, 0.1].map(Value::Float).into(),
        Value::Float(now) => [now / 3.0, now, 3.0 * now].map(|value| Value::Float(two_digits(value))).into(),
        #[allow(clippy::case_sensitive_file_extension_comparisons, reason = "a field, not a file")]
        Value::Integer(now) if path.ends_with(".depth") => {
            let mut depths: Vec<i64> = DEPTHS.into_iter().filter(|depth| *depth <= 2 * now).collect();
            if !depths.contains(&now) {
                depths.push(now);
            }
            depths.sort_unstable();
            depths.into_iter().map(Value::Integer).collect()
        }
        Value::Integer(now) => [now / 2, now, 2 * now].map(Value::Integer).into(),
        ref other => vec![other.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::PRESETS;

    fn of(path: &str, everywhere: bool, values: &[&str]) -> String {
        let values = values.iter().map(|value| Value::String((*value).to_owned())).collect();
        axis(&PRESETS[0].plan(), &VariedField { path: path.to_owned(), everywhere, values })
    }

    #[test]
    fn axes_begin_with_values_around_the_present_one_that_can_be() {
        assert_eq!(of("recipe.optimizer.learning_rate", false, &[]), "recipe.optimizer.learning_rate=0.033,0.1,0.3");
        assert_eq!(of("recipe.batch_size", false, &[]), "recipe.batch_size=64,128,256");
        assert_eq!(
            of("arms[1].network.shortcut", false, &["none", "a", "b"]),
            "arms[residual].network.shortcut=\"none\",\"a\",\"b\""
        );
        let depths = of("arms[0].network.body.cifar.depth", true, &[]);
        assert!(depths.starts_with("arms[*].network.body.cifar.depth=8,14,20,26,32,50,56"), "{depths}");
        assert!(!depths.contains("18"), "18 is no depth of a CIFAR net: {depths}");
        assert_eq!(of("recipe.augmentation.flip", false, &[]), "recipe.augmentation.flip=false,true");
    }

    #[test]
    fn what_one_network_has_all_get_also_where_it_has_nothing() {
        let mut plan = PRESETS[0].plan();
        plan.arms[1].network.stem.width = Some(24);
        let shared = |path: &str| {
            let requests = Requests::default();
            requests.share(path);
            let made = requests.shared(&plan).unwrap().unwrap();
            made.arms.iter().map(|arm| arm.network.stem.width).collect::<Vec<_>>()
        };
        assert_eq!(shared("arms[1].network.stem.width"), [Some(24), Some(24)]);
        assert_eq!(shared("arms[0].network.stem.width"), [None, None]);
    }

    #[test]
    fn seeds_and_names_are_no_axes() {
        let can = Requests::can_vary;
        assert!(can("recipe.batch_size") && can("arms[0].network.norm") && can("data.train_limit"));
        assert!(!can("recipe.seed") && !can("recipe.seeds") && !can("name") && !can("arms[0].name"));
    }
}
