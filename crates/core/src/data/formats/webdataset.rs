//! Tar archives of `WebDataset`: a picture and what is known about it have the same name with different endings, such as
//! `000017.jpg` and `000017.cls`. Format: <https://github.com/webdataset/webdataset>.

use super::folder::{Role, is_picture};
use super::labelled::{Labels, Row};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found};
use crate::data::names::name_of;
use crate::data::store::{Entry, Kind, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// What a description in JSON calls the class.
const KEYS: [&str; 5] = ["label", "cls", "class", "label_name", "class_name"];

/// The longest description that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// An archive, or a folder with the parts of a data set in an archive each; `None` where no classes lie beside pictures.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    if !matches!(store, Store::Disk) {
        let Some(rows) = rows(store, folder)? else { return Ok(None) };
        return Labels { train: rows, own: Vec::new() }.found(folder, store, Vec::new()).map(Some);
    }
    let is_tar = |entry: &&Entry| entry.kind == Kind::File && name_of(&entry.path).to_lowercase().ends_with(".tar");
    let tars = |entries: &[Entry]| entries.iter().filter(is_tar).map(|entry| entry.path.clone()).collect::<Vec<_>>();
    let entries = store.entries(folder)?;
    let mut shards = tars(&entries);
    let parts: Vec<PathBuf> = entries.into_iter().filter(|it| it.kind == Kind::Folder).map(|it| it.path).collect();
    for part in parts.iter().filter(|part| part_of(part).is_some()) {
        shards.extend(tars(&store.entries(part)?));
    }
    let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    if shards.is_empty() {
        return Ok(None);
    }
    let store = Store::of_archives(&shards)?;
    for path in shards {
        let Some(rows) = rows(&store, &path)? else { return Ok(None) };
        // Its own name comes before that of its folder.
        let above = path.parent().filter(|above| *above != folder);
        match Role::named(&path.file_stem().unwrap_or_default().to_string_lossy()).or_else(|| part_of(above?)) {
            Some(Role::Validation) => validation.extend(rows),
            Some(Role::Test) => test.extend(rows),
            Some(Role::Train) | None => train.extend(rows),
        }
    }
    let choice = (!validation.is_empty() && !test.is_empty()).then(|| Choice {
        used: "validating on the archives val; those named test are left out".to_owned(),
        unused: "the archives test are left out".to_owned(),
    });
    let own = if validation.is_empty() { test } else { validation };
    let found = Labels { train, own }.found(folder, &store, Vec::new())?;
    Ok(Some(Found { choice, ..found }))
}

/// The part that a folder is called by.
fn part_of(folder: &Path) -> Option<Role> {
    Role::named(&folder.file_name()?.to_string_lossy())
}

/// The pictures of an archive with their classes; `None` where these are said otherwise than by files beside the pictures.
///
/// # Errors
/// Some pictures have a class beside them, and others none.
fn rows(store: &Store, root: &Path) -> Result<Option<Vec<Row>>, DataError> {
    let mut groups: BTreeMap<PathBuf, (Option<PathBuf>, Option<PathBuf>)> = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for Entry { path, kind } in store.entries(&folder)? {
            if kind == Kind::Folder {
                folders.push(path);
                continue;
            }
            // The key ends at the first dot of the name.
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some((key, ending)) = name.split_once('.') else { continue };
            let group = groups.entry(path.with_file_name(key)).or_default();
            match ending.to_lowercase().as_str() {
                "cls" => group.1 = Some(path),
                "json" if group.1.is_none() => group.1 = Some(path),
                _ if is_picture(&path) && group.0.is_none() => group.0 = Some(path),
                _ => {}
            }
        }
    }
    let (mut rows, mut without) = (Vec::new(), Vec::new());
    let says_classes = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("cls"));
    let is_meant =
        groups.values().any(|(picture, about)| picture.is_some() && about.as_deref().is_some_and(says_classes));
    for (key, (picture, about)) in groups {
        let Some(picture) = picture else { continue };
        let class = match about {
            Some(about) if store.length(&about)? <= MAX_FILE => class(&about, &store.read(&about)?),
            _ => None,
        };
        match class {
            Some(class) => rows.push(Row { path: picture, class }),
            None if is_meant => without.push(name_of(&key)),
            None => return Ok(None),
        }
    }
    if let Some(first) = without.first() {
        let (count, all) = (without.len(), without.len() + rows.len());
        let has = if count == 1 { "has" } else { "have" };
        let problem = format!("{count} of its {all} samples {has} a picture and no class, the first of them {first}");
        let advice = format!("put {first}.cls beside it, with its class, or leave such samples out");
        return Err(DataError::unusable(root, problem, advice));
    }
    Ok((!rows.is_empty()).then_some(rows))
}

fn class(path: &Path, bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?.trim();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        let about: Value = serde_json::from_str(text).ok()?;
        return KEYS.iter().find_map(|key| match about.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
    }
    (!text.is_empty() && text.len() < 256).then(|| text.to_owned())
}
