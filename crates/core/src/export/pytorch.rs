//! A script that builds a network anew with nothing but PyTorch, and loads its weights with `strict=True`. The classes in it
//! are those by which our own networks are tested against PyTorch.

use crate::experiment::{Fit, Network};
use crate::protocol::DatasetInfo;
use serde_json::{Value, json};

const NETWORK: &str = include_str!("network.py");
const LOADING: &str = include_str!("pytorch.py");

/// The script. It looks for the weights beside itself, in a file of its own name that ends in `.safetensors`. Pictures of
/// another size than the network's are brought to it by `fit`.
///
/// # Errors
/// A network that cannot be written down, which none that was checked is.
pub fn script(name: &str, network: &Network, dataset: &DatasetInfo, fit: Fit) -> Result<String, String> {
    let arm = serde_json::to_value(network).map_err(|error| error.to_string())?;
    let [channels, height, width] = dataset.shape;
    let settings = [
        ("ARM", arm),
        ("CHANNELS", json!(channels)),
        ("SIDES", json!([height, width])),
        ("CLASSES", json!(dataset.classes)),
        ("MEAN", json!(dataset.mean)),
        ("STD", json!(dataset.std)),
        ("FIT", json!(fit)),
    ];
    let settings = settings.map(|(name, value)| format!("{name} = {}\n", python(&value))).concat();
    let begins = NETWORK.find("\nimport copy\n").map_or(NETWORK, |start| &NETWORK[start..]);
    let title = python(&json!(format!("{name}, trained by Residual Lab.")));
    let rest = begins.replacen("import copy\n", "import copy\nimport json\nimport pathlib\nimport sys\n", 1);
    Ok(format!("{title}\n{rest}\n\n{settings}{LOADING}"))
}

/// Words that Python keeps for itself.
const KEPT: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// What the networks' scripts are called, without their ending: names that `import` takes, no two the same.
#[must_use]
pub fn modules(names: &[&str]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let module = module(name);
        let numbered = |number: usize| format!("{module}_{number}");
        let free = |module: &String| !taken.contains(module);
        let found = Some(module.clone()).into_iter().chain((2..=names.len() + 1).map(numbered)).find(free);
        taken.push(found.unwrap_or(module));
    }
    taken
}

fn module(name: &str) -> String {
    let letters: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let begins = letters.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins && !KEPT.contains(&letters.as_str()) { letters } else { format!("net_{letters}") }
}

/// A value as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        // JSON's texts are Python's, too.
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{}: {}", json!(name), python(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_can_be_imported() {
        let names = ["resnet20", "finetune-resnet20", "2 × wide", "no.1", "lambda", "x²", "a-b", "a_b", "a_b_2"];
        let modules = modules(&names);
        let expected = ["resnet20", "finetune_resnet20", "net_2___wide", "no_1", "net_lambda", "x_", "a_b", "a_b_2"];
        assert_eq!(modules[..8], expected);
        assert_eq!(modules[8], "a_b_2_2", "each has a file of its own");
    }

    #[test]
    fn settings_are_python() {
        let value = json!({"a": [1, 2.5, null], "b": true, "c": "x\"y\n"});
        assert_eq!(python(&value), "{\"a\": [1, 2.5, None], \"b\": True, \"c\": \"x\\\"y\\n\"}");
    }
}
