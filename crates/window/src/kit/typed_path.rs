//! Paths as people type and paste them.

use std::path::{Path, PathBuf};

/// A path as it was typed: in quotes, as an address, or from their home folder.
#[must_use]
pub fn read(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_people_type_them() {
        assert_eq!(read("  \"/tmp/a b.png\" "), Path::new("/tmp/a b.png"));
        assert_eq!(read("file:///tmp/x.png"), Path::new("/tmp/x.png"));
        assert!(read("~/x.png").is_absolute());
    }
}
