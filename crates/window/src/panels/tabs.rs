//! A row of tabs: as many as there is room for, the one in front always among them, and a menu of the others. Knows titles
//! and widths only.

use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{
    Align2, Atom, Button, CursorIcon, FontId, Galley, Id, Response, Role, Sense, Shape, Stroke, TextStyle,
    TextWrapMode, Ui, Vec2, WidgetInfo, WidgetText, vec2,
};
use egui_tiles::{TabState, TileId};
use std::f32::consts::TAU;
use std::sync::Arc;

/// Width of the button that lists the hidden tabs, in points.
pub const MORE: f32 = 52.0;
/// Least width of a row: enough for the longest title beside that button.
pub const LEAST: f32 = 152.0;
/// What rounding may add to a row, in points.
const ROUNDING: f32 = 1.0;

/// Which tabs are shown of a row: those from the left that there is room for, and the one in front in any case.
pub fn shown(widths: &[f32], front: Option<usize>, room: f32) -> Vec<bool> {
    let room = room - ROUNDING;
    if widths.iter().sum::<f32>() <= room {
        return vec![true; widths.len()];
    }
    let in_front = front.and_then(|front| widths.get(front)).copied().unwrap_or(0.0);
    let mut left = room - MORE - in_front;
    let mut is_shown = |(place, width): (usize, &f32)| {
        if front == Some(place) {
            return true;
        }
        // From the first one on that has none, no other has room either: their order is kept.
        left = if *width <= left { left - width } else { f32::NEG_INFINITY };
        left >= 0.0
    };
    widths.iter().enumerate().map(&mut is_shown).collect()
}

/// How wide a tab is.
pub fn width(ui: &Ui, title: WidgetText) -> f32 {
    written(ui, title, f32::INFINITY).size().x + 2.0 * space::M
}

fn written(ui: &Ui, title: WidgetText, room: f32) -> Arc<Galley> {
    let font: FontId = TextStyle::Button.resolve(ui.style());
    title.into_galley(ui, Some(TextWrapMode::Truncate), room, font)
}

/// Draws a tab, which can be clicked and dragged; its title is cut only where the whole row is narrower.
pub fn tab(ui: &mut Ui, id: Id, title: WidgetText, room: f32, state: &TabState) -> Response {
    let name = title.text().to_owned();
    let galley = written(ui, title, room - ROUNDING - 2.0 * space::M);
    let (_, place) = ui.allocate_space(vec2(galley.size().x + 2.0 * space::M, ui.available_height()));
    let tab = ui.interact(place, id, Sense::click_and_drag()).on_hover_cursor(CursorIcon::Grab);
    tab.widget_info(|| WidgetInfo::selected(Role::Button, true, state.active, &name));
    if !state.is_being_dragged {
        let visuals = ui.visuals();
        let (fill, ink) = if state.active {
            (visuals.extreme_bg_color, visuals.text_color())
        } else {
            (visuals.panel_fill, visuals.weak_text_color())
        };
        ui.painter().rect_filled(place, 0.0, fill);
        let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), place).min;
        ui.painter().galley(at, galley, ink);
    }
    tab
}

/// The button that says how many tabs of a row are hidden and lists them; the one that is chosen.
pub fn more(ui: &mut Ui, row: TileId, hidden: &[(TileId, &str)]) -> Option<TileId> {
    if hidden.is_empty() {
        return None;
    }
    let mut chosen = None;
    ui.push_id(row, |ui| {
        ui.spacing_mut().button_padding.x = space::XS;
        let arrow = Atom::paint(Vec2::splat(space::S), |ui, place| {
            let color = Tokens::of(ui).text;
            let corners = (0..3_u8).map(|corner| {
                place.rect.center() + 0.5 * space::S * Vec2::angled(TAU * (0.25 + f32::from(corner) / 3.0))
            });
            ui.painter().add(Shape::convex_polygon(corners.collect(), color, Stroke::NONE));
        });
        let button = Button::new((format!("+{}", hidden.len()), arrow)).min_size(vec2(MORE, theme::ROW));
        let (button, _) = MenuButton::from_button(button).ui(ui, |ui| {
            for (tab, title) in hidden {
                if ui.button(*title).clicked() {
                    chosen = Some(*tab);
                }
            }
        });
        let titles: Vec<&str> = hidden.iter().map(|(_, title)| *title).collect();
        let button = button.on_hover_text(format!("There is no room for the tabs of {}", titles.join(", ")));
        named(ui, button, &format!("{} more panels", hidden.len()));
    });
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of the tabs that are shown, in a row with this much room beside the button.
    fn places(front: Option<usize>, room: f32) -> Vec<usize> {
        let shown = shown(&[60.0, 50.0, 70.0, 90.0], front, room);
        (0..4).filter(|place| shown[*place]).collect()
    }

    #[test]
    fn the_tab_in_front_is_always_among_those_that_are_shown() {
        assert_eq!(places(Some(0), 280.0), [0, 1, 2, 3]);
        assert_eq!(places(Some(0), 270.0), [0, 1, 2], "the button takes room, too");
        assert_eq!(places(Some(3), 270.0), [0, 1, 3], "those at the left keep their places");
        assert_eq!(places(Some(3), 180.0), [3]);
        assert_eq!(places(Some(3), 10.0), [3]);
        assert_eq!(places(Some(2), 205.0), [0, 2], "the second has no room");
        assert_eq!(places(None, 120.0), [0]);
    }
}
