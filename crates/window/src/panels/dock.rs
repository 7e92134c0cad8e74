//! Where the panels lie: at first, as somebody left them, and how the dock around them looks. Knows the table of panels
//! only as it is handed in.

use super::row::{Corner, Row};
use crate::kit::theme::{self, space};
use crate::panel::PanelId;
use eframe::egui::style::ScrollAnimation;
use eframe::egui::{Color32, Frame, Id, Margin, Response, Stroke, Style, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, Tree,
    UiResponse,
};
use std::collections::{HashMap, HashSet};

/// The layout at first: curves and what is looked at in depth on the left, what goes beside it on the right.
pub fn first(rows: &[Row]) -> Tree<PanelId> {
    let mut tiles = Tiles::default();
    let [left, upper, lower] = [Corner::Left, Corner::UpperRight, Corner::LowerRight].map(|corner| {
        let panels = rows.iter().filter(|row| row.corner == corner);
        let panes = panels.map(|row| tiles.insert_pane(row.id)).collect();
        tiles.insert_tab_tile(panes)
    });
    let mut right = Linear::new(LinearDir::Vertical, vec![upper, lower]);
    right.shares.set_share(upper, 1.7);
    let right = tiles.insert_container(Container::Linear(right));
    let mut root = Linear::new(LinearDir::Horizontal, vec![left, right]);
    root.shares.set_share(left, 1.45);
    let root = tiles.insert_container(Container::Linear(root));
    tree(root, tiles)
}

/// A layout that was kept, perhaps by another version: panels that are no more are left out, new ones lie beside those
/// that they lie beside at first.
pub fn restored(kept: &Tree<String>, rows: &[Row]) -> Tree<PanelId> {
    let mut taken = Taken { kept: &kept.tiles, rows, tiles: Tiles::default(), seen: HashSet::new() };
    let Some(root) = kept.root().filter(|root| taken.take(*root)) else { return first(rows) };
    let mut tiles = taken.tiles;
    for row in rows.iter().filter(|row| taken_in(&tiles, row).is_none()).collect::<Vec<_>>() {
        let alike = rows.iter().filter(|other| other.corner == row.corner);
        let Some(beside) = alike.chain(rows).find_map(|other| taken_in(&tiles, other)) else { return first(rows) };
        let tile = tiles.insert_pane(row.id);
        if let Some(Tile::Container(container)) = tiles.get_mut(beside) {
            container.add_child(tile);
        }
    }
    tree(root, tiles)
}

fn tree(root: TileId, tiles: Tiles<PanelId>) -> Tree<PanelId> {
    Tree::new(Id::unique("panels"), root, tiles)
}

/// The container in which a panel lies.
fn taken_in(tiles: &Tiles<PanelId>, row: &Row) -> Option<TileId> {
    tiles.find_pane(&row.id).and_then(|pane| tiles.parent_of(pane))
}

/// What is taken over of a kept layout.
struct Taken<'a> {
    kept: &'a Tiles<String>,
    rows: &'a [Row],
    tiles: Tiles<PanelId>,
    /// No tile is taken twice, however damaged the layout is.
    seen: HashSet<TileId>,
}

impl Taken<'_> {
    /// Takes over a tile with what is in it; whether anything is.
    fn take(&mut self, id: TileId) -> bool {
        if !self.seen.insert(id) {
            return false;
        }
        let tile = match self.kept.get(id) {
            Some(Tile::Pane(name)) => {
                let row = self.rows.iter().find(|row| row.id.0 == name);
                let Some(row) = row.filter(|row| self.tiles.find_pane(&row.id).is_none()) else { return false };
                Tile::Pane(row.id)
            }
            Some(Tile::Container(container)) => {
                let mut container = container.clone();
                container.retain(|child| self.take(child));
                if container.is_empty() {
                    return false;
                }
                Tile::Container(container)
            }
            None => return false,
        };
        self.tiles.insert(id, tile);
        true
    }
}

/// What the dock draws: titles from the table, panels by `show`.
pub struct Dock<'a, F> {
    pub rows: &'static [Row],
    pub show: F,
    /// The tab in front of each row of tabs, to be scrolled into view when it is another one, or has less room.
    pub fronts: &'a mut HashMap<TileId, Front>,
    /// The panel below the pointer, or that of the tab there.
    pub under: &'a mut Option<PanelId>,
    /// The panel whose tab was clicked twice.
    pub enlarged: &'a mut Option<PanelId>,
}

/// A tab in front of others.
pub struct Front {
    tab: TileId,
    /// Width of the row of tabs.
    width: f32,
    /// Frames in which it is still looked after: arrows come and go at the ends of a row, and take room.
    frames: u8,
}

/// Frames in which a tab is looked after.
const SETTLES: u8 = 6;

/// A panel within its margins.
pub fn framed(ui: &mut Ui, show: impl FnOnce(&mut Ui)) {
    Frame::new().inner_margin(Margin::same(12)).show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        show(ui);
    });
}

