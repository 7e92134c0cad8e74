//! The names of panels, which everybody may know.

use lab_core::verdict::Look;
use serde::{Serialize, Serializer};

/// A panel by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelId {
    /// What its place and its view are kept under. It stays the same in all versions.
    pub id: &'static str,
    /// What it is called on the screen.
    pub title: &'static str,
}

impl PanelId {
    /// A panel that is kept under `id`.
    #[must_use]
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, title }
    }
}

impl Serialize for PanelId {
    /// What is kept does not depend on what it is called on the screen.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// Where in an image a decision comes from.
pub const EXPLAIN: PanelId = PanelId::new("explain", "Explain");
/// The validation images with what every arm takes them for.
pub const PREDICTIONS: PanelId = PanelId::new("predictions", "Predictions");
/// What the networks see in pictures.
pub const CLASSIFY: PanelId = PanelId::new("classify", "Classify");
/// Loss and accuracy over time.
pub const CURVES: PanelId = PanelId::new("curves", "Curves");
/// The gradient in each block.
pub const GRADIENTS: PanelId = PanelId::new("gradients", "Gradients");
/// What is left without a block.
pub const LESIONS: PanelId = PanelId::new("lesions", "Lesions");
/// Every block and shortcut.
pub const DIAGRAM: PanelId = PanelId::new("diagram", "Diagram");
/// Gradients, responses and parameters of every block.
pub const INSIDE: PanelId = PanelId::new("inside", "Inside");
/// The loss around the weights, and how gradients reach the input.
pub const LANDSCAPE: PanelId = PanelId::new("landscape", "Landscape");
/// A learning rate and a batch size to begin with.
pub const FIND: PanelId = PanelId::new("find", "Find");
/// What the images are that the form names.
pub const DATA: PanelId = PanelId::new("data", "Data");
/// A question with a guess, and what measurements say.
pub const LEARN: PanelId = PanelId::new("learn", "Learn");
/// A study of one's own.
pub const STUDY: PanelId = PanelId::new("study", "Study");

/// Panels that texts may point at.
pub const NAMED: [PanelId; 8] = [CURVES, GRADIENTS, LESIONS, PREDICTIONS, DIAGRAM, INSIDE, LANDSCAPE, STUDY];

/// Where the reason for a verdict can be looked at.
#[must_use]
pub fn shows(look: Look) -> PanelId {
    match look {
        Look::Curves => CURVES,
        Look::Gradients => GRADIENTS,
        Look::Lesions => LESIONS,
        Look::Predictions => PREDICTIONS,
    }
}
