//! Gradients of every block: over the steps as a heat map per arm on one shared scale, and at the latest step. Must not
//! know other panels.

mod maps;
mod paper;

use crate::give_away;
use crate::kit::chips::empty;
use crate::kit::legend::legend;
use crate::kit::theme::{self, space};
use crate::kit::widgets::choose;
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
pub struct Gradients {
    maps: HeatMaps,
}

impl Panel for Gradients {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let monitor = scene.monitor;
        if monitor.probes.is_empty() {
            return empty(
                ui,
                "How strong the gradient is in each block, step by step, will be drawn here: press Start.",
            );
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
        legend(ui, self.maps.scale);
        let room = ui.available_height();
        let below = (room * 0.34).clamp(110.0, 240.0);
        #[allow(clippy::cast_precision_loss, reason = "eight arms at most")]
        let height = ((room - below - space::XL) / monitor.arms.len().max(1) as f32 - 44.0).clamp(40.0, 240.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            self.maps.figure(ui, scene, view.quantity, [height, below - space::XL]);
        });
    }
}
