//! The table of formats, and what lies at a path. A new format is a file here and a row in the table.

mod cifar;
mod folder;
mod idx;
pub mod subset;

use super::error::DataError;
use super::found::{Format, Found, entries, first_few, name_of};
use std::fs;
use std::path::{Path, PathBuf};

/// All formats, in the order in which they are tried. Folders of pictures come last: they are told by least.
const FORMATS: [Format; 4] = [idx::FORMAT, cifar::FORMAT, subset::FORMAT, folder::FORMAT];

/// Opens the data set at a path, whatever its format.
pub(super) fn open(path: &Path) -> Result<Found, DataError> {
    let about = fs::metadata(path).map_err(|error| DataError::reading(path, &error))?;
    if about.is_dir() {
        return open_folder(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if is_part(&name) {
        return open_folder(path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")));
    }
    for format in FORMATS.iter().filter(|_| about.is_file()) {
        if let Some(found) = (format.open_file)(path)? {
            return Ok(found);
        }
    }
    let hint = if [".zip", ".tar", ".tgz", ".gz", ".7z"].iter().any(|end| name.ends_with(end)) {
        "it is an archive; unpack it and give the folder"
    } else {
        "it is a single file; give the folder that holds the data set"
    };
    Err(DataError::unknown(path, hint))
}

/// Whether a file's name says that it belongs to a data set of several files.
fn is_part(name: &str) -> bool {
    FORMATS.iter().any(|format| (format.is_part)(name))
}

fn open_folder(path: &Path) -> Result<Found, DataError> {
    for format in &FORMATS {
        if let Some(found) = (format.open_folder)(path)? {
            return Ok(found);
        }
    }
    let inside = entries(path)?;
    let holds = |folder: &&PathBuf| {
        folder.is_dir() && entries(folder).is_ok_and(|inside| inside.iter().any(|file| is_part(&name_of(file))))
    };
    Err(DataError::unknown(
        path,
        if inside.is_empty() {
            "the folder is empty".to_owned()
        } else if let Some(deeper) = inside.iter().find(holds) {
            format!("there is one in {}; give that folder", deeper.display())
        } else if inside.iter().any(|file| name_of(file) == "data_batch_1") {
            "these are CIFAR's files for Python; get the binary version".to_owned()
        } else if inside.iter().any(|file| folder::is_picture(file)) {
            "pictures lie in it directly, and each class needs a folder of its own".to_owned()
        } else {
            let names: Vec<PathBuf> = inside.iter().map(|path| name_of(path).into()).collect();
            format!("it holds only {}", first_few(&names))
        },
    ))
}
