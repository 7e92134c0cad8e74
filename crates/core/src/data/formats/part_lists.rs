//! Lists that say which pictures are of which part, beside pictures that folders or names sort: of their names, one a line, as
//! Food-101, DTD and MIT's indoor scenes have them, or of their numbers, as CUB has it.

use super::folder::Role;
use super::pictures::Pictures;
use crate::data::error::DataError;
use crate::data::found::{Choice, Found, Listed, Part};
use crate::data::left_out::{Why, leave_out};
use crate::data::names::shown_path;
use crate::data::store::{Entry, Kind, Store};
use crate::experiment::decoded;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The largest list that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// CUB's lists of numbers with names, and of numbers with a 1 where they are to train on.
const NUMBERS: &str = "images.txt";
const SPLIT: &str = "train_test_split.txt";

/// What a list names, by the part that it names it for.
type Named<'a> = BTreeMap<Role, BTreeSet<&'a Path>>;

/// A list that names pictures which are there.
struct List<'a> {
    path: PathBuf,
    named: Named<'a>,
    /// What it names and is not there.
    missing: Vec<String>,
}

/// Gives the pictures of a data set that has nothing to validate on the parts that lists beside them say.
pub(super) fn parted(store: &Store, folder: &Path, found: Found) -> Result<Found, DataError> {
    let (Part::Files(_, train), None) = (&found.train, &found.own) else { return Ok(found) };
    let all: Vec<PathBuf> = train.iter().map(|listed| listed.path.clone()).collect();
    let (files, common) = files(store, folder, &all)?;
    if files.is_empty() {
        return Ok(found);
    }
    let pictures = Pictures::of(all, &common);
    let mut lists = Vec::new();
    for path in files {
        lists.extend(List::read(store, path, &pictures)?);
    }
    let of = |role: Role| lists.iter().find(|list| list.named.contains_key(&role));
    let used = [Role::Train, Role::Validation, Role::Test].map(of);
    let names =
        |list: Option<&List>, role: Role, path: &Path| list.is_some_and(|list| list.named[&role].contains(path));
    let [train, validation, test] = used;
    let role = |path: &Path| match () {
        () if names(test, Role::Test, path) => Some(Role::Test),
        () if names(validation, Role::Validation, path) => Some(Role::Validation),
        () => Some(Role::Train).filter(|_| train.is_none() || names(train, Role::Train, path)),
    };
    let roles: Vec<Option<Role>> = pictures.all.iter().map(|path| role(path)).collect();
    let has = |role: Role| roles.contains(&Some(role));
    if !has(Role::Train) || !(has(Role::Validation) || has(Role::Test)) {
        return Ok(found);
    }
    let used: Vec<&List> = lists.iter().filter(|list| used.iter().flatten().any(|it| it.path == list.path)).collect();
    Ok(divided(folder, found, &roles, &used, lists.len() - used.len()))
}

/// The data set with its pictures in these parts, which the lists in use say.
fn divided(folder: &Path, found: Found, roles: &[Option<Role>], used: &[&List], unused: usize) -> Found {
    let Found { train: Part::Files(store, pictures), mut notices, mut left_out, .. } = found else { return found };
    let mut parts: BTreeMap<Option<Role>, Vec<Listed>> = BTreeMap::new();
    for (picture, role) in pictures.into_iter().zip(roles) {
        parts.entry(*role).or_default().push(picture);
    }
    let mut of = |role: Option<Role>| parts.remove(&role).unwrap_or_default();
    let (train, validation, test) = (of(Some(Role::Train)), of(Some(Role::Validation)), of(Some(Role::Test)));
    for Listed { path, .. } in of(None) {
        leave_out(&mut left_out, Why::NotNamed, "no list of a part names it", path);
    }
    left_out.iter_mut().for_each(|left_out| left_out.files.retain(|file| !used.iter().any(|list| list.path == *file)));
    left_out.retain(|left_out| !left_out.files.is_empty());
    for name in used.iter().flat_map(|list| &list.missing) {
        leave_out(&mut left_out, Why::NotThere, "a list names it, and it is not there", folder.join(name));
    }
    let files: Vec<String> =
        used.iter().map(|list| shown_path(list.path.strip_prefix(folder).unwrap_or(&list.path))).collect();
    let others = match unused {
        0 => String::new(),
        1 => "; 1 other like these is not used".to_owned(),
        more => format!("; {more} others like these are not used"),
    };
    notices.push(format!("the parts come from {}{others}", files.join(" and ")));
    let has_both = !validation.is_empty() && !test.is_empty();
    let choice = has_both.then(|| Choice::instead_of_test("val", test.len(), "picture"));
    let own = if validation.is_empty() { test } else { validation };
    let own = Some(Part::Files(store.clone(), own));
    Found { train: Part::Files(store, train), own, notices, left_out, choice, ..found }
}

