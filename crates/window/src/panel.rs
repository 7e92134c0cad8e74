//! The names of the panels, which everybody may know.

use serde::{Deserialize, Serialize};

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Panel {
    /// Everything over time.
    Curves,
    /// Every arm's blocks and shortcuts.
    Diagram,
    /// Gradients by block and step.
    Gradients,
    /// Which classes are taken for which.
    Confusion,
    /// The validation images with what every arm takes them for.
    Predictions,
    /// Gradients and responses of every block at one moment.
    Inside,
    /// Where in an image a decision comes from.
    Explain,
    /// What is left when blocks are cut out.
    Lesions,
    /// The loss around the weights, and how gradients reach the input.
    Landscape,
    /// All runs on disk.
    Runs,
    /// What the networks see in pictures.
    Classify,
    /// Everything that was said.
    Log,
}

impl Panel {
    /// All panels.
    pub const ALL: [Self; 12] = [
        Self::Curves,
        Self::Runs,
        Self::Diagram,
        Self::Gradients,
        Self::Confusion,
        Self::Classify,
        Self::Log,
        Self::Predictions,
        Self::Inside,
        Self::Explain,
        Self::Lesions,
        Self::Landscape,
    ];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Curves => "Curves",
            Self::Diagram => "Diagram",
            Self::Runs => "Runs",
            Self::Gradients => "Gradients",
            Self::Confusion => "Confusion",
            Self::Predictions => "Predictions",
            Self::Inside => "Inside",
            Self::Explain => "Explain",
            Self::Lesions => "Lesions",
            Self::Landscape => "Landscape",
            Self::Classify => "Classify",
            Self::Log => "Log",
        }
    }
}
