//! How much room the window has, which decides what it looks like at first.

use eframe::egui::Context;

/// How much room a window has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Enough for a form and two panels side by side.
    Small,
    Large,
}

/// Width and height below which a window is small, in points.
const SMALL: [f32; 2] = [1200.0, 760.0];

impl Room {
    /// What the window has now.
    #[must_use]
    pub fn of(ctx: &Context) -> Self {
        let size = ctx.content_rect().size();
        if size.x < SMALL[0] || size.y < SMALL[1] { Self::Small } else { Self::Large }
    }
}
