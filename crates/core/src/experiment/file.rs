//! A plan as TOML text, and single fields of it set from a command line.

use super::{Invalid, Plan, kinds};
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use toml::Value;

/// Why a text is not an experiment.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("cannot read the experiment {}: {why}", .path.display())]
    Unreadable {
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The bytes are no text.
    #[error("{} is not a text file; an experiment is TOML in UTF-8 or UTF-16", .0.display())]
    NoText(PathBuf),
    /// The text is not TOML, or has unknown, missing or ill-typed fields.
    #[error("this is not an experiment: {0}")]
    Parse(String),
    /// A field is out of range.
    #[error("{}", list(.0))]
    Invalid(Vec<Invalid>),
    /// An override names no field or holds no value.
    #[error("cannot set \"{setting}\": {why}")]
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
    /// Reads a plan from a file.
    ///
    /// # Errors
    /// What the system says, a file that is no text, or what [`Self::from_toml`] says.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let bytes = std::fs::read(path).map_err(|why| PlanError::Unreadable { path: path.to_owned(), why })?;
        Self::from_toml(&decoded(&bytes).ok_or_else(|| PlanError::NoText(path.to_owned()))?)
    }

    /// Reads a plan from TOML.
    ///
    /// # Errors
    /// The first thing in the text that is not TOML or not a field of a plan, with its line.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        parsed(text).map_err(PlanError::Parse)
    }

    /// Writes the plan as TOML that [`Self::from_toml`] reads back unchanged.
    ///
    /// # Errors
    /// A seed or limit beyond TOML's signed 64-bit integers.
    pub fn to_toml(&self) -> Result<String, PlanError> {
        toml::to_string_pretty(self).map_err(|error| PlanError::Parse(error.to_string()))
    }
}

/// Reads TOML; what is wrong with it is said in words, with its line.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        format!("line {line}: {}", in_words(error.message()))
    })
}

/// A text in UTF-8, with or without a byte order mark, or in UTF-16 with one, as Windows PowerShell redirects it.
pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2))
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The field that a parser misses.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// What a parser complains about, without the names of Rust's types.
pub(crate) fn in_words(message: &str) -> String {
    if let Some(field) = missing(message) {
        return format!("{field} is missing");
    }
    if message.starts_with("wanted exactly 1 element") {
        return "several were given where one is meant; leave one, as {epochs=6} or {steps=1000}".to_owned();
    }
    if let Some((field, names)) =
        message.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, expected "))
    {
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        return format!("unknown field `{field}`; those that there are here: {}", names.join(", "));
    }
    match must_be(message) {
        Some((must, Some(given))) => format!("it must be {must}, and {given} was given"),
        Some((must, None)) => format!("it must be {must}"),
        None => message.to_owned(),
    }
}

/// What a parser wanted in the place of what it found, and what that was where it says so.
pub(super) fn must_be(message: &str) -> Option<(String, Option<String>)> {
    if let Some(rest) = message.strip_prefix("it must be ") {
        let (must, given) = rest.rsplit_once(", and ").map_or((rest, None), |(must, given)| (must, Some(given)));
        let given = given.and_then(|given| given.strip_suffix(" was given"));
        return Some((must.to_owned(), given.map(str::to_owned)));
    }
    if let Some((given, names)) =
        message.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "))
    {
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        let must = match names[..] {
            ["epochs", "steps"] => "{epochs=6} or {steps=1000}, say".to_owned(),
            [] => return None,
            [only] => only.to_owned(),
            [ref others @ .., last] => format!("{} or {last}", others.join(", ")),
        };
        return Some((must, Some(format!("\"{given}\""))));
    }
    let wrong = ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
    let (given, expected) = wrong?.rsplit_once(", expected ")?;
    let must = match expected {
        "usize" | "u8" | "u16" | "u32" | "u64" => "a whole number of 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "string" => "text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        "newtype variant" => "a table with its value, as in {group=4} or {epochs=6}",
        // What an enumeration says of a number.
        "string only" => "a name, or a table with one",
        other if other.starts_with("internally tagged enum") => "a table with a name, as in { name = \"cosine\" }",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    // The parser names the kind before the value, which the value shows by itself.
    let kinds = ["floating point ", "integer ", "string ", "boolean "];
    let value = kinds.iter().find_map(|kind| given.strip_prefix(kind)).unwrap_or(given);
    // A number that is too large has the name of its type behind it, and a table or a list has none of its own.
    let named = match value.trim_start_matches('`').split('`').next().unwrap_or(value) {
        "map" => "a table",
        "sequence" => "a list",
        other => other,
    };
    Some((must.to_owned(), (value != "unit variant").then(|| named.to_owned())))
}

/// Sets fields of a plan by their paths, as in `recipe.batch_size=64`, `arms[1].network.gain.value=0.5`,
/// `arms[plain].color=3` or `arms[*].network.shortcut=b`, all together, in their order but for kinds of optimisers and
/// schedules (`recipe.optimizer.method=adam`), which come first with their usual settings. A value is TOML; text that is no
/// TOML value counts as a string.
///
/// # Errors
/// A path that leads nowhere, or values that do not fit there.
pub fn with_overrides<S: AsRef<str>>(plan: &Plan, settings: &[S]) -> Result<Plan, PlanError> {
    let unwritable = |error: toml::ser::Error| PlanError::Parse(error.to_string());
    let tree = Value::try_from(plan).map_err(unwritable)?;
    let read = |skipped: Option<usize>| {
        let mut tree = tree.clone();
        let kept = settings.iter().enumerate().filter(|(index, _)| Some(*index) != skipped);
        let (kinds, others): (Vec<&str>, Vec<&str>) =
            kept.map(|(_, setting)| setting.as_ref()).partition(|setting| names_a_kind(setting));
        kinds.into_iter().chain(others).try_for_each(|setting| put(&mut tree, setting))?;
        let all = || settings.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
        tree.clone().try_into::<Plan>().map_err(|error| {
            let lacked = missing(error.message()).and_then(|field| kinds::lacking(&tree, field));
            let why = lacked.map(|(place, usual)| format!("{place} is missing; set it as well, as in {place}={usual}"));
            refused(&all(), &why.unwrap_or_else(|| in_words(error.message())))
        })
    };
    read(None).map_err(|error| {
        // The one setting without which the others make a plan is the one to blame.
        let PlanError::Override { why, .. } = &error else { return error };
        match (0..settings.len()).find(|&index| read(Some(index)).is_ok()) {
            Some(index) => refused(settings[index].as_ref(), why),
            None => error,
        }
    })
}

fn refused(setting: &str, why: &str) -> PlanError {
    PlanError::Override { setting: setting.to_owned(), why: why.to_owned() }
}

/// A setting taken apart at its first `=` outside brackets: the path and the value's text.
pub(crate) fn halves(setting: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    let at = setting.find(|letter| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        letter == '=' && depth == 0
    })?;
    Some((setting[..at].trim(), &setting[at + 1..]))
}

