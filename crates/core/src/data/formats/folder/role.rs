//! Names that folders have where a data set is split into parts.

use std::path::Path;

/// What the images of a part are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::data::formats) enum Role {
    Train,
    Validation,
    Test,
}

/// In English, and in the languages of data sets that were met.
const WORDS: [(Role, &[&str]); 3] = [
    (
        Role::Train,
        &[
            "train",
            "training",
            "trn",
            "trainings",
            "entrainement",
            "entraînement",
            "apprentissage",
            "entrenamiento",
            "treino",
            "addestramento",
            "训练",
            "訓練",
            "学習",
            "학습",
            "훈련",
        ],
    ),
    (
        Role::Validation,
        &[
            "val",
            "valid",
            "validation",
            "validate",
            "dev",
            "devel",
            "development",
            "eval",
            "evaluation",
            "validierung",
            "validacion",
            "validación",
            "validacao",
            "validação",
            "验证",
            "驗證",
            "検証",
            "검증",
        ],
    ),
    (Role::Test, &["test", "testing", "tst", "prueba", "pruebas", "teste", "测试", "測試", "テスト", "테스트"]),
];

/// What names of parts have beside that word, as in `training_set` or `test-images`.
const FILLERS: [&str; 22] = [
    "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos",
    "split", "part", "folder", "dir", "seg", "public", "private", "daten", "bilder", "集",
];

impl Role {
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

    /// The one part that a name speaks of, whatever else it says, as in `trainLabels` or `mnist_test`.
    pub fn mentioned(name: &str) -> Option<Self> {
        let mut found = words(name).into_iter().filter_map(|word| Self::word(&word));
        let part = found.next()?;
        found.all(|other| other == part).then_some(part)
    }

    /// The parts that folders side by side are of where their names are the same but for the word, as in `Final_Train` and
    /// `Final_Test`; `None` where one is of no part, or none is one to train on.
    pub fn of_siblings<'a>(names: impl Iterator<Item = &'a str>) -> Option<Vec<Self>> {
        let named = |name: &str| {
            let rest: Vec<String> = words(name).into_iter().filter(|word| Self::word(word).is_none()).collect();
            Some((Self::mentioned(name)?, rest))
        };
        let named: Vec<(Self, Vec<String>)> = names.map(named).collect::<Option<_>>()?;
        let parts: Vec<Self> = named.iter().map(|(part, _)| *part).collect();
        let are_alike = named.windows(2).all(|two| two[0].1 == two[1].1 && two[0].0 != two[1].0);
        (are_alike && parts.len() > 1 && parts.contains(&Self::Train)).then_some(parts)
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
    let parts: Vec<(Role, String)> = folders.filter_map(|name| Some((Role::named(&name)?, name))).collect();
    let is_validation = parts.iter().any(|(part, _)| *part == Role::Validation);
    parts.into_iter().find(|(part, _)| *part == Role::Test && !is_validation).map(|(_, name)| name)
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
            (Role::Train, "train Train TRAINING training_set trainset Training-Images train2017 TrainData seg_train"),
            (Role::Validation, "val valid Validation dev eval Evaluation val_set valSet val2017 dev-data"),
            (Role::Train, "Trainingsdaten 训练集 entrenamiento entraînement"),
            (Role::Test, "Testdaten 测试 prueba"),
            (Role::Test, "test Testing test_set testset TEST test1 Test-Images seg_test"),
        ] {
            names.split(' ').for_each(|name| assert_eq!(Role::named(name), Some(part), "{name}"));
        }
        for (part, name) in
            [(Role::Train, "trainLabels"), (Role::Test, "mnist_test"), (Role::Validation, "LOC_val_solution")]
        {
            assert_eq!((Role::named(name), Role::mentioned(name)), (None, Some(part)), "{name}");
        }
        assert_eq!(Role::mentioned("train_valid"), None);
        for (names, parts) in [
            (["Final_Training", "Final_Test"], Some(vec![Role::Train, Role::Test])),
            (["asl_test", "asl_train"], Some(vec![Role::Test, Role::Train])),
            (["red train", "blue test"], None),
            (["train station", "bus station"], None),
        ] {
            assert_eq!(Role::of_siblings(names.into_iter()), parts, "{names:?}");
        }
        for name in ["trains", "trainer", "train_val", "trainval", "bus", "contest", "value", "device", "7", "set", ""]
        {
            assert_eq!(Role::named(name), None, "{name}");
        }
    }
}