/// What may be lists by their names, plain ones before others: in the folders from the data set's down to the one that holds
/// all pictures, and in those beside these that hold none. With them comes that folder.
fn files(store: &Store, folder: &Path, pictures: &[PathBuf]) -> Result<(Vec<PathBuf>, PathBuf), DataError> {
    let mut filled: HashSet<&Path> = HashSet::new();
    for picture in pictures {
        // What is above a folder that is known is known, too.
        picture.ancestors().skip(1).take_while(|above| filled.insert(above)).for_each(drop);
    }
    let is_list = |path: &Path| {
        path.extension().is_some_and(|it| it == "txt" || it == "lst")
            && (Role::mentioned(&stem(path)).is_some() || path.file_name().is_some_and(|name| name == SPLIT))
    };
    let mut files = Vec::new();
    let mut common = folder.to_owned();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        let mut with = Vec::new();
        for Entry { path, kind } in store.entries(&here)? {
            match kind {
                Kind::Folder if filled.contains(path.as_path()) => with.push(path),
                Kind::Folder if filled.contains(here.as_path()) => folders.push(path),
                Kind::File if is_list(&path) => files.push(path),
                _ => {}
            }
        }
        if let [only] = &with[..] {
            common.clone_from(only);
            folders.append(&mut with);
        }
    }
    files.sort_by_cached_key(|path| (!Role::is_plain(&stem(path)), path.clone()));
    Ok((files, common))
}

impl<'a> List<'a> {
    fn read(store: &Store, path: PathBuf, pictures: &'a Pictures) -> Result<Option<Self>, DataError> {
        let lines = lines(store, &path)?;
        if let Some(role) = Role::mentioned(&stem(&path)) {
            return Ok(Self::of(path, lines.iter().map(|line| (line.as_str(), role)), pictures));
        }
        let names = path.with_file_name(NUMBERS);
        if !store.is_file(&names) {
            return Ok(None);
        }
        let in_two = |line: &String| line.split_once(' ').map(|(one, other)| (one.to_owned(), other.trim().to_owned()));
        let names: HashMap<String, String> = self::lines(store, &names)?.iter().filter_map(in_two).collect();
        let row = |line: &String| {
            let (number, is_to_train) = in_two(line)?;
            Some((names.get(&number)?.as_str(), if is_to_train == "1" { Role::Train } else { Role::Test }))
        };
        Ok(Self::of(path, lines.iter().filter_map(row), pictures))
    }

    /// A list that names so for parts; `None` where most of it names no picture.
    fn of<'n>(path: PathBuf, rows: impl Iterator<Item = (&'n str, Role)>, pictures: &'a Pictures) -> Option<Self> {
        let (mut named, mut missing, mut count) = (Named::new(), Vec::new(), 0_usize);
        for (name, role) in rows {
            count += 1;
            let first = || name.split([' ', '\t', ',']).next().unwrap_or(name);
            match pictures.find(name, "", None).or_else(|| pictures.find(first(), "", None)) {
                Some(picture) => drop(named.entry(role).or_default().insert(picture)),
                None => missing.push(name.to_owned()),
            }
        }
        (missing.len() * 2 < count).then_some(Self { path, named, missing })
    }
}

/// The lines of a list that say something; none of one that is too long or no text.
fn lines(store: &Store, path: &Path) -> Result<Vec<String>, DataError> {
    let bytes = if store.length(path)? > MAX_FILE { Vec::new() } else { store.read(path)? };
    let text = decoded(&bytes).unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
