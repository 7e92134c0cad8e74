//! What arrays are called that hold images and their labels.

use crate::data::formats::folder::Role;
use std::path::{Path, PathBuf};

/// Names of arrays of images, and of those of labels, without the word for the part.
const IMAGES: [&str; 10] = ["x", "images", "image", "imgs", "img", "data", "features", "dataset", "pictures", "inputs"];
const LABELS: [&str; 9] = ["y", "labels", "label", "lbls", "targets", "target", "lbl", "outputs", "labs"];

/// Words for parts that stand before or behind such a name.
const PARTS: [(&str, Role); 7] = [
    ("training", Role::Train),
    ("train", Role::Train),
    ("validation", Role::Validation),
    ("valid", Role::Validation),
    ("val", Role::Validation),
    ("dev", Role::Validation),
    ("test", Role::Test),
];

/// Names of arrays with names of classes.
const CLASSES: [&str; 5] = ["classes", "classnames", "labelnames", "names", "categories"];

/// What an array is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    Images(Option<Role>),
    Labels(Option<Role>),
    Classes,
}

/// By an array's name.
pub(super) fn meant(path: &Path) -> Option<Meant> {
    let stem = path.file_stem()?.to_string_lossy().to_lowercase();
    let name: String = stem.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let kind = |rest: &str, role| {
        if IMAGES.contains(&rest) {
            Some(Meant::Images(role))
        } else if LABELS.contains(&rest) {
            Some(Meant::Labels(role))
        } else {
            None
        }
    };
    if CLASSES.contains(&&*name) {
        return Some(Meant::Classes);
    }
    let of_part = |(word, role): &(&str, Role)| {
        let rests = [name.strip_prefix(word), name.strip_suffix(word)];
        rests.into_iter().flatten().find_map(|rest| kind(rest.trim_start_matches("set"), Some(*role)))
    };
    kind(&name, None).or_else(|| PARTS.iter().find_map(of_part))
}

/// Arrays that were saved without names, which `NumPy` numbers: images and labels in turn.
pub(super) fn numbered(paths: &[PathBuf]) -> Option<Vec<Meant>> {
    let is_numbered = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("arr_"));
    let parts: &[Option<Role>] = match paths.len() {
        2 => &[None],
        4 => &[Some(Role::Train), Some(Role::Test)],
        6 => &[Some(Role::Train), Some(Role::Validation), Some(Role::Test)],
        _ => return None,
    };
    let meant = parts.iter().flat_map(|part| [Meant::Images(*part), Meant::Labels(*part)]).collect();
    paths.iter().all(is_numbered).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_called_in_many_ways() {
        for (meant_so, names) in [
            (
                Meant::Images(Some(Role::Train)),
                "x_train X_train trainX train_x train_images Xtrain train_data train_set_x",
            ),
            (Meant::Labels(Some(Role::Validation)), "y_val y_valid val_labels valid_y validation_labels"),
            (Meant::Labels(Some(Role::Test)), "y_test testY test_labels test_targets"),
            (Meant::Images(None), "x X images data imgs"),
            (Meant::Labels(None), "y labels target lbls"),
            (Meant::Classes, "classes class_names"),
        ] {
            names.split(' ').for_each(|name| assert_eq!(meant(Path::new(name)), Some(meant_so), "{name}"));
        }
        for name in ["weights", "conv1.weight", "train", "xy", ""] {
            assert_eq!(meant(Path::new(name)), None, "{name}");
        }
    }
}
