//! Files that are left out, sorted by the reason.

use super::names::{counted, first_paths, shown_path};
use std::path::{Path, PathBuf};

/// Files that are left out for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why: a sentence about the first of them, such as "the file is empty".
    pub reason: String,
    /// Which, in the order in which they were found.
    pub files: Vec<PathBuf>,
    /// What kind of reason it is.
    kind: String,
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
pub(super) fn leave_out(left_out: &mut Vec<LeftOut>, kind: &str, reason: impl Into<String>, file: PathBuf) {
    match left_out.iter_mut().find(|known| known.kind == kind) {
        Some(known) => known.files.push(file),
        None => left_out.push(LeftOut { reason: reason.into(), files: vec![file], kind: kind.to_owned() }),
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
    let told = if reasons.len() == 1 { all } else { format!(": {all}") };
    (count > 0).then(|| format!("{} {was} left out{told}", counted(count, "file")))
}
