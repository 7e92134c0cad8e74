//! All runs on disk: to search, sort, compare, annotate, and draw over the plots. Must not know other panels.

mod columns;
mod compare;
mod details;
mod table;
mod view;

use crate::action::Action;
use crate::give_away::{self, Exportable};
use crate::kit::canvas::{CanvasButton, canvas};
use crate::kit::chips::empty;
use crate::kit::theme::{self, Tokens, space};
use crate::panels::beginning::by_training;
use crate::scene::{Effects, Panel, Scene};
use crate::shelf::{Entry, Shelf};
use columns::RunColumn;
use compare::Compare;
use details::Details;
use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{self, Label, PopupCloseBehavior, ScrollArea, TextEdit, Ui, Vec2};
use lab_core::number;
use lab_core::table::Table;
use std::path::PathBuf;
use std::sync::Arc;

pub use view::View;

#[derive(Default)]
pub struct RunsPanel {
    search: String,
    selected: Option<PathBuf>,
    comparing: bool,
    compare: Compare,
    details: Details,
    listed: RunList,
}

/// What is worked out of all runs: anew only where these, or what is asked of them, have changed.
#[derive(Default)]
struct RunList {
    of: Option<Arc<Vec<Arc<Entry>>>>,
    /// The columns that are shown unless others were chosen.
    usual: Vec<RunColumn>,
    query: Option<Query>,
    /// Runs that match what is searched for, sorted, the starred ones first.
    shown: Arc<Vec<Arc<Entry>>>,
}

/// What is asked of all runs.
#[derive(PartialEq)]
struct Query {
    search: String,
    sort: RunColumn,
    /// Whether the greatest comes first.
    falling: bool,
}

impl RunList {
    fn bring(&mut self, search: &str, view: &View, entries: &Arc<Vec<Arc<Entry>>>) {
        let is_same = self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, entries));
        if !is_same {
            (self.of, self.usual) = (Some(Arc::clone(entries)), RunColumn::usual(entries));
        }
        let query = Some(Query { search: search.to_owned(), sort: view.sort, falling: view.falling });
        if is_same && self.query == query {
            return;
        }
        self.query = query;
        let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
        let matching = entries.iter().filter(|entry| matches(entry, &words)).cloned().collect();
        let mut shown = view.sort.sorted(matching, view.falling);
        shown.sort_by_key(|entry| !entry.notes.starred);
        self.shown = Arc::new(shown);
    }
}

impl Panel for RunsPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let Effects { shelf, actions, .. } = effects;
        shelf.look(ui.ctx());
        let Some(entries) = shelf.entries.clone() else {
            let text = if shelf.place().is_some() { "Reading the runs…" } else { "This window keeps no runs." };
            return empty(ui, text);
        };
        if entries.is_empty() && shelf.damaged.is_empty() && shelf.discarded.is_empty() {
            return begin(ui, scene, "Every run is kept and will be listed here.", actions);
        }
        self.listed.bring(&self.search, view, &entries);
        let shown = Arc::clone(&self.listed.shown);
        let own = scene.monitor.prepared.as_ref().and_then(|prepared| prepared.run.as_deref());
        let is_compared = |entry: &&Arc<Entry>| shelf.is_ticked(&entry.folder) || own == Some(entry.folder.as_path());
        let mut compared: Vec<Arc<Entry>> = entries.iter().filter(is_compared).cloned().collect();
        compared.sort_by_key(|entry| own != Some(entry.folder.as_path()));
        self.comparing &= compared.len() > 1;
        self.tools(ui, view, shelf, compared.len() > 1, actions);
        let columns = if view.chosen { view.columns.clone() } else { self.listed.usual.clone() };
        let busy = scene.monitor.is_active();
        let selected = entries.iter().find(|entry| Some(&entry.folder) == self.selected.as_ref()).cloned();
        // Below the table.
        let frame = egui::Frame::new();
        if self.comparing {
            let half = (0.45 * ui.available_height()).max(120.0);
            egui::Panel::bottom("compare runs").frame(frame).resizable(true).default_size(half).show(ui, |ui| {
                ui.add_space(space::S);
                self.compare.ui(ui, &compared, view.all_fields);
            });
        } else if let Some(entry) = selected {
            egui::Panel::bottom("run details").frame(frame).show(ui, |ui| {
                ui.add_space(space::S);
                self.details.ui(ui, &entry, busy, shelf, actions);
            });
        }
        if entries.is_empty() {
            return begin(ui, scene, "No run is left.", actions);
        }
        if shown.is_empty() {
            let offer = CanvasButton { verb: "Show all runs", name: "Show all runs", hindered: None };
            if canvas(ui, "No run matches what is searched for.", Some(offer)) {
                self.search.clear();
            }
            return;
        }
        let selected = &mut self.selected;
        table::ui(ui, view, &columns, &shown, &mut table::RunsTable { own, busy, selected, shelf, actions });
    }
}

