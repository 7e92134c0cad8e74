//! A plan as TOML text, and single fields of it set from a command line.

use super::{Invalid, Plan};
use std::fmt::Write as _;

/// Why a text is not an experiment.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The text is not TOML, or has unknown, missing or ill-typed fields.
    #[error("this is not an experiment: {0}")]
    Parse(String),
    /// A field is out of range.
    #[error("{}", list(.0))]
    Invalid(Vec<Invalid>),
    /// An override names no field or holds no value.
    #[error("cannot set \"{setting}\": {why}; write it as path=value, for example recipe.batch_size=64")]
    Override {
        /// As it was given.
        setting: String,
        /// What is wrong with it.
        why: String,
    },
}

fn list(found: &[Invalid]) -> String {
    let mut text = String::new();
    for (index, each) in found.iter().enumerate() {
        let _ = write!(text, "{}{each}", if index == 0 { "" } else { "; " });
    }
    text
}

impl Plan {
    /// Reads a plan from TOML.
    ///
    /// # Errors
    /// The first thing in the text that is not TOML or not a field of a plan, with its line.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            PlanError::Parse(format!("line {line}: {}", error.message()))
        })
    }

    /// Writes the plan as TOML that [`Self::from_toml`] reads back unchanged.
    ///
    /// # Errors
    /// A seed or limit beyond TOML's signed 64-bit integers.
    pub fn to_toml(&self) -> Result<String, PlanError> {
        toml::to_string_pretty(self).map_err(|error| PlanError::Parse(error.to_string()))
    }
}

/// Sets one field of a plan by its path, as in `recipe.batch_size=64` or `arms[1].network.gain.value=0.5`. The value
/// is TOML; text that is no TOML value counts as a string.
///
/// # Errors
/// A path that leads nowhere, or a value that does not fit there.
pub fn with_override(plan: &Plan, setting: &str) -> Result<Plan, PlanError> {
    let refuse = |why: &str| PlanError::Override { setting: setting.to_owned(), why: why.to_owned() };
    let (path, value) = setting.split_once('=').ok_or_else(|| refuse("there is no ="))?;
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut table| table.remove("v"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));

    let mut tree = toml::Value::try_from(plan).map_err(|error| refuse(&error.to_string()))?;
    let mut at = &mut tree;
    let steps = path.replace('[', ".").replace(']', "");
    let steps: Vec<&str> = steps.split('.').map(str::trim).collect();
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        at = match at {
            toml::Value::Array(items) => {
                let count = items.len();
                step.parse().ok().and_then(|index: usize| items.get_mut(index)).ok_or_else(|| {
                    refuse(&format!("\"{step}\" is not a place in a list of {count} (they count from 0)"))
                })?
            }
            // A path may replace an either-or value such as length, and may name a field that was left out.
            toml::Value::Table(fields) => {
                let either_or = ["length", "evaluate_every", "body"]
                    .contains(&steps.get(depth.wrapping_sub(1)).copied().unwrap_or(""));
                if last && either_or && !fields.contains_key(*step) {
                    fields.clear();
                }
                fields.entry(*step).or_insert_with(|| toml::Value::Table(toml::Table::new()))
            }
            _ => return Err(refuse(&format!("there is nothing below \"{}\"", steps[..depth].join(".")))),
        };
    }
    *at = value;
    tree.try_into().map_err(|error: toml::de::Error| refuse(error.message()))
}
