//! What this program is, where it draws and computes, and under which licences its parts come.

use crate::kit::theme::{self, Tokens, space};
use eframe::egui::{CollapsingHeader, Context, Id, Label, Modal, ScrollArea, Ui};

const OWN: &str = concat!(
    include_str!("../../../../LICENSE-MIT"),
    "\n\nor, as you prefer, the Apache License 2.0:\n\n",
    include_str!("../../../../LICENSE-APACHE")
);

/// Everything embedded in the program, with its licence.
const PARTS: [(&str, &str); 4] = [
    ("Residual Lab: MIT or Apache 2.0", OWN),
    ("Fashion-MNIST images (Zalando Research): MIT", include_str!("../../../../assets/fashion-mnist/LICENSE")),
    ("Inter typeface: SIL Open Font License 1.1", include_str!("../../../../assets/fonts/Inter-LICENSE.txt")),
    (
        "Fallback typefaces of egui",
        "Ubuntu Light: Ubuntu Font Licence 1.0. Hack: MIT and Bitstream Vera licence. Noto Emoji: SIL Open Font License \
         1.1. emoji-icon-font: MIT.",
    ),
];

/// Draws the window while it is open. `drawn_by` is the renderer, `computed_on` the device of the form.
pub fn ui(ctx: &Context, open: &mut bool, drawn_by: &str, computed_on: &str) {
    if !*open {
        return;
    }
    let modal = Modal::new(Id::unique("about")).show(ctx, |ui| {
        let tokens = Tokens::of(ui);
        ui.set_width(480.0);
        ui.label(theme::title("Residual Lab"));
        ui.label(theme::caption(concat!("Version ", env!("CARGO_PKG_VERSION")), &tokens));
        ui.add_space(space::S);
        ui.add(Label::new("A desktop workbench for experimenting with residual networks on image classification").wrap());
        ui.add_space(space::S);
        fact(ui, "Computes on", computed_on);
        fact(ui, "Drawn by", drawn_by);
        fact(ui, "Network", "only to get data sets and weights you ask for; data, runs and pictures stay on this computer");
        ui.add_space(space::M);
        ui.label(theme::strong("Licences"));
        ScrollArea::vertical().max_height(ctx.content_rect().height() - 360.0).auto_shrink([false, true]).show(ui, |ui| {
            for (title, text) in PARTS {
                CollapsingHeader::new(title).show_unindented(ui, |ui| {
                    ui.add(Label::new(theme::caption(text, &tokens)).wrap());
                });
            }
            let text = "Built with burn, egui, egui_plot, egui_tiles, wgpu, image and other free libraries, each under its \
                        own licence; Cargo.lock lists them all.";
            ui.add(Label::new(theme::caption(text, &tokens)).wrap());
        });
        ui.add_space(space::M);
        if ui.button("Close").clicked() {
            ui.close();
        }
    });
    if modal.should_close() {
        *open = false;
    }
}

fn fact(ui: &mut Ui, name: &str, value: &str) {
    ui.horizontal_top(|ui| {
        let tokens = Tokens::of(ui);
        ui.label(theme::caption(name, &tokens));
        ui.add(Label::new(theme::caption(value, &tokens).color(tokens.text)).wrap());
    });
}
