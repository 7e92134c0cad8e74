//! Pictures by the names that a table or a list may have for them.

use super::folder::Role;
use crate::data::names::shown_path;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Pictures by their names.
pub(super) struct Pictures {
    pub all: Vec<PathBuf>,
    /// With folders, as it lies below the data set's.
    by_path: HashMap<String, PathBuf>,
    /// The name alone, with its ending and without, in small letters.
    by_name: HashMap<String, Vec<PathBuf>>,
}

impl Pictures {
    /// These, which lie below `folder`.
    pub fn of(all: Vec<PathBuf>, folder: &Path) -> Self {
        let (mut by_path, mut by_name) = (HashMap::new(), HashMap::<String, Vec<PathBuf>>::new());
        for path in &all {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            for path_in_it in [inside.to_owned(), inside.with_extension("")] {
                by_path.entry(with_slashes(&path_in_it.to_string_lossy())).or_insert_with(|| path.clone());
                let name = path_in_it.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
                let known = by_name.entry(name).or_default();
                if known.last() != Some(path) {
                    known.push(path.clone());
                }
            }
        }
        Self { all, by_path, by_name }
    }

    /// The picture that a table which lies in `home`, below the data set's folder, calls so: with all its folders or the
    /// last of them, as those before may be another machine's, else by its name alone, in letters of either size, with
    /// its ending, another one, or none. Of several the one in a folder that is called by the part which the row is of, else the
    /// one that is in no such folder.
    pub fn find(&self, name: &str, home: &str, role: Option<Role>) -> Option<&Path> {
        let name = with_slashes(name);
        let name = name.strip_prefix("./").unwrap_or(&name);
        if !home.is_empty()
            && let Some(found) = self.by_path.get(&format!("{home}/{name}"))
        {
            return Some(found);
        }
        let mut rest = name;
        loop {
            if (rest == name || rest.contains('/'))
                && let Some(found) = self.by_path.get(rest)
            {
                return Some(found);
            }
            match rest.split_once('/') {
                Some((_, after)) => rest = after,
                None => break,
            }
        }
        let alone = rest.to_lowercase();
        let stem = || Path::new(&alone).with_extension("").to_string_lossy().into_owned();
        let known = self.by_name.get(&alone).or_else(|| self.by_name.get(&stem()))?;
        match &known[..] {
            [only] => Some(only),
            several => {
                let only_in = |role: Option<Role>| {
                    let is_in = |path: &&PathBuf| path.ancestors().skip(1).find_map(part_of) == role;
                    let mut fitting = several.iter().filter(is_in);
                    fitting.next().filter(|_| fitting.next().is_none()).map(PathBuf::as_path)
                };
                only_in(role).or_else(|| only_in(None))
            }
        }
    }

    /// Whether all of them lie in one folder, or in folders that are called by parts, so that folders say no classes.
    pub fn are_unsorted(&self) -> bool {
        let first = self.all.first().and_then(|picture| picture.parent());
        first.is_some() && self.all.iter().all(|it| it.parent() == first || it.parent().and_then(part_of).is_some())
    }

    /// Whether several are called so, whatever folders the name has.
    pub fn are_several(&self, name: &str) -> bool {
        let name = with_slashes(name).to_lowercase();
        let alone = name.rsplit('/').next().unwrap_or(&name);
        self.by_name.get(alone).is_some_and(|known| known.len() > 1)
    }

    /// One of their names, for a message.
    pub fn example(&self) -> String {
        let name = self.all.first().and_then(|path| path.file_name());
        name.map(|name| shown_path(Path::new(name))).unwrap_or_default()
    }
}

fn part_of(folder: &Path) -> Option<Role> {
    Role::named(&folder.file_name()?.to_string_lossy())
}

fn with_slashes(name: &str) -> String {
    name.replace('\\', "/")
}

/// Whether a name is one from the root, or goes up.
pub(super) fn leads_out(name: &str) -> bool {
    Path::new(name).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}
