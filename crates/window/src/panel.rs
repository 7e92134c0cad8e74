//! The names of panels, which everybody may know.

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
