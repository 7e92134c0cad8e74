//! SVHN's cropped digits: MATLAB files with images `X` (height × width × 3 × number) and labels `y`, where 10 means 0.
//! Format: <http://ufldl.stanford.edu/housenumbers/>.

use super::matlab;
use super::numbered::{self, Numbered};
use crate::data::error::DataError;
use crate::data::found::{Format, Found};
use crate::data::images::{Images, check_size};
use crate::data::names::shown_path;
use crate::data::store::Store;
use std::path::Path;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part, open_folder: open, open_file };

/// The largest file that is read, in bytes: SVHN's extra part has 1.3 GB.
const MAX_FILE: u64 = 4 << 30;

fn is_part(name: &str) -> bool {
    ["train_32x32.mat", "test_32x32.mat"].contains(&name)
}

/// The data set in a folder with SVHN's files; `None` without them.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let part = |name: &str| {
        let path = folder.join(name);
        store.is_file(&path).then(|| read(store, &path)).transpose()
    };
    let (train, own) = (part("train_32x32.mat")?, part("test_32x32.mat")?);
    if train.is_none() && own.is_none() {
        return Ok(None);
    }
    let extra = folder.join("extra_32x32.mat");
    let notices = if store.is_file(&extra) { vec![format!("{} is left out", shown_path(&extra))] } else { Vec::new() };
    let found = numbered::found(folder, Numbered { train, own, notices })?;
    Ok(Some(Found { name: "SVHN".to_owned(), ..found }))
}

/// A MATLAB file of another name with such arrays.
fn open_file(store: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    let is_known = path.file_name().is_some_and(|name| is_part(&name.to_string_lossy().to_lowercase()));
    if is_known || !matlab::starts(&store.start(path)?) {
        return Ok(None);
    }
    let train = Some(read(store, path)?);
    numbered::found(path, Numbered { train, own: None, notices: Vec::new() }).map(Some)
}

fn read(store: &Store, path: &Path) -> Result<Images, DataError> {
    let length = store.length(path)?;
    if length > MAX_FILE {
        let problem = format!("it has {} MB and the limit is {} MB", length >> 20, MAX_FILE >> 20);
        return Err(DataError::unusable(path, problem, "use a part of it"));
    }
    let bytes = store.read(path)?;
    if bytes.starts_with(b"MATLAB 7.3") || bytes.starts_with(b"\x89HDF") {
        let problem = "it is a MATLAB file of version 7.3, which is HDF5 and not read";
        return Err(DataError::unusable(path, problem, "save it as version 7 (save -v7, scipy.io.savemat)"));
    }
    let mut arrays = matlab::read(&bytes).map_err(|problem| DataError::damaged(path, problem))?;
    let lacking = || {
        let problem = "it should hold bytes X of height×width×3×number and as many labels y";
        DataError::damaged(path, problem)
    };
    let mut take = |name: &str| {
        let place = arrays.iter().position(|array| array.name == name).ok_or_else(lacking)?;
        Ok(arrays.swap_remove(place))
    };
    let (images, labels) = (take("X")?, take("y")?);
    let [height, width, channels @ (1 | 3), count] = images.shape[..] else { return Err(lacking()) };
    check_size(path, count, [channels, height, width])?;
    let labels: Option<Vec<u16>> =
        labels.integers().and_then(|labels| labels.into_iter().map(|label| u16::try_from(label).ok()).collect());
    let labels = labels.filter(|labels| labels.len() == count).ok_or_else(lacking)?;
    let pixels = images.into_bytes().ok_or_else(lacking)?;
    // MATLAB stores columns; turned over, they are rows. The digit 0 has the label 10.
    let labels = labels.into_iter().map(|label| if label == 10 { 0 } else { label }).collect();
    let by_columns =
        Images { channels, height: width, width: height, pixels: pixels.into(), labels, files: Vec::new() };
    Ok(by_columns.transposed())
}
