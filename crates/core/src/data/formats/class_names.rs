//! Names of classes from a file beside the images: one a line, with or without numbers or codes before them, or JSON.

use crate::data::error::DataError;
use crate::data::found::Found;
use crate::data::names::{name_of, shown};
use crate::data::store::Store;
use serde_json::Value;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What such files are called.
const NAMES: [&str; 10] = [
    "classes.txt",
    "class_names.txt",
    "classnames.txt",
    "labels.txt",
    "label_names.txt",
    "classes.json",
    "class_names.json",
    "labels.json",
    "imagenet_class_index.json",
    "LOC_synset_mapping.txt",
];

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// What a file says.
#[derive(Debug, PartialEq)]
enum Names {
    /// In the order of the labels.
    InOrder(Vec<String>),
    /// By what stands for the class in the data set: a number, a code.
    ByKey(HashMap<String, String>),
}

impl Names {
    /// How many classes are named; by code and by number is the same class twice.
    fn count(&self) -> usize {
        match self {
            Self::InOrder(names) => names.len(),
            Self::ByKey(names) => names.keys().filter(|key| key.parse::<usize>().is_ok()).count(),
        }
    }
}

fn file_in(store: &Store, folder: &Path) -> Option<PathBuf> {
    NAMES.iter().map(|name| folder.join(name)).find(|path| store.is_file(path))
}

/// Whether a file with names of classes lies in a folder.
pub(super) fn lie_in(store: &Store, folder: &Path) -> bool {
    file_in(store, folder).is_some()
}

/// Gives the classes the names that a file in their folder has for them. Classes that were called by real names keep
/// these.
pub(super) fn named(store: &Store, folder: &Path, mut found: Found) -> Found {
    let Some(path) = file_in(store, folder) else { return found };
    let text = text(store, &path).unwrap_or_default();
    let file = name_of(&path);
    match from(&path, &text).and_then(|names| chosen(&names, &found.classes)) {
        Some(names) => {
            found.classes = names;
            found.left_out.iter_mut().for_each(|left_out| left_out.files.retain(|file| *file != path));
            found.left_out.retain(|left_out| !left_out.files.is_empty());
            found.notices.push(format!("the names of the classes come from {file}"));
        }
        // Real names that are in the file, too, need nothing said about them.
        None if found.classes.iter().all(|class| text.contains(class.as_str())) => {}
        None => found.notices.push(format!(
            "{file} does not name the {} classes ({}, …), so they keep these names",
            found.classes.len(),
            found.classes[0]
        )),
    }
    found
}

/// The names of so many classes, which are numbered from 0, as a file has them: one a line, or JSON.
///
/// # Errors
/// A file that cannot be read, or that does not name each class, or two alike.
pub fn class_names(file: &Path, classes: usize) -> Result<Vec<String>, DataError> {
    let text = text(&Store::Disk, file)?;
    let numbers: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let refused =
        |problem| DataError::unusable(file, problem, "write one name a line, in the order of the classes, or JSON");
    let names = from(file, &text);
    // More names than classes are of other classes, and the first of them are no better than any.
    match names.as_ref().map(Names::count) {
        Some(count) if count > classes => Err(refused(format!("it names {count} classes, and there are {classes}"))),
        _ => names
            .and_then(|names| chosen(&names, &numbers))
            .ok_or_else(|| refused(format!("it does not name {classes} classes, each differently"))),
    }
}

