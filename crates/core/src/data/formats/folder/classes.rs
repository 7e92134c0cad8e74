//! The format: from folders to classes and their picture files.

use super::class::Class;
use super::doubts::is_for_pictures;
use super::layout::Layout;
use super::role::Role;
use super::tree::Tree;
use crate::data::error::DataError;
use crate::data::found::{Format, Found, Listed, Part};
use crate::data::left_out::{self, LeftOut, Why, leave_out};
use crate::data::names::{name_of, shown_path};
use crate::data::store::Store;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The most classes: labels have 16 bits.
const MAX_CLASSES: usize = 1 << 16;

/// The row in the table of formats.
pub(in crate::data::formats) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// The data set whose classes are the subfolders of `folder`, or of folders for training and validation in it, with
/// the pictures at any depth below. `None` if there are no pictures in subfolders.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let mut left_out = Vec::new();
    let root = Tree::read(store, folder, &mut left_out)?;
    if root.filled().next().is_none() {
        // Pictures of formats that are not read are better named than denied.
        return match left_out::in_words(&left_out) {
            Some(words) if root.has_unread() && root.pictures.is_empty() => {
                let problem = format!("it holds no picture that is read: {words}");
                Err(DataError::unusable(folder, problem, "convert these pictures"))
            }
            _ => Ok(None),
        };
    }
    let Layout { train, own, beside, mut notices, choice } = Layout::of(&root)?;
    let named = if train.is_empty() { own.as_deref().unwrap_or_default() } else { &train[..] };
    let (filled, empty): (Vec<Class>, Vec<Class>) = named.iter().copied().partition(|class| class.pictures.count() > 0);
    let empty: Vec<String> = empty.into_iter().map(|class| without_pictures(class.named, &left_out)).collect();
    if filled.len() == 1 && !empty.is_empty() {
        let problem = format!("it has one class only ({}); {}", filled[0].named.name(), empty.join("; "));
        return Err(DataError::unusable(folder, problem, "put pictures there"));
    }
    if filled.len() > MAX_CLASSES {
        let problem = format!("it has {} classes and the limit is {MAX_CLASSES}", filled.len());
        return Err(DataError::unusable(folder, problem, "check that its subfolders are classes"));
    }
    notices.extend(empty);
    for path in beside.iter().flat_map(|folder| &folder.pictures) {
        leave_out(&mut left_out, Why::Beside, "it lies beside the folders of the classes", path.clone());
    }
    let keys: HashMap<&OsStr, u16> = filled.iter().map(key).zip(0..=u16::MAX).collect();
    let classes = filled.iter().map(|class| class.named.name()).collect();
    let own = own.filter(|own| match unsorted(store, own, &keys) {
        Some(folder) => {
            let path = shown_path(&folder.path);
            notices.push(format!("pictures lie in {path} itself, in no folders of classes, and are left out"));
            false
        }
        None => true,
    });
    let labelled = |own: Vec<Class>| match annotated(store, &own, &keys)? {
        Some(listed) => Ok(listed),
        None => with_labels(folder, &own, &keys),
    };
    let own = own.map(labelled).transpose()?.filter(|own| !own.is_empty());
    let train = with_labels(folder, &train, &keys)?;
    Ok(Some(Found {
        name: name_of(folder),
        train: Part::Files(store.clone(), train),
        choice: choice.filter(|_| own.is_some()),
        own: own.map(|own| Part::Files(store.clone(), own)),
        classes,
        notices,
        left_out,
    }))
}

/// What tells classes apart: the name itself, and not what is shown of it.
fn key<'a>(class: &Class<'a>) -> &'a OsStr {
    class.named.path.file_name().unwrap_or_default()
}

fn without_pictures(class: &Tree, left_out: &[LeftOut]) -> String {
    let inside: Vec<LeftOut> = left_out.iter().filter_map(|files| files.below(&class.path)).collect();
    let why = left_out::in_words(&inside).map_or_else(String::new, |words| format!(": {words}"));
    format!("the folder \"{}\" holds no pictures and is no class{why}", class.name())
}

/// The one folder with all pictures of a part that is called like a part or after pictures, and is none of the classes.
fn unsorted<'a>(store: &Store, own: &[Class<'a>], classes: &HashMap<&OsStr, u16>) -> Option<&'a Tree> {
    let [only] = own else { return None };
    let name = only.named.name();
    let is_none = !classes.contains_key(key(only)) && only.pictures.filled().next().is_none();
    let says_nothing = Role::mentioned(&name).is_some() || is_for_pictures(&name);
    let table = only.named.path.with_file_name(ANNOTATIONS.0);
    (is_none && says_nothing && !store.is_file(&table)).then_some(only.named)
}

/// What Tiny ImageNet calls the table of its validation pictures, and how large it may be, in bytes.
const ANNOTATIONS: (&str, u64) = ("val_annotations.txt", 64 << 20);

/// Pictures in one folder whose classes stand in a table beside it: in each line a name, a class, and more.
fn annotated(store: &Store, own: &[Class], classes: &HashMap<&OsStr, u16>) -> Result<Option<Vec<Listed>>, DataError> {
    let [only] = own else { return Ok(None) };
    let (name, largest) = ANNOTATIONS;
    let table = only.named.path.with_file_name(name);
    if classes.contains_key(key(only)) || !store.is_file(&table) || store.length(&table)? > largest {
        return Ok(None);
    }
    let bytes = store.read(&table)?;
    let text = String::from_utf8_lossy(&bytes);
    let row = |line: &'_ str| {
        let (name, rest) = line.split_once('\t')?;
        let class = rest.split('\t').next()?;
        Some((name.to_owned(), *classes.get(OsStr::new(class.trim()))?))
    };
    let labels: HashMap<String, u16> = text.lines().filter_map(row).collect();
    let listed = |path: PathBuf| {
        let label = *labels.get(path.file_name()?.to_str()?)?;
        Some(Listed { path, label })
    };
    Ok(Some(only.pictures.all().into_iter().filter_map(listed).collect()))
}

fn with_labels(folder: &Path, found: &[Class], classes: &HashMap<&OsStr, u16>) -> Result<Vec<Listed>, DataError> {
    let mut listed = Vec::new();
    for class in found.iter().filter(|class| class.pictures.count() > 0) {
        let Some(&label) = classes.get(key(class)) else {
            let problem = format!("its class \"{}\" has validation pictures but none to train on", class.named.name());
            return Err(DataError::unusable(folder, problem, "give both parts the same class folders"));
        };
        listed.extend(class.pictures.all().into_iter().map(|path| Listed { path, label }));
    }
    Ok(listed)
}
