//! Where things are in a run folder, and what folders are called.

use std::path::{Path, PathBuf};

pub(super) const EXPERIMENT: &str = "experiment.toml";
pub(super) const INFO: &str = "run.json";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const OUTCOME: &str = "outcome.json";
pub(super) const LOCK: &str = ".lock";
pub(super) const NOTES: &str = "notes.json";
pub(super) const TRASH: &str = ".trash";
pub(super) const METRICS: &str = "metrics.csv";
pub(super) const GRADIENTS: &str = "gradients.csv";
pub(super) const CONFUSION: &str = "confusion.csv";
pub(super) const PREDICTIONS: &str = "predictions.bin";

/// The folder that runs go to unless somebody says otherwise; `None` where the user has no data directory.
#[must_use]
pub fn default_place() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "residual-lab").map(|dirs| dirs.data_dir().join("runs"))
}

/// A name in lower case with single dashes for all that is neither letter nor digit, at most 60 characters.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let short: String = slug.chars().take(60).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "unnamed".to_owned() } else { short.to_owned() }
}

/// One folder for each arm, in order. Names that differ only in punctuation get numbers.
pub(super) fn arm_folders<'a>(run: &Path, names: impl Iterator<Item = &'a str>) -> Vec<PathBuf> {
    let mut slugs: Vec<String> = Vec::new();
    for name in names {
        let slug = slug(name);
        let free = numbered(&slug).find(|candidate| !slugs.contains(candidate));
        slugs.push(free.unwrap_or(slug));
    }
    slugs.into_iter().map(|slug| run.join("arms").join(slug)).collect()
}

/// `name`, `name-2`, `name-3` …
pub(super) fn numbered(name: &str) -> impl Iterator<Item = String> {
    let again = (2u32..).map(move |count| format!("{name}-{count}"));
    std::iter::once(name.to_owned()).chain(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_readable_folder_names() {
        assert_eq!(slug("Plain vs. Residual (56 layers)"), "plain-vs-residual-56-layers");
        assert_eq!(slug("  α = ½, Größe  "), "α-½-größe");
        assert_eq!(slug("---"), "unnamed");
        assert_eq!(slug(&"long name ".repeat(20)).len(), 59);
    }

    #[test]
    fn arms_whose_names_look_alike_get_folders_of_their_own() {
        let folders = arm_folders(Path::new("run"), ["a b", "a-b", "A.B", "c"].into_iter());
        let expected = ["a-b", "a-b-2", "a-b-3", "c"].map(|slug| Path::new("run").join("arms").join(slug));
        assert_eq!(folders, expected);
    }
}
