//! The log: everything that was said, oldest first.

use crate::kit::chips::empty;
use crate::kit::theme::{self, Tokens};
use crate::scene::{Effects, Panel, Scene};
use crate::state::{Level, Monitor};
use eframe::egui::{Label, RichText, ScrollArea, Ui};
use lab_core::number;

#[derive(Default)]
pub struct Log;

impl Panel for Log {
    type View = ();

    fn ui(&mut self, ui: &mut Ui, (): &mut (), scene: Scene, _: &mut Effects) {
        lines(ui, scene.monitor);
    }
}

fn lines(ui: &mut Ui, monitor: &Monitor) {
    if monitor.log.is_empty() {
        return empty(ui, "What happens to a run is written down here: press Start.");
    }
    let tokens = Tokens::of(ui);
    let height = ui.text_style_height(&eframe::egui::TextStyle::Body);
    let area = ScrollArea::both().auto_shrink(false).stick_to_bottom(true);
    area.show_rows(ui, height, monitor.log.len(), |ui, rows| {
        for line in &monitor.log[rows] {
            let color = match line.level {
                Level::Info => tokens.text,
                Level::Notice => tokens.warning,
                Level::Error => tokens.error,
            };
            ui.horizontal(|ui| {
                let step = theme::caption(format!("{:>7}", number::count(line.step)), &tokens);
                ui.label(step).on_hover_text("The step it was said at");
                // A line is one line here; the whole text is under the pointer.
                let text = line.text.replace('\n', " ");
                ui.add(Label::new(RichText::new(text).color(color)).extend()).on_hover_text(&line.text);
            });
        }
    });
}
