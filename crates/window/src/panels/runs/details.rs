//! One run: what a person can add to it and do with it.

use super::columns::{RunColumn, status};
use crate::action::{Action, RunAction};
use crate::export::{ExportFormat, RunExport, SavedContent};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::shelf::{Entry, Shelf};
use eframe::egui::{Align, Button, Label, Layout, TextEdit, Ui, vec2};
use lab_core::number;
use lab_core::runs::Notes;
use std::path::PathBuf;

/// What is being typed, before it is written.
#[derive(Default)]
pub struct Details {
    of: PathBuf,
    name: String,
    tags: String,
    note: String,
}

impl Details {
    pub fn ui(&mut self, ui: &mut Ui, entry: &Entry, busy: bool, shelf: &mut Shelf, actions: &mut Vec<Action>) {
        if self.of != entry.folder {
            *self = Self {
                of: entry.folder.clone(),
                name: entry.name().to_owned(),
                tags: entry.notes.tags.join(", "),
                note: entry.notes.note.clone(),
            };
        }
        let tokens = Tokens::of(ui);
        ui.horizontal_wrapped(|ui| {
            buttons(ui, entry, busy, shelf, actions);
            let steps = format!("{} of {}", number::count(entry.steps()), number::plural(entry.planned, "step"));
            let facts = format!("{}, {steps} · {}", status(entry), RunColumn::Started.text(entry, 0));
            ui.add(Label::new(theme::caption(facts, &tokens)).truncate());
        });
        ui.add_space(space::XS);
        // What is being typed while the window is closed counts, too.
        let mut left = ui.input(|input| input.viewport().close_requested());
        let mut field = |ui: &mut Ui, label: &str, text: &mut String, hint: &str| {
            ui.horizontal(|ui| {
                let (size, layout) = (vec2(40.0, theme::ROW), Layout::left_to_right(Align::Center));
                let shown = ui.allocate_ui_with_layout(size, layout, |ui| {
                    ui.set_min_size(size);
                    ui.label(label)
                });
                let edit = TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY);
                let edit = ui.add(edit).labelled_by(shown.inner.id);
                left |= named(ui, edit, &format!("{label} of the run")).lost_focus();
            });
        };
        field(ui, "Name", &mut self.name, &entry.experiment.name);
        field(ui, "Tags", &mut self.tags, "words to find it by, with commas between them");
        field(ui, "Note", &mut self.note, "anything worth remembering");
        if left {
            self.write(ui, entry, shelf);
        }
        ui.add(Label::new(theme::caption(entry.folder.display().to_string(), &tokens)).truncate());
    }

    /// Writes what was typed, if it is new. The experiment's own name is no other name.
    fn write(&self, ui: &Ui, entry: &Entry, shelf: &mut Shelf) {
        let name = self.name.trim();
        let name = (!name.is_empty() && name != entry.experiment.name).then(|| name.to_owned());
        let tags = self.tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        let note = self.note.trim().to_owned();
        let known = &entry.notes;
        if (&name, &tags, &note) != (&known.name, &known.tags, &known.note) {
            let change = move |notes: &mut Notes| (notes.name, notes.tags, notes.note) = (name, tags, note);
            shelf.annotate(&entry.folder, change, ui.ctx());
        }
    }
}

/// Why a run cannot be opened now, or nothing.
pub fn obstacle(entry: &Entry, busy: bool) -> Option<&'static str> {
    match (entry.live, busy) {
        (true, _) => Some("It is training now: tick it to see its curves."),
        (false, true) => Some("Another run is under way: stop it first, or tick this one to see its curves."),
        (false, false) => None,
    }
}

/// What can be done with the run.
/// `busy` says that an experiment is under way in this window.
pub fn buttons(ui: &mut Ui, entry: &Entry, busy: bool, shelf: &mut Shelf, actions: &mut Vec<Action>) {
    let name = entry.name();
    let obstacle = obstacle(entry, busy);
    let open = ui.add_enabled(obstacle.is_none(), Button::new("Open"));
    let open =
        open.on_hover_text("Shows its curves, networks and settings as they were left (Enter, or a double click)");
    let open = open.on_disabled_hover_text(obstacle.unwrap_or_default());
    if named(ui, open, &format!("Open {name}")).clicked() {
        actions.push(Action::Run(RunAction::Open(entry.folder.clone())));
    }
    let again = ui.button("Load into the form").on_hover_text("Puts its experiment into the form");
    if named(ui, again, &format!("Load {name} into the form")).clicked() {
        actions.push(Action::Again(Box::new(entry.experiment.clone().into_plan())));
    }
    let go_on = ui.add_enabled(entry.is_unfinished() && obstacle.is_none(), Button::new("Continue"));
    let go_on = go_on.on_hover_text("Trains on from its last checkpoint");
    let ended = if entry.has_diverged() {
        "Every network has diverged: load it into the form and train anew with a smaller learning rate."
    } else {
        "All its steps are done. Open it to train it further."
    };
    let go_on = go_on.on_disabled_hover_text(obstacle.unwrap_or(ended));
    if named(ui, go_on, &format!("Continue {name}")).clicked() {
        actions.push(Action::Run(RunAction::Resume(entry.folder.clone())));
    }
    let open = ui.button("Files").on_hover_text("Shows its folder");
    if named(ui, open, &format!("Open the folder of {name}")).clicked() {
        actions.push(Action::Reveal(entry.folder.clone()));
    }
    let export = ui.menu_button("Export", |ui| {
        for format in ExportFormat::ALL {
            if ui.button(format.title()).clicked() {
                let export = RunExport { run: entry.folder.clone(), format };
                actions.push(Action::Save { name: export.name(), content: SavedContent::Run(export) });
            }
        }
    });
    named(
        ui,
        export.response.on_hover_text("Saves it for other programs, readers or machines"),
        &format!("Export {name}"),
    );
    let hindered = match (shelf.is_elsewhere(&entry.folder), entry.live) {
        (true, _) => Some("It lies outside of the folder of runs: delete it there."),
        (false, true) => Some("It is training now; stop it first."),
        (false, false) => None,
    };
    let delete = ui.add_enabled(hindered.is_none(), Button::new("Delete"));
    let delete = delete
        .on_hover_text("Moves it into the trash, from which it can be taken back")
        .on_disabled_hover_text(hindered.unwrap_or_default());
    if named(ui, delete, &format!("Delete {name}")).clicked() {
        shelf.discard(&entry.folder, ui.ctx());
    }
}
