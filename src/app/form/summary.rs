//! What an arm amounts to: depth, parameters, operations; and in what two arms differ.

use crate::app::number::{count, large};
use crate::experiment::Arm;

/// An arm, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArmSummary {
    /// Layers with weights on the longest path.
    pub depth: usize,
    /// Parameters.
    pub parameters: u64,
    /// Multiply-accumulate operations of one image's forward pass.
    pub macs: u64,
}

/// Counts an arm's network for inputs of [channels, height, width] and a number of classes.
pub type Summarize = Box<dyn Fn(&Arm, [usize; 3], usize) -> Result<ArmSummary, String>>;

impl ArmSummary {
    /// In one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { depth, parameters, macs } = self;
        format!("{depth} layers · {} parameters · {} MACs", count(*parameters), large(*macs))
    }
}

/// The fields in which an arm differs from another, each with both values: `shortcut: none → a`.
#[must_use]
pub fn differences(from: &Arm, to: &Arm) -> Vec<String> {
    let mut found = Vec::new();
    let tree = |arm: &Arm| {
        let mut tree = toml::Value::try_from(arm).ok()?;
        tree.as_table_mut()?.remove("name");
        Some(tree)
    };
    compare("", tree(from).as_ref(), tree(to).as_ref(), &mut found);
    found
}

fn compare(path: &str, from: Option<&toml::Value>, to: Option<&toml::Value>, found: &mut Vec<String>) {
    if let (Some(toml::Value::Table(from)), Some(toml::Value::Table(to))) = (from, to) {
        let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            compare(&path, from.get(key), to.get(key), found);
        }
    } else if from != to {
        let short = |value: Option<&toml::Value>| match value {
            None => "as the recipe".into(),
            Some(toml::Value::String(text)) => text.clone(),
            Some(toml::Value::Table(_) | toml::Value::Array(_)) => "its own".into(),
            Some(value) => value.to_string(),
        };
        let name = path.strip_prefix("network.").unwrap_or(path).replace(['.', '_'], " ");
        found.push(format!("{name}: {} → {}", short(from), short(to)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    #[test]
    fn the_default_arms_differ_in_their_shortcut_only() {
        let plan = PRESETS[0].plan();
        assert_eq!(differences(&plan.arms[0], &plan.arms[1]), ["shortcut: none → a"]);
    }
}
