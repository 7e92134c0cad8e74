//! Folders and the picture files in them, however deep.

use crate::data::content::{Content, content};
use crate::data::error::{DataError, Fault};
use crate::data::left_out::{LeftOut, Why, leave_out};
use crate::data::names::{first_paths, name_of};
use crate::data::store::{Entry, Kind, Store};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Endings of the files that are taken for pictures unseen. Others are looked into.
pub const PICTURE_ENDINGS: [&str; 15] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "gif", "tif", "tiff", "pnm", "pbm", "pgm", "ppm", "pam"];

/// The most folders below one another.
const MAX_DEPTH: usize = 32;

/// How often the same folder is read where several links lead to it.
const MAX_VISITS: u32 = 16;

/// Whether a file's name ends like a picture's.
pub(in crate::data::formats) fn is_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    PICTURE_ENDINGS.contains(&ending.as_str())
}

/// A folder.
pub(in crate::data::formats) struct Tree {
    pub path: PathBuf,
    /// Picture files that lie in it directly.
    pub pictures: Vec<PathBuf>,
    pub folders: Vec<Tree>,
    /// How many pictures of formats that are not read lie in it directly.
    unread: usize,
    /// The same for all links to the same folder.
    identity: PathBuf,
}

impl Tree {
    /// Reads a folder and all below it. Links are followed, but not to where they come from.
    pub fn read(store: &Store, root: &Path, left_out: &mut Vec<LeftOut>) -> Result<Self, DataError> {
        Reader { store, left_out, above: Vec::new(), visits: HashMap::new() }.read(root)
    }

    /// As it is shown.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Picture files in it, however deep.
    pub fn count(&self) -> usize {
        self.pictures.len() + self.folders.iter().map(Self::count).sum::<usize>()
    }

    /// Whether there are pictures of formats that are not read, however deep.
    pub fn has_unread(&self) -> bool {
        self.unread > 0 || self.folders.iter().any(Self::has_unread)
    }

    /// Folders in it with pictures, however deep.
    pub fn filled(&self) -> impl Iterator<Item = &Self> + Clone {
        self.folders.iter().filter(|folder| folder.count() > 0)
    }

    /// Picture files in it, however deep; none twice where several links lead to the same folder.
    pub fn all(&self) -> Vec<PathBuf> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        self.collect(&mut found, &mut seen);
        found.sort();
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<PathBuf>, seen: &mut HashSet<&'a Path>) {
        if seen.insert(&self.identity) {
            found.extend(self.pictures.iter().cloned());
            self.folders.iter().for_each(|folder| folder.collect(found, seen));
        }
    }
}

struct Reader<'a> {
    store: &'a Store,
    left_out: &'a mut Vec<LeftOut>,
    /// The identities of the folders that this one lies in.
    above: Vec<PathBuf>,
    visits: HashMap<PathBuf, u32>,
}

impl Reader<'_> {
    fn read(&mut self, folder: &Path) -> Result<Tree, DataError> {
        let identity = self.store.identity(folder);
        let mut tree = Tree { path: folder.to_owned(), pictures: Vec::new(), folders: Vec::new(), unread: 0, identity };
        let known = self.visits.entry(tree.identity.clone()).or_default();
        *known += 1;
        let visits = *known;
        if self.above.contains(&tree.identity) {
            self.leave_out(Why::Circle, "this link leads back to a folder that it lies in", folder.to_owned());
            return Ok(tree);
        }
        if visits > MAX_VISITS || self.above.len() > MAX_DEPTH {
            self.leave_out(Why::Deep, "this folder lies too deep or has too many links to it", folder.to_owned());
            return Ok(tree);
        }
        self.above.push(tree.identity.clone());
        for Entry { path, kind } in self.store.entries(folder)? {
            match kind {
                Kind::Folder => {
                    let below = self.read(&path)?;
                    tree.folders.push(below);
                }
                Kind::File if is_picture(&path) => tree.pictures.push(path),
                Kind::File => self.look_into(path, &mut tree),
                Kind::BrokenLink => self.leave_out(Why::BrokenLink, "this link leads nowhere", path),
                Kind::Special => self.leave_out(Why::Special, "it is a pipe or a device and no file", path),
            }
        }
        self.above.pop();
        Ok(tree)
    }

    fn look_into(&mut self, path: PathBuf, tree: &mut Tree) {
        let fault = match self.store.start(&path).map(|start| content(&start)) {
            Ok(Content::Picture) => return tree.pictures.push(path),
            Ok(Content::Unread(what)) => {
                tree.unread += 1;
                Fault::Unread(what)
            }
            Ok(Content::Other(what)) => Fault::Other(what.called()),
            Ok(Content::Packed(what)) => Fault::Other(what),
            Ok(Content::Empty) => Fault::Empty,
            Ok(Content::Unknown) => Fault::Unknown,
            Err(error) => {
                let (kind, reason) = error.reason();
                return self.leave_out(kind, &reason, path);
            }
        };
        self.leave_out(fault.kind(), &fault.reason(), path);
    }

    fn leave_out(&mut self, kind: Why, reason: &str, path: PathBuf) {
        leave_out(self.left_out, kind, reason, path);
    }
}

/// Names of folders for a message.
pub(super) fn listed(folders: &[&Tree]) -> String {
    first_paths(&folders.iter().map(|folder| &folder.path).collect::<Vec<_>>())
}
