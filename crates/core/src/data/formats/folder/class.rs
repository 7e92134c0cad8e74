//! Folders that are classes, and folders that hold such.

use super::tree::Tree;
use crate::data::names::shown_path;

#[derive(Clone, Copy)]
pub(super) struct Class<'a> {
    /// The folder that has its name.
    pub named: &'a Tree,
    /// The folder with its pictures: the same one, or a part in it.
    pub pictures: &'a Tree,
}

impl<'a> Class<'a> {
    /// All folders of one.
    pub fn all(folder: &'a Tree) -> Vec<Self> {
        folder.folders.iter().map(|class| Self { named: class, pictures: class }).collect()
    }
}

/// Goes down where everything lies in one folder that holds folders of pictures itself: that one is the data set.
pub(super) fn unwrapped<'a>(mut folder: &'a Tree, notices: &mut Vec<String>) -> &'a Tree {
    let from = folder;
    loop {
        let mut inside = folder.filled();
        match (inside.next(), inside.next()) {
            (Some(only), None) if folder.pictures.is_empty() && has_classes(only) => folder = only,
            _ => break,
        }
    }
    if folder.path != from.path {
        notices.push(format!("the images were found in {}", shown_path(&folder.path)));
    }
    folder
}

/// Whether folders in it hold pictures.
pub(super) fn has_classes(folder: &Tree) -> bool {
    folder.filled().next().is_some()
}
