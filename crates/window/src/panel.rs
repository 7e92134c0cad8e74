//! The names of panels, which everybody may know.

use lab_core::verdict::Look;
use serde::Serialize;

/// A panel by the name under which its place and its view are kept. It stays the same in all versions, whatever the
/// panel is called on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PanelId(pub &'static str);

/// Where in an image a decision comes from.
pub const EXPLAIN: PanelId = PanelId("explain");
/// The validation images with what every arm takes them for.
pub const PREDICTIONS: PanelId = PanelId("predictions");
/// What the networks see in pictures.
pub const CLASSIFY: PanelId = PanelId("classify");
/// Loss and accuracy over time.
pub const CURVES: PanelId = PanelId("curves");
/// The gradient in each block.
pub const GRADIENTS: PanelId = PanelId("gradients");
/// What is left without a block.
pub const LESIONS: PanelId = PanelId("lesions");
/// Every block and shortcut.
pub const DIAGRAM: PanelId = PanelId("diagram");
/// Gradients, responses and parameters of every block.
pub const INSIDE: PanelId = PanelId("inside");
/// The loss around the weights, and how gradients reach the input.
pub const LANDSCAPE: PanelId = PanelId("landscape");
/// A learning rate and a batch size to begin with.
pub const FIND: PanelId = PanelId("find");
/// What the images are that the form names.
pub const DATA: PanelId = PanelId("data");
/// A question with a guess, and what measurements say.
pub const LEARN: PanelId = PanelId("learn");
/// A study of one's own.
pub const STUDY: PanelId = PanelId("study");

/// Panels that texts may point at, with their titles.
pub const NAMED: [(PanelId, &str); 8] = [
    (CURVES, "Curves"),
    (GRADIENTS, "Gradients"),
    (LESIONS, "Lesions"),
    (PREDICTIONS, "Predictions"),
    (DIAGRAM, "Diagram"),
    (INSIDE, "Inside"),
    (LANDSCAPE, "Landscape"),
    (STUDY, "Study"),
];

/// Where the reason for a verdict can be looked at, with the panel's title.
#[must_use]
pub fn shows(look: Look) -> (PanelId, &'static str) {
    let panel = match look {
        Look::Curves => CURVES,
        Look::Gradients => GRADIENTS,
        Look::Lesions => LESIONS,
        Look::Predictions => PREDICTIONS,
    };
    let title = NAMED.iter().find(|(known, _)| *known == panel).map_or("", |(_, title)| title);
    (panel, title)
}
