//! A row of the table of panels, and a panel with what is remembered of it.

use crate::panel::PanelId;
use crate::scene::{Effects, Panel, Scene};
use eframe::Storage;
use eframe::egui::Ui;

/// Which tabs a panel is among at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corner {
    Left,
    UpperRight,
    LowerRight,
}

/// All that the window knows of a panel.
pub struct PanelRow {
    pub id: PanelId,
    pub corner: Corner,
    /// Other words that people look for it by.
    pub also: &'static str,
    make: fn(PanelId, Option<&dyn Storage>) -> Box<dyn AnyPanel>,
}

impl PanelRow {
    pub const fn new<P: Panel>(id: PanelId, corner: Corner, also: &'static str) -> Self {
        Self { id, corner, also, make: make::<P> }
    }

    /// The panel as it was left.
    pub fn panel(&self, storage: Option<&dyn Storage>) -> Box<dyn AnyPanel> {
        (self.make)(self.id, storage)
    }
}

/// A panel of any kind.
pub trait AnyPanel {
    fn id(&self) -> PanelId;

    fn ui(&mut self, ui: &mut Ui, scene: Scene, effects: &mut Effects);

    /// Keeps its view for the next start.
    fn keep(&self, storage: &mut dyn Storage);
}

struct PanelWithView<P: Panel> {
    id: PanelId,
    panel: P,
    view: P::View,
}

fn make<P: Panel>(id: PanelId, storage: Option<&dyn Storage>) -> Box<dyn AnyPanel> {
    let view = storage.and_then(|storage| eframe::get_value(storage, &key(id))).unwrap_or_default();
    Box::new(PanelWithView { id, panel: P::default(), view })
}

impl<P: Panel> AnyPanel for PanelWithView<P> {
    fn id(&self) -> PanelId {
        self.id
    }

    fn ui(&mut self, ui: &mut Ui, scene: Scene, effects: &mut Effects) {
        self.panel.ui(ui, &mut self.view, scene, effects);
    }

    fn keep(&self, storage: &mut dyn Storage) {
        eframe::set_value(storage, &key(self.id), &self.view);
    }
}

/// Where a view is kept: each by itself, so that one which cannot be read any more takes no other along.
fn key(id: PanelId) -> String {
    format!("panels.{}", id.id)
}
