//! Where the panels lie: at first, as somebody left them, and how the dock around them looks. Knows the table of panels
//! only as it is handed in.

use super::row::{Corner, PanelRow};
use super::tabs;
use crate::kit::room::Room;
use crate::kit::theme;
use crate::panel::PanelId;
use eframe::egui::{Color32, Frame, Id, Margin, Rect, Response, Sense, Style, Ui, Visuals, WidgetText, vec2};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, Tree,
    UiResponse,
};
use std::collections::{HashMap, HashSet};

/// The layout at first: curves and what is looked at in depth on the left, what goes beside it on the right; in a small
/// window all of the latter among the same tabs.
pub fn first(rows: &[PanelRow], room: Room) -> Tree<PanelId> {
    let mut tiles = Tiles::default();
    let mut tabs = |corners: &[Corner]| {
        let panels = corners.iter().flat_map(|corner| rows.iter().filter(|row| row.corner == *corner));
        let panes = panels.map(|row| tiles.insert_pane(row.id)).collect();
        tiles.insert_tab_tile(panes)
    };
    let left = tabs(&[Corner::Left]);
    let (right, share) = match room {
        Room::Small => (tabs(&[Corner::UpperRight, Corner::LowerRight]), 1.2),
        Room::Large => {
            let (upper, lower) = (tabs(&[Corner::UpperRight]), tabs(&[Corner::LowerRight]));
            let mut right = Linear::new(LinearDir::Vertical, vec![upper, lower]);
            right.shares.set_share(upper, 1.7);
            (tiles.insert_container(Container::Linear(right)), 1.45)
        }
    };
    let mut root = Linear::new(LinearDir::Horizontal, vec![left, right]);
    root.shares.set_share(left, share);
    let root = tiles.insert_container(Container::Linear(root));
    tree(root, tiles)
}

/// The first layout for this room with the same panels in front, in place of a layout in which nobody has moved or
/// resized anything; nothing where somebody has.
pub fn adapted(layout: &Tree<PanelId>, rows: &[PanelRow], room: Room) -> Option<Tree<PanelId>> {
    let untouched = fronts_apart(layout.clone());
    if ![Room::Small, Room::Large].into_iter().any(|room| fronts_apart(first(rows, room)) == untouched) {
        return None;
    }
    let mut next = first(rows, room);
    // Of two that come to lie among the same tabs, the one that lay on top is in front.
    for corner in [Corner::LowerRight, Corner::UpperRight, Corner::Left] {
        for row in rows.iter().filter(|row| row.corner == corner && is_in_front(layout, row)) {
            next.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == row.id));
        }
    }
    Some(next)
}

/// A layout but for which panels are in front.
fn fronts_apart(mut layout: Tree<PanelId>) -> Tree<PanelId> {
    for tile in layout.tiles.tiles_mut() {
        if let Tile::Container(Container::Tabs(tabs)) = tile {
            tabs.active = None;
        }
    }
    layout
}

fn is_in_front(layout: &Tree<PanelId>, row: &PanelRow) -> bool {
    let pane = layout.tiles.find_pane(&row.id);
    let parent = pane.and_then(|pane| layout.tiles.parent_of(pane)).and_then(|tabs| layout.tiles.get_container(tabs));
    matches!(parent, Some(Container::Tabs(tabs)) if tabs.active == pane)
}

