//! How wide blocks are drawn: buttons, Ctrl and the wheel. Knows nothing of what is drawn.

use super::layout::{NARROWEST, NATURAL, WIDEST};
use crate::kit::theme::space;
use crate::kit::widgets::named;
use eframe::egui::scroll_area::ScrollAreaOutput;
use eframe::egui::{Button, InputState, Ui, Vec2, vec2};

/// Room for the buttons, in points.
pub const WIDTH: f32 = 190.0;
/// By how much a button makes everything wider.
const STEP: f32 = 1.25;

/// Makes blocks narrower, as wide as at 100 %, wider, or as wide as there is room (`None`), which is `fitting`.
pub fn buttons(ui: &mut Ui, width: &mut Option<f32>, fitting: f32) {
    let now = width.unwrap_or(fitting);
    let to = |wider: f32| Some(wider.clamp(NARROWEST, WIDEST));
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let small = |text: String| Button::new(text).min_size(vec2(24.0, 0.0));
        let hint = "Ctrl and the mouse wheel zoom, too";
        let out = ui.add_enabled(now > NARROWEST, small("−".into())).on_hover_text(hint);
        if named(ui, out, "Zoom out").clicked() {
            *width = to(now / STEP);
        }
        let whole = ui.add(small(format!("{:.0} %", 100.0 * now / NATURAL)).min_size(vec2(48.0, 0.0)));
        if whole.on_hover_text("At 100 % each block has its layers written inside").clicked() {
            *width = to(NATURAL);
        }
        let closer = ui.add_enabled(now < WIDEST, small("+".into())).on_hover_text(hint);
        if named(ui, closer, "Zoom in").clicked() {
            *width = to(now * STEP);
        }
        let fit = ui.add_enabled(width.is_some(), Button::new("Fit"));
        if fit.on_hover_text("As wide as there is room").clicked() {
            *width = None;
        }
    });
}

/// Zooms by Ctrl and the wheel; gives how far to scroll so that what is under the pointer stays there.
pub fn wheel<R>(ui: &Ui, scroll: &ScrollAreaOutput<R>, width: &mut Option<f32>, now: f32) -> Option<Vec2> {
    let zoom = ui.input(InputState::zoom_delta);
    let at = ui.ctx().pointer_hover_pos().filter(|at| scroll.inner_rect.contains(*at))?;
    if (zoom - 1.0).abs() < 1e-3 {
        return None;
    }
    let wider = (now * zoom).clamp(NARROWEST, WIDEST);
    *width = Some(wider);
    let inside = at - scroll.inner_rect.min;
    Some(((scroll.state.clamped_offset() + inside) * (wider / now) - inside).max(Vec2::ZERO))
}
