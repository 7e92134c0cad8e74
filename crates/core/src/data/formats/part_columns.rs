//! Columns of a table that say which part each of its rows is of. Knows nothing of how tables are written.

use super::folder::Role;

const PARTS: [&str; 9] = ["split", "set", "subset", "part", "data_set", "dataset", "phase", "usage", "partition"];

/// Columns that say yes or no, and what a yes says.
const FLAGS: [(&str, Role); 7] = [
    ("is_valid", Role::Validation),
    ("is_validation", Role::Validation),
    ("is_val", Role::Validation),
    ("is_test", Role::Test),
    ("is_train", Role::Train),
    ("is_training", Role::Train),
    ("is_training_image", Role::Train),
];

/// What `CelebA` and others number the parts by.
const NUMBERED: (&str, [(&str, Role); 3]) =
    ("partition", [("0", Role::Train), ("1", Role::Validation), ("2", Role::Test)]);

/// Which columns say the part.
#[derive(Default)]
pub(super) struct PartColumns {
    /// The one that says it in a word.
    pub word: Option<usize>,
    /// Whether these words are numbers.
    is_numbered: bool,
    flags: Vec<(usize, Role)>,
}

impl PartColumns {
    /// Those among columns of these names, [`normal`] ones; `is_flag` tells whether a column that is called by a part holds
    /// yes and no.
    pub fn among(names: &[String], is_flag: impl Fn(usize) -> bool) -> Self {
        let called = |name: &str| names.iter().position(|it| it == name);
        let word = PARTS.iter().find_map(|name| called(name));
        let flag = |(name, role): &(&str, Role)| Some((called(name).filter(|column| is_flag(*column))?, *role));
        Self {
            word,
            is_numbered: word.is_some_and(|column| names[column] == NUMBERED.0),
            flags: FLAGS.iter().filter_map(flag).collect(),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.word.into_iter().chain(self.flags.iter().map(|(column, _)| *column))
    }

    /// The part of a row with these cells; the first two words that are no part are added to `unknown`.
    pub fn role<'a>(&self, cell: impl Fn(usize) -> Option<&'a str>, unknown: &mut Vec<String>) -> Option<Role> {
        if let Some(word) = self.word.and_then(&cell).filter(|word| !word.is_empty()) {
            match self.part(word) {
                Some(role) => return Some(role),
                None if unknown.len() < 2 && !unknown.iter().any(|it| it == word) => unknown.push(word.to_owned()),
                None => {}
            }
        }
        self.by_flags(|column| cell(column).and_then(truth))
    }

    /// What a person should know of words that are no part, in a column of this name.
    pub fn notice(unknown: &[String], column: &str, file: &str) -> Option<String> {
        let first = unknown.first()?;
        Some(format!(
            "the column \"{column}\" of {file} says \"{first}\"{}, which is no part that is known, so these rows are as those \
             without; write train, val or test there",
            if unknown.len() > 1 { " and others" } else { "" }
        ))
    }

    fn part(&self, word: &str) -> Option<Role> {
        let number = || NUMBERED.1.iter().find(|(number, _)| *number == word).map(|(_, role)| *role);
        Role::named(word).or_else(|| if self.is_numbered { number() } else { None })
    }

    /// What a row's yes and no come to: a yes counts more than a no, and a no to training means testing.
    fn by_flags(&self, said: impl Fn(usize) -> Option<bool>) -> Option<Role> {
        let said: Vec<(Role, bool)> =
            self.flags.iter().filter_map(|(column, role)| Some((*role, said(*column)?))).collect();
        let apart = said.iter().filter(|(role, is)| *is && *role != Role::Train).map(|(role, _)| *role).max();
        let is_not_trained = said.contains(&(Role::Train, false));
        apart.or_else(|| is_not_trained.then_some(Role::Test)).or_else(|| (!said.is_empty()).then_some(Role::Train))
    }
}

/// Whether a cell says yes or no, and which.
pub(super) fn truth(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        number => match number.parse() {
            Ok(1_f64) => Some(true),
            Ok(0_f64) => Some(false),
            _ => None,
        },
    }
}

/// A column's name as it is compared: in small letters and with `_` for whatever parts words.
pub(super) fn normal(name: &str) -> String {
    let name = name.trim_matches(['"', '\'', ' ']);
    name.to_lowercase().replace([' ', '-', '.'], "_")
}
