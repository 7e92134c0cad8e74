//! The batches that CIFAR-10's training images come in: which are there, which are missing, and which are there twice.

use crate::data::error::DataError;
use crate::data::names::{first_paths, name_of};
use crate::data::store::{Kind, Store};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const START: &str = "data_batch";

/// How many there are in the whole data set.
const COUNT: u32 = 5;

/// The files to read, and what to say about the others.
pub(super) struct Batches {
    pub files: Vec<PathBuf>,
    pub notices: Vec<String>,
}

/// Whether a file name is one of a batch.
pub(super) fn is_batch(name: &str) -> bool {
    name.starts_with(START) && Path::new(name).extension().is_none_or(|ending| ending == "bin")
}

/// The batches in a folder whose names end like this: `.bin`, or nothing.
pub(super) fn batches(store: &Store, folder: &Path, ending: &str) -> Result<Batches, DataError> {
    let mut numbered: BTreeMap<(u32, String), Vec<PathBuf>> = BTreeMap::new();
    for entry in store.entries(folder)?.into_iter().filter(|entry| entry.kind == Kind::File) {
        let name = name_of(&entry.path);
        let Some(rest) = name.strip_suffix(ending).filter(|rest| is_batch(rest)) else { continue };
        let digits: String =
            rest[START.len()..].trim_start_matches('_').chars().take_while(char::is_ascii_digit).collect();
        // A batch without a number stands for itself.
        let key = digits.parse().map_or_else(|_| (0, name.clone()), |number| (number, String::new()));
        numbered.entry(key).or_default().push(entry.path);
    }
    let (mut files, mut doubles, mut seen) = (Vec::new(), Vec::new(), BTreeMap::new());
    for mut same in numbered.values().cloned() {
        // Copies have longer names, as in `data_batch_2 (1).bin`.
        same.sort_by_key(|path| path.as_os_str().len());
        doubles.extend(same.split_off(1));
        for path in same {
            let mut hasher = DefaultHasher::new();
            store.read(&path)?.hash(&mut hasher);
            match seen.insert(hasher.finish(), path.clone()) {
                None => files.push(path),
                Some(_) => doubles.push(path),
            }
        }
    }
    let missing: Vec<String> = (1..=COUNT)
        .filter(|&number| !numbered.contains_key(&(number, String::new())))
        .map(|number| format!("{START}_{number}{ending}"))
        .collect();
    let mut notices = Vec::new();
    if !files.is_empty() && !missing.is_empty() && !numbered.keys().all(|(number, _)| *number == 0) {
        let (are, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
        let missing = missing.join(", ");
        notices
            .push(format!("{missing} {are} missing, so there are fewer training images; get {them} for all of them"));
    }
    if !doubles.is_empty() {
        let what = if doubles.len() == 1 { "is there twice and was" } else { "are there twice and were" };
        notices.push(format!("{} {what} left out", first_paths(&doubles)));
    }
    Ok(Batches { files, notices })
}