/// A value as it is written in a setting: TOML; text that is no TOML value counts as a string.
pub(crate) fn value(text: &str) -> Value {
    let parsed = toml::from_str::<toml::Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The parts of a path: `arms[plain].network` is `arms`, `plain`, `network`. What is in brackets stays together.
pub(crate) fn steps(path: &str) -> Vec<&str> {
    let mut inside = false;
    let parts = path.split(|letter| {
        inside = letter == '[' || (inside && letter != ']');
        letter == '[' || letter == ']' || (letter == '.' && !inside)
    });
    let mut parts: Vec<&str> = parts.map(str::trim).collect();
    // Between "]" and "." there is nothing.
    parts.retain(|part| !part.is_empty());
    parts
}

fn names_a_kind(setting: &str) -> bool {
    halves(setting).is_some_and(|(path, text)| kinds::named(&steps(path), &value(text)).is_some())
}

/// Puts one value into a plan's tree.
fn put(tree: &mut Value, setting: &str) -> Result<(), PlanError> {
    let usage = "write it as path=value, for example recipe.batch_size=64";
    let (path, text) = halves(setting).ok_or_else(|| refused(setting, &format!("there is no =; {usage}")))?;
    let (steps, value) = (steps(path), value(text));
    if steps.is_empty() {
        return Err(refused(setting, &format!("nothing stands before =; {usage}")));
    }
    if path.contains("[]") {
        return Err(refused(setting, "nothing stands in [ ]: write a place as [0], a name as [plain], or [*] for all"));
    }
    put_below(tree, &steps, 0, &value).map_err(|why| refused(setting, &why))
}

/// Puts a value where the steps from `depth` on lead.
fn put_below(at: &mut Value, steps: &[&str], depth: usize, value: &Value) -> Result<(), String> {
    let rest = steps.get(depth..).unwrap_or_default();
    let kind = kinds::named(steps, value).filter(|_| rest.is_empty() || *rest == ["name"]);
    if let Some((field, name)) = kind.filter(|_| at.is_table()) {
        // The same kind again keeps what was set of it.
        if kinds::name_of(at) != Some(name) {
            *at = kinds::usual(field, name)?;
        }
        return Ok(());
    }
    let Some(step) = rest.first() else {
        *at = value.clone();
        return Ok(());
    };
    match at {
        Value::Array(items) if *step == "*" => {
            items.iter_mut().try_for_each(|item| put_below(item, steps, depth + 1, value))
        }
        Value::Array(items) => {
            let named = |item: &Value| item.get("name").and_then(Value::as_str) == Some(step);
            let place = step.parse().ok().filter(|index| *index < items.len());
            let index = place.or_else(|| items.iter().position(named)).ok_or_else(|| {
                let count = items.len();
                format!("\"{step}\" is not a place in a list of {count} (they count from 0), nor a name there, nor * for all")
            })?;
            put_below(&mut items[index], steps, depth + 1, value)
        }
        // A name may be replaced by a table with what belongs to it, as in norm.group=4.
        Value::String(_)
            if ["norm", "normalization"].contains(&steps.get(depth.wrapping_sub(1)).copied().unwrap_or("")) =>
        {
            *at = Value::Table(toml::Table::new());
            put_below(at, steps, depth, value)
        }
        // A path may replace an either-or value such as length, and may name a field that was left out.
        Value::Table(fields) => {
            let either_or =
                ["length", "evaluate_every", "body"].contains(&steps.get(depth.wrapping_sub(1)).copied().unwrap_or(""));
            if depth + 1 == steps.len() && either_or && !fields.contains_key(*step) {
                fields.clear();
            }
            let below = fields.entry(*step).or_insert_with(|| Value::Table(toml::Table::new()));
            put_below(below, steps, depth + 1, value)
        }
        _ => Err(format!("there is nothing below \"{}\"", steps[..depth].join("."))),
    }
}
