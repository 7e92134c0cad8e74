//! The table of formats, and what lies at a path. A new format is a file here and a row in the table.

mod batches;
mod cifar;
mod cifar_python;
mod class_names;
mod colours;
mod file_names;
mod folder;
mod idx;
mod idx_files;
mod labelled;
mod matlab;
mod npz;
mod numbered;
mod numpy;
mod parquet;
mod part_columns;
mod part_lists;
mod pickle;
mod pictures;
mod pixel_table;
mod stl10;
pub mod subset;
mod svhn;
mod table;
mod webdataset;

pub use class_names::class_names;
pub use folder::PICTURE_ENDINGS;
pub(super) use folder::test_folder;

use super::content::{Content, Thing, content};
use super::error::DataError;
use super::found::{Format, Found};
use super::names::{FEW, name_of, shown_path};
use super::store::{Entry, Kind, Store};
use crate::names::first_few;
use std::fs;
use std::path::{Path, PathBuf};

/// All formats, in the order in which they are tried. Pictures by their names and by folders come last: most things can be
/// taken for them.
const FORMATS: [Format; 12] = [
    idx::FORMAT,
    cifar::FORMAT,
    subset::FORMAT,
    npz::FORMAT,
    stl10::FORMAT,
    svhn::FORMAT,
    parquet::FORMAT,
    webdataset::FORMAT,
    table::FORMAT,
    pixel_table::FORMAT,
    file_names::FORMAT,
    folder::FORMAT,
];

/// How many folders deep a data set is looked for where none lies in the folder itself.
const DEEPEST: usize = 3;

/// Opens the data set at a path, whatever its format.
pub(super) fn open(path: &Path) -> Result<Found, DataError> {
    let about = fs::metadata(path).map_err(|error| DataError::reading(path, &error))?;
    if about.is_dir() {
        return open_folder(&Store::Disk, path);
    }
    if !about.is_file() {
        return Err(DataError::unknown(path, "it is neither a file nor a folder"));
    }
    for format in &FORMATS {
        if let Some(found) = (format.open_file)(&Store::Disk, path)? {
            return Ok(class_names::named(&Store::Disk, folder_of(path), found));
        }
    }
    if is_part(path) {
        return open_folder(&Store::Disk, folder_of(path));
    }
    match Store::of_archive(path)? {
        Some(archive) => open_archive(&archive, path),
        None => Err(DataError::unknown(path, hint_for_file(path)?)),
    }
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

fn open_archive(archive: &Store, path: &Path) -> Result<Found, DataError> {
    let mut found = open_folder(archive, path)?;
    // Names in the archive come before those beside it.
    if !class_names::lie_in(archive, path) {
        found = class_names::named(&Store::Disk, folder_of(path), found);
    }
    found.notices.extend(archive.notice());
    Ok(found)
}

/// Whether a file's name says that it belongs to a data set of several files.
fn is_part(path: &Path) -> bool {
    let name = name_of(path).to_lowercase();
    FORMATS.iter().any(|format| (format.is_part)(&name))
}

fn hint_for_file(path: &Path) -> Result<String, DataError> {
    let found = content(&Store::Disk.start(path)?);
    if let Some(what) = unread(path, found) {
        return Ok(format!("it is {what}, which is not read; {ADVICE}"));
    }
    Ok(match found {
        Content::Picture | Content::Unread(_) => {
            "it is a single picture; give a folder with one folder per class".into()
        }
        Content::Packed(what) => format!("it is {what}; unpack it and give the folder"),
        Content::Other(Thing::Html) => "it is an HTML page, not the file that it offers; get that file".into(),
        Content::Other(what) => {
            format!("it is a single file, {}; give the folder that holds the data set", what.called())
        }
        Content::Empty => "it is an empty file; get it again".into(),
        Content::Unknown => "it is a single file; give the folder that holds the data set".into(),
    })
}

/// What to do with images in files that are not read.
const ADVICE: &str = "save images and labels as arrays of NumPy (numpy.savez with x_train and y_train), or pictures in a folder \
                      for each class";

/// What a file with images is called that is none of those that are read, by what it begins with or its name's ending.
fn unread(path: &Path, found: Content) -> Option<&'static str> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match (found, ending.as_str()) {
        (Content::Other(what), _) if what.may_hold_images() => Some(what.called()),
        (Content::Packed(_), "pt" | "pth" | "pt2") => Some("a file of PyTorch"),
        (_, "tfrecord" | "tfrecords") => Some("a TFRecord of TensorFlow"),
        (_, "mdb" | "lmdb") => Some("a database (LMDB)"),
        (_, "mat") => Some("a MATLAB file of another data set than SVHN"),
        _ => None,
    }
}

