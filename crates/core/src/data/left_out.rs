//! Files that are left out, sorted by the reason.

use super::names::{counted, first_paths, shown_path};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Files that are left out for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why: a sentence about the first of them, such as "the file is empty".
    pub reason: String,
    /// Which, in the order in which they were found.
    pub files: Vec<PathBuf>,
    /// What kind of reason it is.
    kind: Why,
}

/// What kind of reason files are left out for, as kept pictures have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::data) enum Why {
    /// It has no bytes.
    Empty,
    /// It is a folder, a pipe or a device.
    #[serde(rename = "no file")]
    NoFile,
    /// A part of the picture is missing.
    #[serde(rename = "cut off")]
    CutOff,
    /// What is there contradicts itself.
    Damaged,
    /// A rare kind of a format that is read.
    Unusual,
    /// Nobody knows what it is.
    Unknown,
    /// Decoding it takes too much memory.
    Memory,
    /// Beyond what is decoded.
    #[serde(rename = "too large")]
    TooLarge,
    /// It is not there any more.
    Missing,
    /// The system does not give it.
    Unreadable,
    /// Anything else that went wrong with it.
    Other,
    /// Its name tells no part that is used.
    Part,
    /// Nothing gives it a class.
    #[serde(rename = "no class")]
    NoClass,
    /// No list or table names it.
    #[serde(rename = "not named")]
    NotNamed,
    /// A list or table names it, and it is not there.
    #[serde(rename = "not there")]
    NotThere,
    /// It lies beside the folders of the classes.
    Beside,
    /// A link that leads back.
    Circle,
    /// It lies too deep.
    Deep,
    /// A link that leads nowhere.
    #[serde(rename = "broken link")]
    BrokenLink,
    /// A pipe or a device.
    Special,
    /// It is something that is not read; what.
    #[serde(untagged)]
    Is(String),
}

impl Why {
    /// Whether such files may be read another time though they are the same.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Missing | Self::Unreadable)
    }
}

impl LeftOut {
    /// The files' paths as they are shown.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| shown_path(file)).collect()
    }

    /// Those of them in a folder.
    pub(super) fn below(&self, folder: &Path) -> Option<Self> {
        let files: Vec<PathBuf> = self.files.iter().filter(|file| file.starts_with(folder)).cloned().collect();
        (!files.is_empty()).then(|| Self { files, ..self.clone() })
    }
}

/// Adds a file to those that are left out for a reason of the same kind, or starts a new kind.
pub(super) fn leave_out(left_out: &mut Vec<LeftOut>, kind: Why, reason: impl Into<String>, file: PathBuf) {
    match left_out.iter_mut().find(|known| known.kind == kind) {
        Some(known) => known.files.push(file),
        None => left_out.push(LeftOut { reason: reason.into(), files: vec![file], kind }),
    }
}

/// All of them in one sentence; `None` if there are none.
pub(super) fn in_words(left_out: &[LeftOut]) -> Option<String> {
    let count: usize = left_out.iter().map(|known| known.files.len()).sum();
    let reason = |LeftOut { reason, files, .. }: &LeftOut| {
        let count = if left_out.len() == 1 { " ".to_owned() } else { format!("{} ", files.len()) };
        let of_each = || ["it is ", "the file is "].iter().find_map(|start| reason.strip_prefix(start));
        let each = if files.len() > 1 { of_each().map(|rest| format!("each is {rest}")) } else { None };
        format!("{count}because {} ({})", each.as_deref().unwrap_or(reason), first_paths(files))
    };
    let was = if count == 1 { "was" } else { "were" };
    let reasons: Vec<String> = left_out.iter().map(reason).collect();
    let all = reasons.join("; ");
    let which = if reasons.len() == 1 { all } else { format!(": {all}") };
    (count > 0).then(|| format!("{} {was} left out{which}", counted(count, "file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_written_as_kept_pictures_have_them() {
        let kinds = [(Why::CutOff, "cut off"), (Why::Missing, "missing"), (Why::Is("a video".to_owned()), "a video")];
        for (kind, words) in kinds {
            let text = format!("\"{words}\"");
            assert_eq!(serde_json::to_string(&kind).unwrap(), text);
            assert_eq!(serde_json::from_str::<Why>(&text).unwrap(), kind);
        }
    }
}
