//! Gradients of every block: over the steps as a heat map per arm on one shared scale, and at the latest step. Must not
//! know other panels.

mod maps;
mod paper;

use crate::action::Action;
use crate::give_away;
use crate::kit::legend::legend;
use crate::kit::theme::{self, space};
use crate::kit::widgets::choose;
use crate::panels::beginning::by_training;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{ScrollArea, Ui};
use lab_core::quantity::BlockQuantity;
use maps::HeatMaps;
use paper::Paper;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    quantity: BlockQuantity,
}

#[derive(Default)]
pub struct GradientsPanel {
    maps: HeatMaps,
}

impl Panel for GradientsPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let monitor = scene.monitor;
        if monitor.probes.is_empty() {
            return nothing_yet(ui, scene, effects.actions);
        }
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Show");
            ui.scope(|ui| {
                ui.set_max_width((ui.available_width() - theme::ROW - space::S).min(200.0));
                let options: Vec<_> = BlockQuantity::drawn().collect();
                choose(ui, &mut view.quantity, &options).labelled_by(label.id);
            });
            give_away::button(ui, "Gradients", &Paper { quantity: view.quantity, scene }, effects.actions);
        });
        self.maps.update(ui, monitor, view.quantity);
        self.maps.scale.into_iter().for_each(|scale| legend(ui, scale));
        let room = ui.available_height();
        let below = (room * 0.34).clamp(110.0, 240.0);
        let height = ((room - below - space::XL) / monitor.arms.len().max(1) as f32 - 44.0).clamp(40.0, 240.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            self.maps.figure(ui, scene, view.quantity, [height, below - space::XL]);
        });
    }
}

/// What will be drawn, and what makes it appear.
fn nothing_yet(ui: &mut Ui, scene: Scene, actions: &mut Vec<Action>) {
    let what = "How strong the gradient is in each block, step by step.";
    let (prepared, rarely) = (scene.monitor.prepared.as_ref(), scene.monitor.live.probe_every() == 0);
    let when = match prepared {
        None => "",
        Some(prepared) if prepared.is_of_weights() => "Weights from a file were trained elsewhere.",
        Some(_) if rarely => "None are measured: set Measure gradients every above 0.",
        Some(_) if scene.monitor.is_active() => "It is drawn as soon as gradients are measured.",
        Some(_) if scene.monitor.unfinished().is_some() => "None were measured before the run was interrupted.",
        Some(_) => "None were measured in this run.",
    };
    let text = format!("{what} {when}");
    by_training(ui, scene, "Gradients", text.trim_end(), actions);
}
