//! Optimisers and schedules by name: one that is named in a setting comes with its usual settings, and those of the one
//! before go. Must not know paths beyond the last two steps.

use super::{Curve, Method};
use serde::Serialize;
use toml::Value;

/// The kind that a setting at the end of these steps names: the field, and the name.
pub(super) fn named<'a>(steps: &[&'a str], value: &'a Value) -> Option<(&'a str, &'a str)> {
    let field = match steps {
        [.., field, "name"] | [.., field] => *field,
        [] => return None,
    };
    matches!(field, "method" | "curve").then_some((field, value.as_str()?))
}

/// A kind with its usual settings.
///
/// # Errors
/// A name that no kind of the field has.
pub(super) fn usual((field, name): (&str, &str)) -> Result<Value, String> {
    let kinds = if field == "method" { written(Method::all()) } else { written(Curve::all()) };
    let names: Vec<String> = kinds.iter().filter_map(|kind| Some(name_of(kind)?.to_owned())).collect();
    let kind = kinds.into_iter().find(|kind| name_of(kind) == Some(name));
    kind.ok_or_else(|| format!("there is no \"{name}\"; {field} is one of {}", names.join(", ")))
}

/// What a value is called.
pub(super) fn name_of(kind: &Value) -> Option<&str> {
    kind.get("name").and_then(Value::as_str)
}

fn written<T: Serialize, const N: usize>(kinds: [T; N]) -> Vec<Value> {
    kinds.into_iter().filter_map(|kind| Value::try_from(kind).ok()).collect()
}
