//! The guided experiments that there are: those that come with the program, in the order in which they are best done, then
//! a person's own files.

use super::lesson::{Lesson, LessonError};
use crate::files::user_data;
use std::fs;
use std::path::{Path, PathBuf};

macro_rules! entries {
    ($($id:literal,)*) => {
        /// Names and files of those that come with the program.
        const WITH_THE_PROGRAM: &[(&str, &str)] =
            &[$(($id, include_str!(concat!("../../../../assets/learn/", $id, ".toml"))),)*];
    };
}

entries! {
    "shortcut",
    "degradation",
    "gradients",
    "speed",
    "parameters",
    "overfitting",
    "depth-or-width",
    "blocks",
    "shattered",
    "decay",
    "initialisation",
    "optimisers",
    "pre-activation",
    "pooling",
}

/// The folder in which a person's own guided experiments are looked for; `None` where the user has no data directory.
#[must_use]
pub fn own_lessons() -> Option<PathBuf> {
    user_data().map(|folder| folder.join("learn"))
}

/// Every guided experiment, and why a file of the person's own is none.
#[must_use]
pub fn lessons() -> Vec<Result<Lesson, LessonError>> {
    let with_the_program = WITH_THE_PROGRAM.iter().map(|(id, text)| Lesson::from_toml(id, text));
    with_the_program.chain(own_files().iter().map(|path| read(path))).collect()
}

/// The guided experiment of this name, or in this file.
///
/// # Errors
/// There is none, or what is wrong with its file.
pub fn lesson(name: &str) -> Result<Lesson, LessonError> {
    if let Some((id, text)) = WITH_THE_PROGRAM.iter().find(|(id, _)| *id == name) {
        return Lesson::from_toml(id, text);
    }
    let own = own_files();
    if let Some(path) = own.iter().find(|path| id(path) == name) {
        return read(path);
    }
    if Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
        return read(Path::new(name));
    }
    let names = WITH_THE_PROGRAM.iter().map(|(id, _)| (*id).to_owned()).chain(own.iter().map(|path| id(path)));
    Err(LessonError::Unknown { name: name.to_owned(), known: names.collect::<Vec<_>>().join(", ") })
}

/// The person's own files, by name.
fn own_files() -> Vec<PathBuf> {
    let entries = own_lessons().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")));
    files.sort();
    files
}

fn id(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Lesson, LessonError> {
    let text = fs::read_to_string(path).map_err(|error| LessonError::Read { path: path.to_owned(), error })?;
    Lesson::from_toml(&id(path), &text)
        .map_err(|error| LessonError::InFile { path: path.to_owned(), error: Box::new(error) })
}
