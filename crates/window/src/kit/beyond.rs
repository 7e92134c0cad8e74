//! What says that something goes on beyond the right edge of what is seen: a scroll bar is there under the pointer only.

use super::theme::{self, Tokens, space};
use eframe::egui::{Align2, FontId, Rect, Ui, vec2};

/// Fades out what goes on to the right of an edge, with a sign in its first line, below which nothing is seen.
pub fn more(ui: &Ui, edge: Rect) {
    const STEPS: u8 = 8;
    let color = Tokens::of(ui).background;
    for step in 0..STEPS {
        let right = edge.right() - 4.0 * f32::from(step);
        let strip = Rect::from_x_y_ranges(right - 4.0..=right, edge.y_range());
        ui.painter().rect_filled(strip, 0.0, color.gamma_multiply(0.9 * (1.0 - f32::from(step) / f32::from(STEPS))));
    }
    let corner = edge.right_top();
    let sign = Rect::from_min_max(corner - vec2(space::L, 0.0), corner + vec2(0.0, theme::ROW - 3.0));
    ui.painter().rect_filled(sign, 0.0, color);
    let font = FontId::new(theme::size::HEADING, theme::semibold());
    ui.painter().text(sign.center(), Align2::CENTER_CENTER, "›", font, Tokens::of(ui).accent);
}
