//! Folders that look like classes and may be none: copies of all others, drawings beside the pictures, and classes that lie
//! one folder deeper.

use super::class::{Class, has_classes, unwrapped};
use super::tree::{Tree, listed};
use crate::data::error::DataError;
use crate::data::names::{counted, shown_path};
use crate::names::first_few;
use std::collections::BTreeSet;

/// What folders are called that hold drawings or notes about the pictures beside them.
const DRAWN: [&str; 12] = [
    "annotations",
    "annotation",
    "masks",
    "mask",
    "labels",
    "segmentations",
    "segmentation",
    "trimaps",
    "ground_truth",
    "groundtruth",
    "gt",
    "bounding_boxes",
];

/// What folders are called that hold the pictures themselves.
const PICTURES: [&str; 6] = ["images", "image", "imgs", "img", "pictures", "photos"];

/// Words for one of several parts that a set was cut into, in names that differ by a number alone.
const PIECES: [&str; 7] = ["part", "fold", "batch", "chunk", "split", "images", "set"];

/// Whether a folder is called after the pictures in it.
pub(super) fn is_for_pictures(name: &str) -> bool {
    PICTURES.contains(&&*name.to_lowercase())
}

/// Goes down where, beside what is drawn of them, all pictures lie in one folder.
///
/// # Errors
/// Pictures that no folders sort.
pub(super) fn without_what_is_drawn<'a>(top: &'a Tree, notices: &mut Vec<String>) -> Result<&'a Tree, DataError> {
    let is_drawn = |folder: &&Tree| DRAWN.contains(&&*folder.name().to_lowercase());
    let (drawn, pictures): (Vec<&Tree>, Vec<&Tree>) = top.filled().partition(is_drawn);
    match (&pictures[..], &drawn[..]) {
        ([only], [_, ..]) if has_classes(only) => {
            notices.push(format!("the images were found in {}", shown_path(&only.path)));
            notices.push(format!(
                "{} {} no class and left out",
                listed(&drawn),
                if drawn.len() == 1 { "is" } else { "are" }
            ));
            Ok(unwrapped(only, &mut Vec::new()))
        }
        ([only], [_, ..]) if is_for_pictures(&only.name()) => {
            let problem = format!("pictures lie in {} itself, and {} is no class", only.name(), drawn[0].name());
            Err(DataError::unusable(&top.path, problem, "give each class a folder there, and put its pictures into it"))
        }
        _ => Ok(top),
    }
}

/// Leaves out a folder that holds all the others once more, as archives do that were packed with their own folder in them.
pub(super) fn without_copies<'a>(classes: Vec<Class<'a>>, notices: &mut Vec<String>) -> Vec<Class<'a>> {
    let names: BTreeSet<String> = classes.iter().map(|class| class.named.name()).collect();
    let is_copy = |class: &Class| {
        let inside: BTreeSet<String> = class.pictures.filled().map(Tree::name).collect();
        let others = names.iter().filter(|name| **name != class.named.name());
        class.pictures.pictures.is_empty() && inside.len() > 1 && others.clone().all(|name| inside.contains(name))
    };
    let (copies, kept): (Vec<Class>, Vec<Class>) = classes.iter().copied().partition(is_copy);
    match &copies[..] {
        [copy] if kept.len() > 1 => {
            notices.push(format!(
                "{} holds the folders beside it once more and is left out",
                shown_path(&copy.named.path)
            ));
            kept
        }
        _ => classes,
    }
}

/// What a person should know of classes that may be none.
pub(super) fn doubts(classes: &[Class]) -> Option<String> {
    let filled: Vec<&Tree> =
        classes.iter().filter(|class| class.pictures.count() > 0).map(|class| class.pictures).collect();
    let nested = |folder: &&&Tree| folder.pictures.is_empty() && folder.filled().count() > 1;
    let inside = |folder: &Tree| folder.filled().map(Tree::name).collect::<BTreeSet<String>>();
    let (first, rest) = filled.split_first()?;
    if filled.iter().filter(nested).count() == filled.len() && !rest.is_empty() {
        let names = inside(first);
        if rest.iter().all(|folder| inside(folder) == names) {
            let within = some(&names);
            return Some(format!(
                "the classes are {}, and each of them holds the same folders ({within}); if those are the classes, give \
                 one folder above them, such as {}",
                some(&filled.iter().map(|folder| folder.name()).collect()),
                shown_path(&first.path)
            ));
        }
    }
    if let Some(folder) = filled.iter().find(nested) {
        let as_well = match filled.iter().filter(nested).count() {
            1 => String::new(),
            count => format!("; so it is with {} of the classes", counted(count - 1, "other")),
        };
        return Some(format!(
            "all pictures in {} are of one class, \"{}\", whichever of its folders they lie in ({}){as_well}",
            shown_path(&folder.path),
            folder.name(),
            some(&inside(folder))
        ));
    }
    let without_number =
        |folder: &Tree| folder.name().to_lowercase().trim_end_matches(|it: char| it.is_ascii_digit()).to_owned();
    let stem = without_number(first);
    let are_pieces = stem != first.name().to_lowercase()
        && PIECES.iter().any(|word| stem.contains(word))
        && rest.iter().all(|folder| without_number(folder) == stem);
    (are_pieces && !rest.is_empty()).then(|| {
        format!(
            "the classes are {}, whose names differ by a number; if they are pieces of one set, give each class a folder",
            some(&filled.iter().map(|folder| folder.name()).collect())
        )
    })
}

/// Up to four names.
fn some(names: &BTreeSet<String>) -> String {
    first_few(&names.iter().collect::<Vec<_>>(), 4)
}