impl RunsPanel {
    /// The row above the table.
    fn tools(&mut self, ui: &mut Ui, view: &mut View, shelf: &mut Shelf, can_compare: bool, actions: &mut Vec<Action>) {
        let tokens = Tokens::of(ui);
        let (shown, all) = (&*self.listed.shown, self.listed.of.as_ref().map_or(0, |all| all.len()));
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::ROW);
            let search = TextEdit::singleline(&mut self.search).hint_text("Search").desired_width(160.0);
            let search = ui.add(search).on_hover_text("In names, tags, notes, arms, data and folders");
            crate::kit::widgets::named(ui, search, "Search runs");
            chooser(ui, view, &self.listed.usual);
            let compare = ui.add_enabled_ui(can_compare, |ui| ui.toggle_value(&mut self.comparing, "Compare")).inner;
            compare
                .on_hover_text("The run on show and the ticked ones, field by field")
                .on_disabled_hover_text("Tick two runs to compare them, or one to compare it with the run on show.");
            if self.comparing {
                ui.checkbox(&mut view.all_fields, "All fields").on_hover_text("Also those in which they agree");
            }
            let columns = if view.chosen { &view.columns } else { &self.listed.usual };
            give_away::button(ui, "the list of runs", &Listing { columns, shown }, actions);
            let text = if shown.len() == all {
                number::plural(all as u64, "run")
            } else {
                format!("{} of {all} runs", shown.len())
            };
            ui.add(Label::new(theme::caption(text, &tokens)).extend());
            if !shelf.damaged.is_empty() {
                let text = format!("{} damaged", shelf.damaged.len());
                let damaged = ui.label(egui::RichText::new(text).size(theme::size::SMALL).color(tokens.warning));
                damaged.on_hover_text(shelf.damaged.join("\n"));
            }
            if let Some((from, _)) = shelf.discarded.last() {
                let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                ui.label(theme::caption(format!("Deleted {name}."), &tokens));
                if ui.small_button("Take it back").clicked() {
                    shelf.restore(ui.ctx());
                }
            }
        });
        ui.add_space(space::XS);
    }
}

/// Offers what makes a run appear where there is none.
fn begin(ui: &mut Ui, scene: Scene, what: &str, actions: &mut Vec<Action>) {
    by_training(ui, scene, "Runs", what, actions);
}

/// Which columns are shown.
fn chooser(ui: &mut Ui, view: &mut View, usual: &[RunColumn]) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new("Columns").config(config).ui(ui, |ui| {
        let default = ui.button("Default columns").on_hover_text("Results, and whatever the runs differ in");
        if default.clicked() {
            view.chosen = false;
        }
        if !view.chosen {
            view.columns = usual.to_vec();
        }
        ui.separator();
        ScrollArea::vertical().max_height(480.0).min_scrolled_height(480.0).show(ui, |ui| {
            for column in RunColumn::optional() {
                let mut shown = view.columns.contains(&column);
                if ui.checkbox(&mut shown, column.title()).changed() {
                    view.chosen = true;
                    view.columns.retain(|known| *known != column);
                    if shown {
                        view.columns.push(column);
                    }
                }
            }
        });
    });
}

fn matches(entry: &Entry, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let arms = entry.info.arms.iter().map(|arm| arm.name.as_str());
    let folder = entry.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut text = format!("{} {} {} {}", entry.name(), entry.notes.note, entry.info.dataset.name, folder);
    for part in entry.notes.tags.iter().map(String::as_str).chain(arms).chain([columns::status(entry)]) {
        text.push(' ');
        text.push_str(part);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// The list as it is given away: every shown column, a row for each arm.
struct Listing<'a> {
    columns: &'a [RunColumn],
    shown: &'a [Arc<Entry>],
}

impl Exportable for Listing<'_> {
    fn name(&self) -> String {
        "runs".into()
    }

    fn table(&self) -> Table {
        let rows: Vec<(&Entry, usize)> =
            self.shown.iter().flat_map(|entry| (0..entry.info.arms.len()).map(|arm| (&**entry, arm))).collect();
        let columns = [RunColumn::Name, RunColumn::Arm].into_iter().chain(self.columns.iter().copied());
        let table = columns.fold(Table::default(), |table, column| {
            table.words(&column.title(), rows.iter().map(|(entry, arm)| column.text(entry, *arm)))
        });
        table.words("Folder", rows.iter().map(|(entry, _)| entry.folder.display().to_string()))
    }

    fn summary(&self) -> Option<(Table, Option<usize>)> {
        Some((self.table(), None))
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}
