//! What a panel says that has nothing to show yet, and the button that makes something appear as things stand: which one
//! that is differs between a window without a run, one that trains, and a run that was opened. Must not know panels.

use crate::action::{Action, RunAction};
use crate::kit::canvas::{CanvasButton, canvas_with};
use crate::scene::Scene;
use eframe::egui::Ui;
use lab_core::protocol::Phase;

/// Why nothing can be asked of networks between a start and their first step.
pub const BEING_MADE: &str = "The networks are being made; this takes a moment.";

/// What helps where something appears by training: what is written on the button, and what it does. Nothing while that is
/// under way.
fn training(scene: Scene) -> Option<(&'static str, RunAction)> {
    let monitor = scene.monitor;
    match monitor.phase {
        Phase::Paused => Some(("Continue training", RunAction::Toggle)),
        _ if monitor.is_active() => None,
        _ if monitor.unfinished().is_some() => Some(("Continue the run", RunAction::Continue)),
        // Weights from a file were never trained here.
        _ if monitor.prepared.as_ref().is_some_and(|prepared| prepared.total_steps > 0) => {
            Some(("Train anew", RunAction::StartAnew))
        }
        _ => Some(("Start training", RunAction::StartAnew)),
    }
}

/// Says what will be seen in a panel of this title, and offers the training that makes it appear.
pub fn by_training(ui: &mut Ui, scene: Scene, title: &str, what: &str, actions: &mut Vec<Action>) {
    by_training_with(ui, scene, title, what, None::<fn(&mut Ui)>, actions);
}

/// The same with something small beside the sentence.
pub fn by_training_with(
    ui: &mut Ui,
    scene: Scene,
    title: &str,
    what: &str,
    beside: Option<impl FnOnce(&mut Ui)>,
    actions: &mut Vec<Action>,
) {
    let helps = training(scene);
    let name = helps.as_ref().map_or_else(String::new, |(verb, _)| format!("{verb}: {title}"));
    // What goes on is not what the form holds.
    let goes_on = scene.monitor.is_active() || scene.monitor.unfinished().is_some();
    let hindered = scene.obstacles.first().filter(|_| !goes_on);
    let hindered = hindered.map(|first| format!("To be corrected in the form first: {first}"));
    let offer = helps.as_ref().map(|(verb, _)| CanvasButton { verb, name: &name, hindered: hindered.as_deref() });
    if canvas_with(ui, what, offer, beside) {
        actions.extend(helps.map(|(_, action)| Action::Run(action)));
    }
}
