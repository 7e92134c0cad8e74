//! The menu of whatever can be given away: any panel that implements [`Exportable`] gets the same. Knows nothing of what
//! the panels show.

use crate::action::Action;
use crate::export::{Drawing, SavedContent};
use crate::kit::theme::Tokens;
use crate::kit::widgets::named;
use eframe::egui::{Button, Popup, Ui, Vec2, vec2};
use lab_core::table::Table;
use std::sync::Arc;

/// Something that can be copied and saved.
pub trait Exportable {
    /// What a file of it is called, without its ending: `loss`, `confusion-plain`.
    fn name(&self) -> String;

    /// All its data, not only what fits on the screen.
    fn table(&self) -> Table;

    /// The same as a person reads it, for web pages and papers, with the row that stands out; `None` for what is too long
    /// to be read.
    fn summary(&self) -> Option<(Table, Option<usize>)> {
        None
    }

    /// The picture's size in points, which grows downwards where it must; `None` for what has no picture.
    fn size(&self) -> Option<Vec2>;

    /// Draws it into a `Ui` of that size, off the screen: textures of the window do not exist there, so it makes its own.
    /// It is called more than once for one picture.
    fn draw(&self, ui: &mut Ui);
}

/// How a table is written, with the row that stands out.
type TableText = fn(&Table, Option<usize>) -> String;

/// A small button that opens the same menu, for those who use the keyboard. `about` names what is exported.
pub fn button(ui: &mut Ui, about: &str, what: &dyn Exportable, actions: &mut Vec<Action>) {
    let side = ui.spacing().interact_size.y;
    let response = ui.add(Button::new("").frame_when_inactive(false).min_size(vec2(side, side)));
    let color = Tokens::of(ui).weak;
    for row in [-4.0, 0.0, 4.0] {
        ui.painter().circle_filled(response.rect.center() + vec2(0.0, row), 1.25, color);
    }
    let response = named(ui, response.on_hover_text("Copy or save"), &format!("Export {about}"));
    Popup::menu(&response).show(|ui| entries(ui, what, actions));
}

/// What the menu offers. Tables and pictures are made only when asked for.
pub fn entries(ui: &mut Ui, what: &dyn Exportable, actions: &mut Vec<Action>) {
    let save = |content: SavedContent| Action::Save { name: what.name(), content };
    if ui.button("Copy data").clicked() {
        actions.push(Action::CopyTable(Arc::new(what.table())));
    }
    for (title, write) in [("Copy as Markdown", Table::markdown as TableText), ("Copy as LaTeX", Table::latex)] {
        if let Some((table, best)) = what.summary()
            && ui.button(title).clicked()
        {
            actions.push(Action::CopyText(write(&table, best)));
        }
    }
    if ui.button("Save CSV…").clicked() {
        actions.push(save(SavedContent::Csv(Arc::new(what.table()))));
    }
    let Some(size) = what.size() else { return };
    let drawing = |ui: &Ui| Arc::new(Drawing::new(ui.ctx(), size, |ui| what.draw(ui)));
    if ui.button("Copy picture").on_hover_text("To paste into a text or onto a slide").clicked() {
        actions.push(Action::CopyPicture(drawing(ui)));
    }
    let hint =
        format!("{} × {} pixels: twice as fine as the screen, for slides and papers", 2.0 * size.x, 2.0 * size.y);
    if ui.button("Save PNG…").on_hover_text(hint).clicked() {
        actions.push(save(SavedContent::Png(drawing(ui))));
    }
    if ui.button("Save SVG…").clicked() {
        actions.push(save(SavedContent::Svg(drawing(ui))));
    }
}
