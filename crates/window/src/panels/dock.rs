//! How the panels are arranged: at first, and what the dock around them looks like.

use crate::kit::theme::{self, space};
use crate::panel::Panel;
use eframe::egui::{Color32, Frame, Id, Margin, Stroke, Style, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, TileId, Tiles, Tree, UiResponse,
};

pub fn first_layout() -> Tree<Panel> {
    let mut tiles = Tiles::default();
    let pane = |tiles: &mut Tiles<Panel>, panel| tiles.insert_pane(panel);
    let left = [
        Panel::Curves,
        Panel::Runs,
        Panel::Diagram,
        Panel::Predictions,
        Panel::Explain,
        Panel::Lesions,
        Panel::Landscape,
    ];
    let left = left.map(|panel| pane(&mut tiles, panel)).to_vec();
    let curves = tiles.insert_tab_tile(left);
    let upper = [Panel::Gradients, Panel::Confusion, Panel::Inside].map(|panel| pane(&mut tiles, panel)).to_vec();
    let lower = vec![pane(&mut tiles, Panel::Classify), pane(&mut tiles, Panel::Log)];
    let (upper, lower) = (tiles.insert_tab_tile(upper), tiles.insert_tab_tile(lower));
    let mut right = Linear::new(LinearDir::Vertical, vec![upper, lower]);
    right.shares.set_share(upper, 1.7);
    let right = tiles.insert_container(Container::Linear(right));
    let mut root = Linear::new(LinearDir::Horizontal, vec![curves, right]);
    root.shares.set_share(curves, 1.45);
    let root = tiles.insert_container(Container::Linear(root));
    Tree::new(Id::unique("panels"), root, tiles)
}

pub struct Dock<F> {
    /// Draws a panel.
    pub show: F,
}

impl<F: FnMut(&mut Ui, Panel)> Behavior<Panel> for Dock<F> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, panel: &mut Panel) -> UiResponse {
        Frame::new().inner_margin(Margin::same(12)).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            (self.show)(ui, *panel);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        panel.title().into()
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

    fn tab_bg_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.extreme_bg_color } else { visuals.panel_fill }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Panel>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, visuals: &Visuals) -> Stroke {
        visuals.widgets.noninteractive.bg_stroke
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { visuals.text_color() } else { visuals.weak_text_color() }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}
