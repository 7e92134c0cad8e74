//! The panels in the middle. A panel is a file or folder beside this file and a row of [`PANELS`]; nothing else of the
//! window knows it, but for the few that are named in `panel`. Panels must not know each other, this table, the form or
//! the shell.

mod beginning;
mod block_name;
mod classify;
mod confusion;
mod curves;
mod data;
mod diagram;
mod dock;
mod find;
mod gradients;
mod instruments;
mod learn;
mod log;
mod row;
mod runs;
mod study;
mod tabs;
mod welcome;

use crate::action::Action;
use crate::collection::Collection;
use crate::finder::Finder;
use crate::kit::room::Room;
use crate::kit::theme;
use crate::kit::widgets::named;
use crate::laboratory::Laboratory;
use crate::panel::{
    CLASSIFY, CURVES, DATA, DIAGRAM, EXPLAIN, FIND, GRADIENTS, INSIDE, LANDSCAPE, LEARN, LESIONS, PREDICTIONS, PanelId,
    STUDY,
};
use crate::scene::{Effects, Scene};
use crate::shelf::Shelf;
use crate::state::selected::ConfusionCell;
use dock::{Dock, TabRow};
use eframe::Storage;
use eframe::egui::{Align, Frame, Layout, Margin, Ui};
use egui_tiles::{Tile, TileId, Tree};
use lab_core::checkpoint::Checkpoint;
use row::Corner::{Left, LowerRight, UpperRight};
use row::{AnyPanel, PanelRow};
use std::collections::HashMap;

/// Every panel: its names, where it lies at first, other words for it, and what draws it. Those of one corner lie
/// there in this order, and so do the commands that show them.
pub static PANELS: &[PanelRow] = &[
    PanelRow::new::<curves::CurvesPanel>(CURVES, Left, "plots charts graphs loss accuracy metrics"),
    PanelRow::new::<learn::LearnPanel>(LEARN, Left, "lessons tutorial course guided"),
    PanelRow::new::<study::StudyPanel>(STUDY, Left, "sweep grid search hyperparameters tuning"),
    PanelRow::new::<runs::RunsPanel>(
        PanelId::new("runs", "Runs"),
        Left,
        "history experiments list table compare draw all overlay",
    ),
    PanelRow::new::<diagram::DiagramPanel>(DIAGRAM, Left, "architecture graph network layers"),
    PanelRow::new::<gradients::GradientsPanel>(GRADIENTS, UpperRight, "vanishing exploding heat map"),
    PanelRow::new::<confusion::ConfusionPanel>(
        PanelId::new("confusion", "Confusion"),
        UpperRight,
        "matrix errors mistakes classes",
    ),
    PanelRow::new::<find::FindPanel>(FIND, UpperRight, "learning rate finder range test batch size"),
    PanelRow::new::<classify::ClassifyPanel>(CLASSIFY, LowerRight, "predict own pictures photos"),
    PanelRow::new::<log::LogPanel>(PanelId::new("log", "Log"), LowerRight, "messages notes errors"),
    PanelRow::new::<instruments::predictions::PredictionsPanel>(PREDICTIONS, Left, "mistakes wrong images gallery"),
    PanelRow::new::<instruments::inside::InsidePanel>(INSIDE, UpperRight, "histograms weights activations parameters"),
    PanelRow::new::<instruments::explain::ExplainPanel>(EXPLAIN, Left, "grad-cam saliency attention why"),
    PanelRow::new::<instruments::lesions::LesionsPanel>(LESIONS, Left, "ablation remove drop block sweep"),
    PanelRow::new::<instruments::landscape::LandscapePanel>(LANDSCAPE, Left, "loss surface contour compute plane path"),
    PanelRow::new::<data::ImagesPanel>(DATA, Left, "images dataset classes balance augmentation"),
];

/// Where the layout is kept between two starts.
const LAYOUT: &str = "panels";
/// Where it is kept which checkpoint is asked.
const CHECKPOINT: &str = "asked checkpoint";

/// What is on disk, as far as the window knows.
pub struct Stores<'a> {
    pub shelf: &'a mut Shelf,
    pub laboratory: &'a mut Laboratory,
    pub finder: &'a mut Finder,
    /// The images that the form names.
    pub collection: &'a mut Collection,
}

/// The panels as they lie and what they have drawn.
pub struct Panels {
    layout: Tree<PanelId>,
    all: Vec<Box<dyn AnyPanel>>,
    checkpoint: Option<Checkpoint>,
    cell: Option<ConfusionCell>,
    /// The one that fills the whole place.
    enlarged: Option<PanelId>,
    /// Whether that is for an audience.
    pub presented: bool,
    /// The room that the layout was brought to last.
    room: Option<Room>,
    /// Which tabs of each row there was room for.
    shown: HashMap<TileId, Vec<bool>>,
    /// The one that the pointer was over last.
    under: Option<PanelId>,
}

impl Panels {
    /// Panels as they were left. What cannot be read is as at first.
    pub fn new(storage: Option<&dyn Storage>) -> Self {
        let layout = storage.and_then(|storage| eframe::get_value::<Tree<String>>(storage, LAYOUT));
        let checkpoint = storage.and_then(|storage| eframe::get_value(storage, CHECKPOINT));
        Self {
            layout: layout.map_or_else(|| dock::first(PANELS, Room::Large), |layout| dock::restored(&layout, PANELS)),
            all: PANELS.iter().map(|row| row.panel(storage)).collect(),
            checkpoint: checkpoint.unwrap_or_default(),
            cell: None,
            enlarged: None,
            presented: false,
            room: None,
            shown: HashMap::new(),
            under: None,
        }
    }

