//! The panel: which of both is found.

use super::view::View;
use super::{batch, rate};
use crate::action::Sought;
use crate::kit::theme::{Tokens, space};
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Button, Label, RichText, ScrollArea, Ui};

#[derive(Default)]
pub struct FindPanel;

impl Panel for FindPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        if let Some(what) = effects.finder.sought.take() {
            view.what = what;
        }
        let room = ui.available_height();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let bottom = ui.max_rect().top() + room;
            ui.set_max_width(ui.available_width() - space::S);
            ui.spacing_mut().item_spacing.y = space::S;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                for (what, title) in [(Sought::LearningRate, "Learning rate"), (Sought::BatchSize, "Batch size")] {
                    let tab = Button::selectable(view.what == what, title);
                    if ui.add(tab).on_hover_text(what.in_words().1).clicked() {
                        view.what = what;
                    }
                }
            });
            match view.what {
                Sought::LearningRate => rate::ui(ui, view, scene, effects, bottom),
                Sought::BatchSize => batch::ui(ui, scene, effects),
            }
            if let Some(why) = &effects.finder.failure {
                ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
            }
        });
    }
}