fn open_folder(store: &Store, path: &Path) -> Result<Found, DataError> {
    if let Some(found) = in_folder(store, path)? {
        return Ok(found);
    }
    let mut deeper = Vec::new();
    look_deeper(store, path, DEEPEST, &mut deeper)?;
    match &deeper[..] {
        [only] => {
            if let Some(mut found) = in_folder(store, only)? {
                found.notices.insert(0, format!("the images were found in {}", shown_path(only)));
                return Ok(found);
            }
        }
        [] => {}
        several => {
            // Parts in folders of their own, below one that says nothing, as the hub's `default/train`.
            let above = several[0].parent().filter(|above| several.iter().all(|it| it.parent() == Some(above)));
            if let Some(above) = above.filter(|above| *above != path)
                && let Some(mut found) = in_folder(store, above)?
            {
                found.notices.insert(0, format!("the images were found in {}", shown_path(above)));
                return Ok(found);
            }
            let all: Vec<String> = several.iter().map(|path| shown_path(path)).collect();
            let hint = format!("there are several deeper down: {}; give one of them", all.join(", "));
            return Err(DataError::unknown(path, hint));
        }
    }
    let inside = store.entries(path)?;
    let packed = packed_below(store, &inside);
    if let (Store::Disk, [(only, _)]) = (store, &packed[..])
        && let Some(archive) = Store::of_archive(only)?
    {
        return open_archive(&archive, only);
    }
    let names: Vec<String> = packed.iter().map(|(path, _)| name_of(path)).collect();
    Err(DataError::unknown(
        path,
        match &packed[..] {
            [] => hint_for_folder(store, &inside),
            [(_, what)] => format!("it holds only {}, {what}; unpack it and give the folder", names[0]),
            _ => format!("it holds several packed files: {}; give one of them, or unpack them", names.join(", ")),
        },
    ))
}

/// Files that are packed, or those in the folders where there are none.
fn packed_below(store: &Store, inside: &[Entry]) -> Vec<(PathBuf, &'static str)> {
    let here = packed(store, inside);
    if !here.is_empty() {
        return here;
    }
    let folders = inside.iter().filter(|entry| entry.kind == Kind::Folder);
    folders.filter_map(|folder| store.entries(&folder.path).ok()).flat_map(|inside| packed(store, &inside)).collect()
}

/// Files that are archives or otherwise packed, and what they are.
fn packed(store: &Store, inside: &[Entry]) -> Vec<(PathBuf, &'static str)> {
    let what = |path: &Path| match content(&store.start(path).ok()?) {
        Content::Packed(what) => Some(what),
        _ => None,
    };
    let files = inside.iter().filter(|entry| entry.kind == Kind::File).map(|entry| &entry.path);
    files.filter_map(|path| Some((path.clone(), what(path)?))).collect()
}

fn in_folder(store: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    for format in &FORMATS {
        if let Some(found) = (format.open_folder)(store, path)? {
            let found = part_lists::parted(store, path, found)?;
            return Ok(Some(class_names::named(store, path, found)));
        }
    }
    Ok(None)
}

/// Folders below with parts of a data set of several files.
fn look_deeper(store: &Store, path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for Entry { path, .. } in store.entries(path)?.into_iter().filter(|entry| entry.kind == Kind::Folder) {
        if store.entries(&path)?.iter().any(|entry| entry.kind == Kind::File && is_part(&entry.path)) {
            found.push(path);
        } else if depth > 1 {
            look_deeper(store, &path, depth - 1, found)?;
        }
    }
    Ok(())
}

fn hint_for_folder(store: &Store, inside: &[Entry]) -> String {
    let files = || inside.iter().filter(|entry| entry.kind == Kind::File).map(|entry| &entry.path);
    let of = |path: &PathBuf| Some((name_of(path), unread(path, content(&store.start(path).ok()?))?));
    if let Some((name, what)) = files().find_map(of) {
        return format!("{name} in it is {what}, which is not read; {ADVICE}");
    }
    let names: Vec<String> = inside.iter().take(FEW + 1).map(|entry| name_of(&entry.path)).collect();
    if inside.is_empty() {
        "the folder is empty".to_owned()
    } else if inside.iter().any(|entry| entry.kind == Kind::File && folder::is_picture(&entry.path)) {
        "pictures lie in it directly; give each class a folder of its own, or name them by it, as in cat.1.jpg"
            .to_owned()
    } else {
        format!("it holds only {}", first_few(&names, FEW))
    }
}