    /// Keeps for the next start where the panels lie and what they show.
    pub fn keep(&self, storage: &mut dyn Storage) {
        eframe::set_value(storage, LAYOUT, &self.layout);
        eframe::set_value(storage, CHECKPOINT, &self.checkpoint);
        self.all.iter().for_each(|panel| panel.keep(storage));
    }

    /// Brings the panels back to where they were at first.
    pub fn reset_layout(&mut self) {
        self.layout = dock::first(PANELS, self.room.unwrap_or(Room::Large));
    }

    /// Brings a panel to the front.
    pub fn bring(&mut self, panel: PanelId) {
        self.under = Some(panel);
        if self.enlarged.is_some() {
            self.enlarged = Some(panel);
        }
        self.layout.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
    }

    /// Gives the whole place to the panel below the pointer, or shows all panels again.
    pub fn enlarge(&mut self) {
        self.enlarged = if self.enlarged.is_some() { None } else { Some(self.under.unwrap_or(CURVES)) };
    }

    /// Gives the whole place to the panel so many further on, if one has it.
    pub fn turn(&mut self, by: isize) {
        let Some(shown) = self.enlarged else { return };
        let count = isize::try_from(PANELS.len()).unwrap_or(1);
        let now = PANELS.iter().zip(0..).find(|(row, _)| row.id == shown).map_or(0, |(_, place)| place);
        let next = PANELS.iter().zip(0..).find(|(_, place)| *place == (now + by).rem_euclid(count));
        if let Some((row, _)) = next {
            self.bring(row.id);
        }
    }

    /// The panel that has the whole place, if one has.
    #[must_use]
    pub fn enlarged(&self) -> Option<PanelId> {
        self.enlarged
    }

    /// Shows the images of one cell of an arm's confusion matrix.
    pub fn show_cell(&mut self, cell: ConfusionCell) {
        self.cell = Some(cell);
        self.bring(PREDICTIONS);
    }

    pub fn ui(&mut self, ui: &mut Ui, scene: Scene, stores: Stores, actions: &mut Vec<Action>) {
        let Stores { shelf, laboratory, finder, collection } = stores;
        self.settle(Room::of(ui.ctx()));
        let Self { layout, all, checkpoint, cell, enlarged, presented, room: _, shown, under } = self;
        let mut effects = Effects { actions, shelf, laboratory, collection, finder, checkpoint, cell };
        if let Some(id) = *enlarged {
            heading(ui, id, *presented, effects.actions);
        }
        let mut show = |ui: &mut Ui, id: PanelId| {
            if let Some(panel) = all.iter_mut().find(|panel| panel.id() == id) {
                panel.ui(ui, scene, &mut effects);
            }
        };
        if let Some(id) = *enlarged {
            dock::framed(ui, |ui| show(ui, id));
        } else {
            let mut dock = Dock { show, shown, under, enlarged, row: TabRow::default() };
            layout.ui(&mut dock, ui);
            if let Some(chosen) = dock.row.chosen {
                layout.make_active(|tile, _| tile == chosen);
                ui.ctx().request_repaint();
            }
        }
        shelf.rest();
    }

    /// Brings the layout to the room that there is, once for each time it changes, unless somebody made it their own.
    fn settle(&mut self, room: Room) {
        if self.enlarged.is_none() && self.room != Some(room) {
            self.room = Some(room);
            if let Some(adapted) = dock::adapted(&self.layout, PANELS, room) {
                self.layout = adapted;
            }
        }
    }
}

/// Above a panel in the place of all: what it is, the ways to the others, and back.
fn heading(ui: &mut Ui, shown: PanelId, presented: bool, actions: &mut Vec<Action>) {
    Frame::new().inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(theme::ROW);
            ui.label(theme::heading(shown.title));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let back = if presented {
                    ui.button("Leave").on_hover_text("Ends presenting (F5)").clicked().then_some(Action::Present)
                } else {
                    let back = ui.button("All panels").on_hover_text("Shows the other panels again (F10)");
                    back.clicked().then_some(Action::Enlarge)
                };
                actions.extend(back);
                for (text, hint, name, by) in
                    [("›", "Page down", "Next panel", 1), ("‹", "Page up", "Previous panel", -1)]
                {
                    let turn = ui.button(text).on_hover_text(format!("{name} ({hint})"));
                    if named(ui, turn, name).clicked() {
                        actions.push(Action::Turn(by));
                    }
                }
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_panels_are_kept_under_one_name_and_those_that_are_named_elsewhere_exist() {
        let ids: Vec<&str> = PANELS.iter().map(|row| row.id.id).collect();
        assert!(ids.iter().enumerate().all(|(index, id)| !ids[..index].contains(id)), "{ids:?}");
        let elsewhere = [CLASSIFY, DATA, EXPLAIN, FIND, LEARN].into_iter().chain(crate::panel::NAMED);
        assert!(elsewhere.into_iter().all(|id| PANELS.iter().any(|row| row.id == id)), "{ids:?}");
        assert!(PANELS.iter().all(|row| !row.also.is_empty()), "a panel is looked for by other words, too");
    }
}
