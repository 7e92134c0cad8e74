//! Pictures in one folder whose names say what they show and count: `cat.0.jpg`, `american_bulldog_17.jpg`, `dog (3).png`.
//! Only where all of them do.

use super::folder::{Role, Tree};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found, Listed, Part};
use crate::data::names::{name_of, shown_path};
use crate::data::store::Store;
use std::collections::BTreeMap;
use std::path::Path;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// What cameras and programs call every picture, in small letters: it says nothing of what is on it.
const CALLED_SO: [&str; 22] = [
    "img",
    "image",
    "images",
    "pic",
    "picture",
    "photo",
    "foto",
    "bild",
    "dsc",
    "dscn",
    "dscf",
    "p",
    "pxl",
    "mvimg",
    "scan",
    "screenshot",
    "frame",
    "vlcsnap",
    "page",
    "file",
    "sample",
    "untitled",
];

/// Pictures by the classes that their names say.
type Classes<'a> = BTreeMap<&'a str, Vec<&'a Path>>;

/// The data set in a folder with nothing but such pictures, or with folders of them that are called by parts.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let mut left_out = Vec::new();
    let root = Tree::read(store, folder, &mut left_out)?;
    let Some((train, others)) = flat(&root) else { return Ok(None) };
    let Some(classes) = classes(train) else { return Ok(None) };
    let names: Vec<String> = classes.keys().map(|class| (*class).to_owned()).collect();
    let listed = |found: &Classes| -> Option<Vec<Listed>> {
        let mut all = Vec::new();
        for (class, pictures) in found {
            let label = u16::try_from(names.binary_search_by(|name| name.as_str().cmp(class)).ok()?).ok()?;
            all.extend(pictures.iter().map(|path| Listed { path: (*path).to_owned(), label }));
        }
        Some(all)
    };
    let Some(to_train_on) = listed(&classes) else { return Ok(None) };
    let (mut own, mut notices, mut choice) = (None, Vec::new(), None);
    for (role, other) in others {
        let path = shown_path(&other.path);
        match parsed(other).and_then(|found| listed(&found)).filter(|_| own.is_none() && role != Role::Train) {
            Some(found) => {
                let unused = format!("{path} is left out");
                choice = Some(Choice { used: format!("validating on {path}"), unused });
                own = Some(Part::Files(store.clone(), found));
            }
            None => notices.push(format!("{path} is left out: its pictures' names say no class that is trained on")),
        }
    }
    let example = classes.values().flatten().next().map(|path| name_of(path)).unwrap_or_default();
    notices.insert(0, format!("classes are taken from the names of the pictures, as in {example}"));
    let train = Part::Files(store.clone(), to_train_on);
    Ok(Some(Found { name: name_of(folder), classes: names, train, own, notices, choice, left_out }))
}

/// The folder with all pictures to train on, in which there are no others, and those of other parts beside it.
fn flat(root: &Tree) -> Option<(&Tree, Vec<(Role, &Tree)>)> {
    let is_flat = |tree: &Tree| !tree.pictures.is_empty() && tree.filled().next().is_none();
    if is_flat(root) {
        return Some((root, Vec::new()));
    }
    let filled: Vec<&Tree> = root.filled().collect();
    if !root.pictures.is_empty() || !filled.iter().all(|folder| is_flat(folder)) {
        return None;
    }
    if let [only] = filled[..] {
        return Some((only, Vec::new()));
    }
    let parts = filled.iter().map(|folder| Some((Role::named(&folder.name())?, *folder)));
    let mut parts = parts.collect::<Option<Vec<(Role, &Tree)>>>()?;
    // Of several other parts the one to validate on comes before one to test on.
    parts.sort_by_key(|(role, _)| *role);
    match parts.split_first()? {
        ((Role::Train, train), others) => Some((train, others.to_vec())),
        _ => None,
    }
}

/// The classes, where there are several of some pictures each, and none is what every picture is called.
fn classes(tree: &Tree) -> Option<Classes<'_>> {
    let found = parsed(tree)?;
    let says_nothing = |class: &str| CALLED_SO.contains(&&*class.to_lowercase()) || Role::named(class).is_some();
    let fits = found.len() > 1 && found.iter().all(|(class, all)| all.len() > 1 && !says_nothing(class));
    fits.then_some(found)
}

/// Pictures by what their names say; `None` where one says nothing.
fn parsed(tree: &Tree) -> Option<Classes<'_>> {
    let mut found = Classes::new();
    for path in &tree.pictures {
        let stem = path.file_stem()?.to_str()?;
        found.entry(class_in(stem)?).or_default().push(path);
    }
    Some(found)
}

/// What a name says before its number, which a sign parts from it unless letters alone stand before.
fn class_in(stem: &str) -> Option<&str> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let stem = stem.strip_suffix(')').unwrap_or(stem);
    let before = stem.trim_end_matches(is_digit);
    let class = before.trim_end_matches(['.', '_', '-', ' ', '(']);
    let is_counted = before.len() < stem.len() && (class.len() < before.len() || !class.contains(is_digit));
    (is_counted && class.starts_with(char::is_alphabetic)).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_says_stands_before_its_number() {
        for (name, class) in [
            ("cat.0", Some("cat")),
            ("american_bulldog_17", Some("american_bulldog")),
            ("dog (3)", Some("dog")),
            ("rose12", Some("rose")),
            ("n01440764_10026", Some("n01440764")),
            ("貓-7", Some("貓")),
            ("20240101_123456", None),
            ("a81bc81b", None),
            ("cat", None),
            ("7", None),
        ] {
            assert_eq!(class_in(name), class, "{name}");
        }
    }
}
