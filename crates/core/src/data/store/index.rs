//! What an archive holds, by path. Nothing is believed of an archive: names that lead out of it, more files than
//! anybody has, or more bytes than its own length explains are refused before anything is unpacked.

use super::entry::{Entry, Kind, is_hidden};
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// The most files.
const MAX_FILES: usize = 1 << 22;

/// The most folders below one another.
const MAX_DEPTH: usize = 64;

/// The most bytes of all files together.
const MAX_BYTES: u64 = 256 << 30;

/// Up to so many bytes, an archive may be packed as well as it likes.
const UNSUSPICIOUS: u64 = 256 << 20;

/// The most that larger archives may be packed. Pictures hardly get smaller at all.
const MAX_RATIO: u64 = 200;

/// The most bytes that may come out of an archive of so many bytes.
pub(in crate::data) fn most(packed: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).clamp(UNSUSPICIOUS, MAX_BYTES)
}

/// Why more is refused.
pub(in crate::data) fn too_much(packed: u64) -> String {
    format!("its files would take more than {} MB, and it has {} MB itself", most(packed) >> 20, packed >> 20)
}

/// A file in an archive.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// In bytes, unpacked.
    pub length: u64,
    /// Where its bytes begin, or its number.
    pub place: u64,
}

/// What an archive holds, by path.
#[derive(Default)]
pub(super) struct Index {
    files: HashMap<PathBuf, Member>,
    folders: HashMap<PathBuf, BTreeMap<OsString, Kind>>,
    total: u64,
}

impl Index {
    /// Adds a file of an archive of so many bytes.
    pub fn add(&mut self, name: &Path, member: Member, packed: u64) -> Result<(), String> {
        let shown = crate::data::names::shown_path(name);
        let mut parts: Vec<&OsStr> = Vec::new();
        for component in name.components() {
            match component {
                Component::Normal(part) => parts.push(part),
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(format!("its file \"{shown}\" would lie outside of it"));
                }
            }
        }
        if parts.len() > MAX_DEPTH {
            return Err(format!("its folders lie more than {MAX_DEPTH} deep"));
        }
        self.total = self.total.saturating_add(member.length);
        if self.total > most(packed) {
            return Err(too_much(packed));
        }
        if self.files.len() >= MAX_FILES {
            return Err(format!("it holds more than {MAX_FILES} files"));
        }
        if parts.is_empty() || parts.iter().any(|part| is_hidden(part.as_encoded_bytes())) {
            return Ok(());
        }
        let mut path = PathBuf::new();
        for (index, part) in parts.iter().enumerate() {
            let kind = if index + 1 == parts.len() { Kind::File } else { Kind::Folder };
            self.folders.entry(path.clone()).or_default().insert((*part).to_owned(), kind);
            path.push(part);
        }
        self.files.insert(path, member);
        Ok(())
    }

    /// A file by its path in the archive.
    pub fn file(&self, path: &Path) -> Option<Member> {
        self.files.get(path).copied()
    }

    /// What a folder holds, in the order of names; paths go on behind `shown`.
    pub fn entries(&self, folder: &Path, shown: &Path) -> Vec<Entry> {
        let inside = self.folders.get(folder).into_iter().flatten();
        inside.map(|(name, kind)| Entry { path: shown.join(name), kind: *kind }).collect()
    }

    /// Whether there is such a folder.
    pub fn has_folder(&self, path: &Path) -> bool {
        self.folders.contains_key(path)
    }
}
