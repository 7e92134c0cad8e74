//! What makes something a panel: what it is given in each frame, and what it may bring about.

use crate::action::Action;
use crate::collection::Collection;
use crate::finder::Finder;
use crate::laboratory::Laboratory;
use crate::shelf::Shelf;
use crate::state::Monitor;
use crate::state::inquiries::Inquiries;
use crate::state::selected::{ConfusionCell, SelectedBlock};
use crate::state::sketch::Sketch;
use eframe::egui::Ui;
use lab_core::checkpoint::Checkpoint;
use lab_core::experiment::Plan;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A panel, with what it has drawn and what is being typed into it.
pub trait Panel: Default + 'static {
    /// What is remembered of it from one start of the program to the next.
    type View: Default + Serialize + DeserializeOwned;

    fn ui(&mut self, ui: &mut Ui, view: &mut Self::View, scene: Scene, effects: &mut Effects);
}

/// What the panels look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The experiment under way.
    pub monitor: &'a Monitor,
    /// What the form holds; it may be wrong.
    pub plan: &'a Plan,
    /// Why the form's experiment cannot be started, if so.
    pub obstacles: &'a [String],
    pub networks: &'a [Sketch],
    /// What was asked of the networks, and what they answered.
    pub inquiries: &'a Inquiries,
    /// The block that every panel looks at; [`Action::Select`] chooses another.
    pub selected: Option<&'a SelectedBlock>,
}

/// What a panel may bring about.
pub struct Effects<'a> {
    /// What shall be done after the frame.
    pub actions: &'a mut Vec<Action>,
    /// The runs on disk.
    pub shelf: &'a mut Shelf,
    /// The study that is looked at, and the process that works on it.
    pub laboratory: &'a mut Laboratory,
    /// The images that the form names.
    pub collection: &'a mut Collection,
    /// What finds a learning rate and a batch size.
    pub finder: &'a mut Finder,
    /// The checkpoint whose weights all instruments ask; the weights as they are now if absent.
    pub checkpoint: &'a mut Option<Checkpoint>,
    /// A cell of a confusion matrix whose images shall be shown, until the panel that shows them takes it.
    pub cell: &'a mut Option<ConfusionCell>,
}