/// What a file says; nothing of one that is far too long.
fn text(store: &Store, path: &Path) -> Result<String, DataError> {
    let bytes = if store.length(path)? > MAX_FILE { Vec::new() } else { store.read(path)? };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn from(path: &Path, text: &str) -> Option<Names> {
    let is_json = path.extension().is_some_and(|ending| ending == "json");
    if is_json { from_json(text) } else { Some(from_lines(text)) }
}

/// The names of classes that are called by numbers or codes; `None` where the file does not name each, or two alike.
fn chosen(names: &Names, classes: &[String]) -> Option<Vec<String>> {
    let numbers: Option<Vec<usize>> = classes.iter().map(|class| class.parse().ok()).collect();
    let chosen: Vec<String> = match names {
        Names::ByKey(names) => classes.iter().map(|class| names.get(class).cloned()).collect::<Option<_>>()?,
        Names::InOrder(names) => {
            let numbers = numbers?;
            let (first, last) = (*numbers.iter().min()?, *numbers.iter().max()?);
            // Some count from one.
            let offset = usize::from(first > 0 && last == names.len());
            numbers.iter().map(|number| names.get(number.checked_sub(offset)?).cloned()).collect::<Option<_>>()?
        }
    };
    let mut apart = chosen.clone();
    apart.sort();
    apart.dedup();
    (apart.len() == classes.len()).then_some(chosen)
}

fn from_lines(text: &str) -> Names {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let split = |line: &&str| {
        let (key, name) = line.split_once([' ', '\t', ',', ':', ';'])?;
        let is_key = key.bytes().any(|letter| letter.is_ascii_digit())
            && key.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"_-".contains(&letter));
        is_key.then(|| (key.to_owned(), clean(name)))
    };
    match lines.iter().map(split).collect::<Option<HashMap<_, _>>>() {
        Some(names) if names.len() == lines.len() => Names::ByKey(names),
        _ => Names::InOrder(lines.into_iter().map(clean).collect()),
    }
}

fn from_json(text: &str) -> Option<Names> {
    match serde_json::from_str(text).ok()? {
        Value::Array(names) => {
            Some(Names::InOrder(names.iter().map(|name| name.as_str().map(clean)).collect::<Option<_>>()?))
        }
        Value::Object(entries) => {
            let mut names = HashMap::new();
            for (key, value) in &entries {
                match value {
                    // By number, by name, or as for ImageNet: by number, a code and a name.
                    Value::String(name) => _ = names.insert(key.clone(), clean(name)),
                    Value::Number(number) => _ = names.insert(number.to_string(), clean(key)),
                    Value::Array(parts) => {
                        let name = clean(parts.last()?.as_str()?);
                        for code in parts.iter().rev().skip(1).filter_map(Value::as_str) {
                            names.insert(code.to_owned(), name.clone());
                        }
                        names.insert(key.clone(), name);
                    }
                    _ => return None,
                }
            }
            Some(Names::ByKey(names))
        }
        _ => None,
    }
}

/// A name as it is shown; of several in a row, as ImageNet has them, the first.
fn clean(name: &str) -> String {
    let name = name.trim().trim_matches('"');
    shown(OsStr::new(name.split(", ").next().unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, is_json: bool, classes: &[&str]) -> Option<Vec<String>> {
        let names = if is_json { from_json(text) } else { Some(from_lines(text)) };
        let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        names.and_then(|names| chosen(&names, &classes))
    }

    #[test]
    fn names_come_in_many_ways() {
        let named = Some(vec!["ape".to_owned(), "bee".to_owned()]);
        for (text, is_json, classes) in [
            ("ape\nbee\n", false, ["0", "1"]),
            ("\u{feff}ape\r\nbee", false, ["1", "2"]),
            ("0 ape\n1 bee", false, ["0", "1"]),
            ("1,bee\n0,ape", false, ["0", "1"]),
            ("n01 ape, great ape\nn02 bee", false, ["n01", "n02"]),
            (r#"["ape", "bee"]"#, true, ["0", "1"]),
            (r#"{"0": "ape", "1": "bee"}"#, true, ["0", "1"]),
            (r#"{"bee": 1, "ape": 0}"#, true, ["0", "1"]),
            (r#"{"0": ["n01", "ape"], "1": ["n02", "bee"]}"#, true, ["n01", "n02"]),
        ] {
            assert_eq!(with(text, is_json, &classes), named, "{text}");
        }
        for (text, is_json, classes) in [
            ("ape\nbee", false, ["cow", "doe"]),
            ("ape\nape", false, ["0", "1"]),
            ("ape", false, ["0", "1"]),
            ("{", true, ["0", "1"]),
            (r#"{"0": {}}"#, true, ["0", "1"]),
        ] {
            assert_eq!(with(text, is_json, &classes), None, "{text}");
        }
    }
}
