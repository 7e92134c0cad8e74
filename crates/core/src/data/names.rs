//! Names of files and folders as they are shown: on one line, and different names always differently.

use crate::names::first_few;
use std::ffi::OsStr;
use std::path::Path;

/// A name with whatever cannot be shown written as `\n`, `\u{202e}` or, where it is not UTF-8, `\xe9`.
pub(super) fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() || turns_or_breaks(letter) {
                text.extend(letter.escape_default());
            } else {
                text.push(letter);
            }
        }
        chunk.invalid().iter().for_each(|byte| text += &format!("\\x{byte:02x}"));
    }
    text
}

/// A path likewise.
pub(super) fn shown_path(path: &Path) -> String {
    shown(path.as_os_str())
}

/// Marks that end a line or turn the direction of writing.
fn turns_or_breaks(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The last part of a path.
pub(super) fn name_of(path: &Path) -> String {
    match path.file_name() {
        Some(name) => shown(name),
        // `.` and `..` have no name of their own, but the folder they stand for does.
        None => path
            .canonicalize()
            .map_or_else(|_| shown_path(path), |full| shown(full.file_name().unwrap_or(full.as_os_str()))),
    }
}

/// Names of a list that a message shows.
pub(super) const FEW: usize = 5;

/// Up to as many paths, for a message.
pub(super) fn first_paths(paths: &[impl AsRef<Path>]) -> String {
    let names: Vec<String> = paths.iter().take(FEW + 1).map(|path| shown_path(path.as_ref())).collect();
    first_few(&names, FEW)
}

/// "1 file", "2 files".
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
