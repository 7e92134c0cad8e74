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
pub(super) fn usual(field: &str, name: &str) -> Result<Value, String> {
    let kind = all(field).into_iter().find(|kind| name_of(kind) == Some(name));
    kind.ok_or_else(|| format!("there is no \"{name}\"; {field} is one of {}", names(field).join(", ")))
}

/// What the kinds of a field are called.
pub(super) fn names(field: &str) -> Vec<String> {
    all(field).iter().filter_map(|kind| Some(name_of(kind)?.to_owned())).collect()
}

fn all(field: &str) -> Vec<Value> {
    if field == "method" { written(Method::all()) } else { written(Curve::all()) }
}

/// Where in a tree a kind lacks the field that is called `missing`, and what that is usually set to.
pub(super) fn lacking(at: &Value, missing: &str) -> Option<(String, Value)> {
    let below =
        |step: String, value: &Value| lacking(value, missing).map(|(place, usual)| (format!("{step}.{place}"), usual));
    match at {
        Value::Table(fields) => fields.iter().find_map(|(field, value)| {
            let is_kind = matches!(field.as_str(), "method" | "curve");
            let own = name_of(value).filter(|_| is_kind).and_then(|name| usual(field, name).ok());
            let lacked = own.and_then(|own| own.get(missing).cloned()).filter(|_| value.get(missing).is_none());
            lacked.map(|usual| (format!("{field}.{missing}"), usual)).or_else(|| below(field.clone(), value))
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| below(format!("{index}"), item)),
        _ => None,
    }
}

/// What a value is called.
pub(super) fn name_of(kind: &Value) -> Option<&str> {
    kind.get("name").and_then(Value::as_str)
}

fn written<T: Serialize, const N: usize>(kinds: [T; N]) -> Vec<Value> {
    kinds.into_iter().filter_map(|kind| Value::try_from(kind).ok()).collect()
}
