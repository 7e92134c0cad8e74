//! The guided experiments that come with the program, in the order in which they are best done.

use super::lesson::{Lesson, LessonError};

/// A guided experiment that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What a person types, and the name of its file.
    pub id: &'static str,
    text: &'static str,
}

impl Entry {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with its file; none of those that come with the program.
    pub fn lesson(&self) -> Result<Lesson, LessonError> {
        Lesson::from_toml(self.id, self.text)
    }
}

macro_rules! entries {
    ($($id:literal,)*) => {
        /// Every guided experiment.
        pub static LESSONS: &[Entry] = &[$(Entry {
            id: $id,
            text: include_str!(concat!("../../../../assets/learn/", $id, ".toml")),
        },)*];
    };
}

entries! {
    "shortcut",
    "degradation",
    "gradients",
    "speed",
    "parameters",
    "overfitting",
    "depth-or-width",
    "blocks",
    "shattered",
    "decay",
    "initialisation",
    "optimisers",
    "pre-activation",
    "pooling",
}

/// The guided experiment of this name.
#[must_use]
pub fn lesson(id: &str) -> Option<&'static Entry> {
    LESSONS.iter().find(|entry| entry.id == id)
}