/// A layout that was kept, perhaps by another version: panels that are no more are left out, new ones lie beside those
/// that they lie beside at first.
pub fn restored(kept: &Tree<String>, rows: &[PanelRow]) -> Tree<PanelId> {
    let mut taken = Taken { kept: &kept.tiles, rows, tiles: Tiles::default(), seen: HashSet::new() };
    let Some(root) = kept.root().filter(|root| taken.take(*root)) else { return first(rows, Room::Large) };
    let mut tiles = taken.tiles;
    for row in rows.iter().filter(|row| taken_in(&tiles, row).is_none()).collect::<Vec<_>>() {
        let alike = rows.iter().filter(|other| other.corner == row.corner);
        let Some(beside) = alike.chain(rows).find_map(|other| taken_in(&tiles, other)) else {
            return first(rows, Room::Large);
        };
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
fn taken_in(tiles: &Tiles<PanelId>, row: &PanelRow) -> Option<TileId> {
    tiles.find_pane(&row.id).and_then(|pane| tiles.parent_of(pane))
}

/// What is taken over of a kept layout.
struct Taken<'a> {
    kept: &'a Tiles<String>,
    rows: &'a [PanelRow],
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
                let row = self.rows.iter().find(|row| row.id.id == name);
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

/// What the dock draws: panels by `show`.
pub struct Dock<'a, F> {
    pub show: F,
    /// Which of its tabs each row had room for when it was drawn last.
    pub shown: &'a mut HashMap<TileId, Vec<bool>>,
    /// The panel below the pointer, or that of the tab there.
    pub under: &'a mut Option<PanelId>,
    /// The panel whose tab was clicked twice.
    pub enlarged: &'a mut Option<PanelId>,
    /// The row that is being drawn.
    pub row: TabRow,
}

/// A row of tabs while it is drawn.
#[derive(Default)]
pub struct TabRow {
    /// Tabs there is no room for.
    hidden: HashSet<TileId>,
    /// Width that a tab may have.
    room: f32,
    /// What was chosen among the hidden ones.
    pub chosen: Option<TileId>,
}

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

    /// Decides before any tab of a row is drawn which of them there is room for, and offers the others in a menu. Nothing is
    /// left to be scrolled.
    fn top_bar_right_ui(&mut self, tiles: &Tiles<PanelId>, ui: &mut Ui, row: TileId, tabs: &Tabs, scrolled: &mut f32) {
        *scrolled = 0.0;
        ui.spacing_mut().item_spacing.x = 0.0;
        let all: Vec<TileId> = tabs.children.iter().copied().filter(|tab| tiles.is_visible(*tab)).collect();
        let titles: Vec<WidgetText> = all.iter().map(|tab| self.tab_title_for_tile(tiles, *tab)).collect();
        let widths: Vec<f32> = titles.iter().map(|title| tabs::width(ui, title.clone())).collect();
        let front = all.iter().position(|tab| tabs.is_active(*tab));
        let room = ui.available_width();
        let shown = tabs::shown(&widths, front, room);
        let hidden: Vec<(TileId, &str)> =
            (0..all.len()).filter(|place| !shown[*place]).map(|place| (all[place], titles[place].text())).collect();
        self.row.hidden.extend(hidden.iter().map(|(tab, _)| *tab));
        self.row.room = if hidden.is_empty() { room } else { room - tabs::MORE };
        if let Some(chosen) = tabs::more(ui, row, &hidden) {
            self.row.chosen = Some(chosen);
        }
        if self.shown.insert(row, shown.clone()).is_some_and(|before| before != shown) {
            // The dock still believes that there are as many tabs as before, and would make room for scrolling them.
            ui.ctx().request_discard("other tabs have room");
        }
    }

    fn tab_ui(&mut self, tiles: &mut Tiles<PanelId>, ui: &mut Ui, id: Id, tile: TileId, state: &TabState) -> Response {
        if self.row.hidden.contains(&tile) {
            let empty = Rect::from_min_size(ui.cursor().min, vec2(0.0, ui.available_height()));
            return ui.interact(empty, id, Sense::hover());
        }
        let title = self.tab_title_for_tile(tiles, tile);
        let tab = tabs::tab(ui, id, title, self.row.room, state);
        let panel = tiles.get_pane(&tile).copied();
        if tab.contains_pointer() && panel.is_some() {
            *self.under = panel;
        }
        if tab.double_clicked() {
            *self.enlarged = panel;
        }
        tab
    }

    fn tab_title_for_pane(&mut self, panel: &PanelId) -> WidgetText {
        panel.title.into()
    }

    fn tab_bar_height(&self, _: &Style) -> f32 {
        30.0
    }

    fn gap_width(&self, _: &Style) -> f32 {
        theme::HAIRLINE
    }

    fn min_size(&self) -> f32 {
        tabs::LEAST
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        visuals.panel_fill
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

    const fn id(name: &'static str) -> PanelId {
        PanelId::new(name, name)
    }

    const fn row(name: &'static str, corner: Corner) -> PanelRow {
        PanelRow::new::<Blank>(id(name), corner, "")
    }

    const BEFORE: [PanelRow; 4] = [
        row("curves", Corner::Left),
        row("old", Corner::Left),
        row("gradients", Corner::UpperRight),
        row("log", Corner::LowerRight),
    ];
    const NOW: [PanelRow; 5] = [
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
        let pane = layout.tiles.find_pane(&id(name)).unwrap();
        let parent = layout.tiles.get_container(layout.tiles.parent_of(pane).unwrap()).unwrap();
        parent.children().map(|child| layout.tiles.get_pane(child).unwrap().id).collect()
    }

    #[test]
    fn a_layout_of_another_version_loses_old_panels_and_gets_new_ones_beside_their_neighbours() {
        let mut before = first(&BEFORE, Room::Large);
        // Somebody moved the log to the curves.
        let (log, curves) = (id("log"), id("curves"));
        let log = before.tiles.find_pane(&log).unwrap();
        let left = before.tiles.parent_of(before.tiles.find_pane(&curves).unwrap()).unwrap();
        before.move_tile_to_container(log, left, 0, true);
        let after = restored(&kept(&before), &NOW);
        assert_eq!(beside(&after, "curves"), ["log", "curves", "new", "newer"]);
        assert_eq!(beside(&after, "gradients"), ["gradients"]);
        assert_eq!(after.tiles.find_pane(&id("old")), None);
        assert_eq!(restored(&kept(&after), &NOW), after, "and stays as it is");
    }

    #[test]
    fn a_layout_without_a_single_known_panel_is_replaced() {
        const OTHERS: [PanelRow; 1] = [row("other", Corner::Left)];
        assert_eq!(restored(&kept(&first(&OTHERS, Room::Large)), &NOW), first(&NOW, Room::Large));
        assert_eq!(restored(&Tree::empty(Id::unique("none")), &NOW), first(&NOW, Room::Large));
    }

    #[test]
    fn a_layout_that_holds_itself_does_no_harm() {
        let mut knotted = first(&NOW, Room::Large);
        let root = knotted.root().unwrap();
        if let Some(Tile::Container(container)) = knotted.tiles.get_mut(root) {
            container.add_child(root);
        }
        assert_eq!(restored(&kept(&knotted), &NOW), first(&NOW, Room::Large));
    }

    /// Which of the panels are in front.
    fn fronts(layout: &Tree<PanelId>) -> Vec<&'static str> {
        NOW.iter().filter(|row| is_in_front(layout, row)).map(|row| row.id.id).collect()
    }

    #[test]
    fn a_layout_that_nobody_touched_follows_the_room_and_one_that_somebody_did_stays() {
        let mut large = first(&NOW, Room::Large);
        large.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if pane.id == "new"));
        assert_eq!(fronts(&large), ["new", "gradients", "log"]);
        let small = adapted(&kept_and_restored(&large), &NOW, Room::Small).unwrap();
        assert_eq!(beside(&small, "gradients"), ["gradients", "log", "newer"], "two rows of tabs rather than three");
        assert_eq!(fronts(&small), ["new", "gradients"]);
        let again = adapted(&kept_and_restored(&small), &NOW, Room::Large).unwrap();
        assert_eq!(again, large);

        let mut moved = large.clone();
        let log = moved.tiles.find_pane(&id("log")).unwrap();
        let left = moved.tiles.parent_of(moved.tiles.find_pane(&id("curves")).unwrap()).unwrap();
        moved.move_tile_to_container(log, left, 0, true);
        assert_eq!(adapted(&moved, &NOW, Room::Small), None);
        let mut resized = large;
        for tile in resized.tiles.tiles_mut() {
            if let Tile::Container(Container::Linear(linear)) = tile {
                linear.shares.set_share(linear.children[0], 3.0);
            }
        }
        assert_eq!(adapted(&resized, &NOW, Room::Small), None);
    }

    fn kept_and_restored(layout: &Tree<PanelId>) -> Tree<PanelId> {
        restored(&kept(layout), &NOW)
    }
}
