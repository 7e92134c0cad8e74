//! Where things are in a study's folder.

use super::checked::Trial;
use crate::files::dashed;
pub(super) use crate::runs::TRIALS;
use std::path::{Path, PathBuf};

pub(super) const STUDY: &str = "study.toml";
pub(super) const CLAIMS: &str = "claims";
pub(super) const STOP: &str = "stop";
pub(super) const TRIAL: &str = "trial.json";

/// What a trial's folder is called: its number first, which alone counts, then what a person wants to see.
pub(super) fn trial_name(trial: &Trial, seeds: usize) -> String {
    let seed = if seeds > 1 { format!(" seed {}", trial.seed) } else { String::new() };
    let words = format!("{} {}{seed}", number(trial.number), trial.words);
    let name = dashed(&words, |letter| letter.is_alphanumeric() || "._".contains(letter));
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let short: String = parts.join("-").chars().take(80).collect();
    short.trim_end_matches(['-', '.']).to_owned()
}

/// A trial's number as files and folders have it.
fn number(number: u32) -> String {
    format!("{number:04}")
}

/// The number in a trial folder's name.
pub(super) fn number_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

/// The folder that studies go to unless somebody says otherwise; `None` where the user has no data directory.
#[must_use]
pub fn default_place() -> Option<PathBuf> {
    crate::runs::default_place().map(|runs| place_beside(&runs))
}

/// The same beside a folder of runs.
#[must_use]
pub fn place_beside(runs: &Path) -> PathBuf {
    runs.with_file_name("studies")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trial_folders_say_what_they_hold() {
        let words = "plain depth 20, learning_rate 0.01, norm { group = 4 }".to_owned();
        let trial = Trial { number: 7, point: 0, words, settings: Vec::new(), seed: 2 };
        assert_eq!(trial_name(&trial, 3), "0007-plain-depth-20-learning_rate-0.01-norm-group-4-seed-2");
        assert_eq!(trial_name(&Trial { words: String::new(), ..trial.clone() }, 1), "0007");
        assert_eq!(number_of(Path::new("x/0007-plain-depth-20")), Some(7));
        assert_eq!(number_of(Path::new("x/.new")), None);
        let long = Trial { words: "a long name ".repeat(20), ..trial };
        assert_eq!(trial_name(&long, 1).len(), 80);
    }
}
