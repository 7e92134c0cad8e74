//! Archives of `NumPy` arrays: `train_images`, `train_labels` and so on as `MedMNIST` has them, `x_train` as Keras does, and
//! what scripts call them. Formats: <https://medmnist.com>, <https://keras.io/api/datasets/mnist/>.

mod labels;
mod names;
mod pixels;

use super::folder::Role;
use super::numbered::{self, Numbered};
use crate::data::error::DataError;
use crate::data::formats::numpy::Header;
use crate::data::found::{Choice, Format, Found};
use crate::data::images::Images;
use crate::data::names::{name_of, shown, shown_path};
use crate::data::store::Store;
use names::Meant;
use pixels::Values;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, open_file, is_part };

fn is_part(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}

/// An archive of arrays by itself.
fn open_file(_: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz")) {
        return Ok(None);
    }
    let Some(archive) = Store::of_archive(path)? else {
        return Err(DataError::damaged(path, "it is no archive of NumPy arrays"));
    };
    let Some(found) = open(&archive, path)? else {
        let names: Vec<String> = archive.entries(path)?.iter().map(|entry| name_of(&entry.path)).collect();
        let problem = format!("it holds the arrays {}", names.join(", "));
        let advice = "name the images and their labels train_images and train_labels, val_images …, test_images …";
        return Err(DataError::unusable(path, problem, advice));
    };
    Ok(Some(found))
}

/// Images and their labels.
struct Pair<'a> {
    role: Option<Role>,
    images: &'a Path,
    labels: &'a Path,
}

/// The arrays that lie in a folder, or in an archive.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let is_array = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
    let paths: Vec<PathBuf> = store.entries(folder)?.into_iter().map(|it| it.path).filter(is_array).collect();
    let numbered = names::numbered(&paths);
    let meant: Vec<Option<Meant>> = match &numbered {
        Some(numbered) => numbered.iter().copied().map(Some).collect(),
        None => paths.iter().map(|path| names::meant(path)).collect(),
    };
    let of = |wanted: Meant| {
        paths.iter().zip(&meant).find(|(_, meant)| **meant == Some(wanted)).map(|(path, _)| path.as_path())
    };
    let pair =
        |role: Option<Role>| Some(Pair { role, images: of(Meant::Images(role))?, labels: of(Meant::Labels(role))? });
    let [plain, train, validation, test] =
        [None, Some(Role::Train), Some(Role::Validation), Some(Role::Test)].map(pair);
    let choice = (validation.is_some() && test.is_some()).then(|| Choice {
        used: "validating on its validation images; its test images are left out".to_owned(),
        unused: "its test images are left out".to_owned(),
    });
    let left_out = if choice.is_some() { test.as_ref().map(|pair| [pair.images, pair.labels]) } else { None };
    let (train, own) = (train.or(plain), validation.or(test));
    let pairs: Vec<Pair> = train.into_iter().chain(own).collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    let classes = of(Meant::Classes)
        .map(|path| store.read(path))
        .transpose()?
        .and_then(|bytes| Header::read(&bytes)?.texts(&bytes));
    let used: Vec<&Path> =
        pairs.iter().flat_map(|pair| [pair.images, pair.labels]).chain(left_out.into_iter().flatten()).collect();
    let is_used =
        |path: &&PathBuf| used.contains(&path.as_path()) || (classes.is_some() && of(Meant::Classes) == Some(path));
    let unused: Vec<String> = paths.iter().filter(|path| !is_used(path)).map(|path| name_of(path)).collect();
    let mut found = read(store, folder, &pairs)?;
    if !unused.is_empty() {
        found.notices.push(format!("arrays that are not used: {}", unused.join(", ")));
    }
    if let Some(names) = classes {
        name_classes(&mut found, &names);
    }
    Ok(Some(Found { choice, ..found }))
}

/// Calls the classes, which are numbered from 0, by these names, where there are enough of them.
fn name_classes(found: &mut Found, names: &[String]) {
    let named = |class: &String| names.get(class.parse::<usize>().ok()?).map(|name| shown(OsStr::new(name)));
    let named: Option<Vec<String>> = found.classes.iter().map(named).collect();
    match named {
        Some(named) => found.classes = named,
        None => found.notices.push("the array with names of classes does not name each of them".to_owned()),
    }
}

fn read(store: &Store, folder: &Path, pairs: &[Pair]) -> Result<Found, DataError> {
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for pair in pairs {
        let images = Values::read(pair.images, store.read(pair.images)?)?;
        let found = labels::read(&store.read(pair.labels)?);
        let found = found.map_err(|why| {
            let problem = format!("{} {why}", shown_path(pair.labels));
            DataError::unusable(pair.images, problem, "give each image one class")
        })?;
        values.push(images);
        labels.push(found);
    }
    let scale = Values::scale(folder, &values.iter().collect::<Vec<_>>())?;
    let (labels, names) = labels::together(labels)
        .map_err(|problem| DataError::unusable(folder, problem, "save labels of all parts alike"))?;
    let mut notices: Vec<String> = scale.notice().into_iter().map(str::to_owned).collect();
    let (mut train, mut own) = (None, None);
    for ((pair, values), labels) in pairs.iter().zip(values).zip(labels) {
        let [count, channels, height, width] = values.shape;
        if labels.len() != count {
            let problem =
                format!("it announces {count} images of {width}×{height} pixels; there are {} labels", labels.len());
            return Err(DataError::damaged(pair.images, problem));
        }
        if let Some(notice) = values.notice.filter(|notice| !notices.iter().any(|known| known == notice)) {
            notices.push(notice.to_owned());
        }
        let pixels = values.planes(scale).into();
        let images = Images { channels, height, width, pixels, labels, files: Vec::new() };
        match pair.role {
            None | Some(Role::Train) => train = Some(images),
            Some(Role::Validation | Role::Test) => own = Some(images),
        }
    }
    let mut found = numbered::found(folder, Numbered { train, own, notices })?;
    if let Some(names) = names {
        let called = |class: &String| {
            class.parse().ok().and_then(|place: usize| names.get(place)).map(|name| shown(OsStr::new(name)))
        };
        found.classes = found.classes.iter().map(|class| called(class).unwrap_or_else(|| class.clone())).collect();
    }
    Ok(found)
}