impl<F: FnMut(&mut Ui, PanelId)> Behavior<PanelId> for Dock<'_, F> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, panel: &mut PanelId) -> UiResponse {
        if ui.rect_contains_pointer(ui.max_rect()) {
            *self.under = Some(*panel);
        }
        framed(ui, |ui| (self.show)(ui, *panel));
        UiResponse::None
    }

    /// Notes which tab is in front: where a person scrolls to after it was brought into view is left alone.
    fn top_bar_right_ui(&mut self, _: &Tiles<PanelId>, ui: &mut Ui, row: TileId, tabs: &Tabs, _: &mut f32) {
        let Some(tab) = tabs.active else { return };
        let width = ui.available_width();
        let front = self.fronts.entry(row).or_insert(Front { tab, width: 0.0, frames: 0 });
        if front.tab != tab || (front.width - width).abs() > 0.5 {
            *front = Front { tab, width, frames: SETTLES };
        }
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<PanelId>, tile: TileId, button: Response) -> Response {
        let panel = tiles.get_pane(&tile).copied();
        if let Some(front) = self.fronts.values_mut().find(|front| front.tab == tile && front.frames > 0) {
            front.frames -= 1;
            button.scroll_to_me_animation(None, ScrollAnimation::none());
            button.ctx.request_repaint();
        }
        if button.contains_pointer() && panel.is_some() {
            *self.under = panel;
        }
        if button.double_clicked() {
            *self.enlarged = panel;
        }
        button
    }

    fn tab_title_for_pane(&mut self, panel: &PanelId) -> WidgetText {
        self.rows.iter().find(|row| row.id == *panel).map_or("", |row| row.title).into()
    }

    fn tab_bar_height(&self, _: &Style) -> f32 {
        30.0
    }

    fn tab_title_spacing(&self, _: &Visuals) -> f32 {
        space::M
    }

    fn gap_width(&self, _: &Style) -> f32 {
        theme::HAIRLINE
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        visuals.panel_fill
    }

    fn tab_bg_color(&self, visuals: &Visuals, _: &Tiles<PanelId>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.extreme_bg_color } else { visuals.panel_fill }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<PanelId>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, visuals: &Visuals) -> Stroke {
        visuals.widgets.noninteractive.bg_stroke
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<PanelId>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.text_color() } else { visuals.weak_text_color() }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Effects, Panel, Scene};

    #[derive(Default)]
    struct Blank;

    impl Panel for Blank {
        type View = ();

        fn ui(&mut self, _: &mut Ui, (): &mut (), _: Scene, _: &mut Effects) {}
    }

    const fn row(name: &'static str, corner: Corner) -> Row {
        Row::new::<Blank>(PanelId(name), name, corner)
    }

    const BEFORE: [Row; 4] = [
        row("curves", Corner::Left),
        row("old", Corner::Left),
        row("gradients", Corner::UpperRight),
        row("log", Corner::LowerRight),
    ];
    const NOW: [Row; 5] = [
        row("curves", Corner::Left),
        row("new", Corner::Left),
        row("gradients", Corner::UpperRight),
        row("log", Corner::LowerRight),
        row("newer", Corner::LowerRight),
    ];

    /// The layout as it is read from what was kept.
    fn kept(layout: &Tree<PanelId>) -> Tree<String> {
        serde_json::from_str(&serde_json::to_string(layout).unwrap()).unwrap()
    }

    /// The names of the panels that lie in the same tabs as this one.
    fn beside(layout: &Tree<PanelId>, name: &'static str) -> Vec<&'static str> {
        let pane = layout.tiles.find_pane(&PanelId(name)).unwrap();
        let parent = layout.tiles.get_container(layout.tiles.parent_of(pane).unwrap()).unwrap();
        parent.children().map(|child| layout.tiles.get_pane(child).unwrap().0).collect()
    }

    #[test]
    fn a_layout_of_another_version_loses_old_panels_and_gets_new_ones_beside_their_neighbours() {
        let mut before = first(&BEFORE);
        // Somebody moved the log to the curves.
        let (log, curves) = (PanelId("log"), PanelId("curves"));
        let log = before.tiles.find_pane(&log).unwrap();
        let left = before.tiles.parent_of(before.tiles.find_pane(&curves).unwrap()).unwrap();
        before.move_tile_to_container(log, left, 0, true);
        let after = restored(&kept(&before), &NOW);
        assert_eq!(beside(&after, "curves"), ["log", "curves", "new", "newer"]);
        assert_eq!(beside(&after, "gradients"), ["gradients"]);
        assert_eq!(after.tiles.find_pane(&PanelId("old")), None);
        assert_eq!(restored(&kept(&after), &NOW), after, "and stays as it is");
    }

    #[test]
    fn a_layout_without_a_single_known_panel_is_replaced() {
        const OTHERS: [Row; 1] = [row("other", Corner::Left)];
        assert_eq!(restored(&kept(&first(&OTHERS)), &NOW), first(&NOW));
        assert_eq!(restored(&Tree::empty(Id::unique("none")), &NOW), first(&NOW));
    }

    #[test]
    fn a_layout_that_holds_itself_does_no_harm() {
        let mut knotted = first(&NOW);
        let root = knotted.root().unwrap();
        if let Some(Tile::Container(container)) = knotted.tiles.get_mut(root) {
            container.add_child(root);
        }
        assert_eq!(restored(&kept(&knotted), &NOW), first(&NOW));
    }
}
