//! Each arm drawn block by block, with every shortcut; while training, blocks take the colour of what goes on in them.
//! Must not know other panels.

mod figure;
mod layout;
mod paint;
mod paper;
mod zoom;

use crate::action::Action;
use crate::give_away;
use crate::kit::chips::{empty, together, within};
use crate::kit::theme::space;
use crate::kit::widgets::choose;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{ScrollArea, Ui, Vec2, vec2};
use figure::{colors, figure, kinds, outlines, scale};
use lab_core::quantity::BlockQuantity;
use layout::{Arrangement, Measure};
use paper::Paper;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// What colours the blocks; nothing if absent.
    tint: Option<BlockQuantity>,
    /// Width of a block in points; as wide as there is room if absent.
    width: Option<f32>,
}

impl Default for View {
    fn default() -> Self {
        Self { tint: Some(BlockQuantity::default()), width: None }
    }
}

#[derive(Default)]
pub struct DiagramPanel {
    /// How far to scroll in the next frame, after zooming.
    offset: Option<Vec2>,
}

impl Panel for DiagramPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        self.networks(ui, view, scene, effects.actions);
    }
}

impl DiagramPanel {
    fn networks(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, actions: &mut Vec<Action>) {
        let drawn = outlines(scene);
        if drawn.is_empty() {
            let why = scene.networks.iter().find_map(|sketch| sketch.outline.as_ref().err());
            return empty(ui, why.map_or("Every network of the form is drawn here.", String::as_str));
        }
        let room = ui.available_size() - vec2(space::M, ABOVE);
        let fitting = Arrangement::fitting(drawn.iter().copied(), room);
        let scale = view.tint.and_then(|quantity| scale(scene, quantity));
        ui.horizontal_wrapped(|ui| {
            tint(ui, view);
            together(ui, zoom::WIDTH);
            zoom::buttons(ui, &mut view.width, fitting.measure.width);
            give_away::button(ui, "Diagram", &Paper { tint: view.tint, scene }, actions);
        });
        colors(ui, view.tint, scale);
        kinds(ui, &drawn);
        let measure = view.width.map_or(fitting.measure, Measure::new);
        let arrangement = Arrangement { measure, ..fitting };
        let scroll = ScrollArea::both().auto_shrink(false);
        let scroll = self.offset.take().map_or(scroll.clone(), |offset| scroll.scroll_offset(offset));
        let scroll = scroll.show(ui, |ui| figure(ui, view.tint, scene, arrangement, actions));
        self.offset = zoom::wheel(ui, &scroll, &mut view.width, measure.width);
    }
}

/// Points above the drawing, about.
const ABOVE: f32 = 80.0;

/// Chooses what colours the blocks.
fn tint(ui: &mut Ui, view: &mut View) {
    let label = ui.label("Colour by");
    within(ui, "tint", 200.0, |ui| {
        let mut options = vec![(None, "Nothing")];
        options.extend(BlockQuantity::drawn().map(|(quantity, title)| (Some(quantity), title)));
        choose(ui, &mut view.tint, &options).labelled_by(label.id);
    });
}
