//! Names that folders have where a data set is split into parts.

use std::path::Path;

/// What the images of a part are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::data::formats) enum Part {
    Train,
    Validation,
    Test,
}

const WORDS: [(Part, &[&str]); 3] = [
    (Part::Train, &["train", "training", "trn"]),
    (
        Part::Validation,
        &["val", "valid", "validation", "validate", "dev", "devel", "development", "eval", "evaluation"],
    ),
    (Part::Test, &["test", "testing", "tst"]),
];

/// What names of parts have beside that word, as in `training_set` or `test-images`.
const FILLERS: [&str; 17] = [
    "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos",
    "split", "part", "folder", "dir", "seg",
];

impl Part {
    /// The part that a folder's name speaks of, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        let mut found = None;
        for word in words(name) {
            let part = Self::word(&word);
            match (part, found) {
                (Some(_), None) => found = part,
                (Some(_), Some(_)) => return None,
                (None, _) if FILLERS.contains(&&*word) || word.bytes().all(|letter| letter.is_ascii_digit()) => {}
                (None, _) => return None,
            }
        }
        found
    }

    /// Also where a filler is written together with it, as in `trainset`.
    fn word(word: &str) -> Option<Self> {
        let is = |word: &str| WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(part, _)| *part);
        is(word).or_else(|| FILLERS.iter().filter_map(|filler| word.strip_suffix(filler)).find_map(is))
    }

    /// Whether a name is one of the plain words, which comes before others.
    pub fn is_plain(name: &str) -> bool {
        WORDS.iter().any(|(_, words)| words.iter().any(|word| name.eq_ignore_ascii_case(word)))
    }
}

/// The name of the folder of images to test on that a file lies in, by its path within the data set.
pub(in crate::data) fn test_folder(file: &Path) -> Option<String> {
    let folders = file.parent()?.components().map(|folder| folder.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<(Part, String)> = folders.filter_map(|name| Some((Part::named(&name)?, name))).collect();
    let is_validation = parts.iter().any(|(part, _)| *part == Part::Validation);
    parts.into_iter().find(|(part, _)| *part == Part::Test && !is_validation).map(|(_, name)| name)
}

/// The words of a name in small letters: parted by signs, by digits and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let kind = |letter: char| match letter {
        letter if letter.is_numeric() => 1,
        letter if letter.is_alphabetic() => 2,
        _ => 0,
    };
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for letter in name.chars() {
        let is_new = kind(letter) != kind(last) || (last.is_lowercase() && letter.is_uppercase());
        match words.last_mut().filter(|_| !is_new) {
            _ if kind(letter) == 0 => {}
            Some(word) => word.extend(letter.to_lowercase()),
            None => words.push(letter.to_lowercase().collect()),
        }
        last = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_many_names_in_any_case() {
        for (part, names) in [
            (Part::Train, "train Train TRAINING training_set trainset Training-Images train2017 TrainData seg_train"),
            (Part::Validation, "val valid Validation dev eval Evaluation val_set valSet val2017 dev-data"),
            (Part::Test, "test Testing test_set testset TEST test1 Test-Images seg_test"),
        ] {
            names.split(' ').for_each(|name| assert_eq!(Part::named(name), Some(part), "{name}"));
        }
        for name in ["trains", "trainer", "train_val", "trainval", "bus", "contest", "value", "device", "7", "set", ""]
        {
            assert_eq!(Part::named(name), None, "{name}");
        }
    }
}
