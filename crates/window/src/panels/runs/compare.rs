//! Runs field by field, in the words of the form; by default only those in which they differ.

use super::columns::{RunColumn, status};
use crate::kit::theme::{self, Tokens, space};
use crate::shelf::Entry;
use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui};
use lab_core::experiment::{field_in_words, value_in_words};
use lab_core::quantity::Measure;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// A field with its value in each run; `None` where a run has no such field.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedField {
    /// Its path in the experiment's file: `recipe.batch_size`.
    pub path: String,
    /// What a person calls it, with the network that it belongs to.
    pub name: String,
    /// One for each run.
    pub values: Vec<Option<String>>,
}

impl ComparedField {
    fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// A run as it was when the comparison was made.
#[derive(PartialEq)]
struct ComparedRun {
    folder: PathBuf,
    steps: u64,
    live: bool,
}

/// The comparison, made again when the runs change.
#[derive(Default)]
pub struct Compare {
    of: Vec<ComparedRun>,
    fields: Vec<ComparedField>,
}

impl Compare {
    /// Draws the comparison of these runs; `all` shows also what they agree in.
    pub fn ui(&mut self, ui: &mut Ui, entries: &[Arc<Entry>], all: bool) {
        let now =
            |entry: &Arc<Entry>| ComparedRun { folder: entry.folder.clone(), steps: entry.steps(), live: entry.live };
        let of: Vec<ComparedRun> = entries.iter().map(now).collect();
        if self.of != of {
            self.fields = fields(entries);
            self.of = of;
        }
        let tokens = Tokens::of(ui);
        let shown: Vec<&ComparedField> = self.fields.iter().filter(|field| all || field.differs()).collect();
        if shown.is_empty() {
            ui.label(theme::caption("These runs do not differ in any field.", &tokens));
            return;
        }
        ScrollArea::both().auto_shrink(false).id_salt("compare").show(ui, |ui| {
            Grid::new("compare").num_columns(entries.len() + 1).spacing([space::L, space::XS]).striped(true).show(
                ui,
                |ui| {
                    ui.label("");
                    for entry in entries {
                        ui.label(theme::strong(entry.name()));
                    }
                    ui.end_row();
                    // Several may be called the same.
                    ui.label("");
                    for entry in entries {
                        let folder = entry.folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
                        ui.add(Label::new(theme::caption(folder, &tokens)).extend());
                    }
                    ui.end_row();
                    for field in shown {
                        ui.label(theme::caption(&field.name, &tokens)).on_hover_text(&field.path);
                        for value in &field.values {
                            let text = RichText::new(value.as_deref().unwrap_or("–"));
                            let text = if all && field.differs() { text.color(tokens.accent) } else { text };
                            ui.add(Label::new(text).extend());
                        }
                        ui.end_row();
                    }
                },
            );
        });
    }
}

/// Every field that at least one of the runs has: results first, then settings.
#[must_use]
pub fn fields(entries: &[Arc<Entry>]) -> Vec<ComparedField> {
    let all: Vec<Vec<(String, String)>> = entries.iter().map(|entry| flattened(entry)).collect();
    let mut known = BTreeSet::new();
    let mut order = Vec::new();
    for (path, _) in all.iter().flatten() {
        if known.insert(path.as_str()) {
            order.push(path.clone());
        }
    }
    let value = |run: &Vec<(String, String)>, path: &str| {
        run.iter().find(|(known, _)| known == path).map(|(_, value)| value.clone())
    };
    let field = |path: String| ComparedField {
        values: all.iter().map(|run| value(run, &path)).collect(),
        name: in_words(&path, entries),
        path,
    };
    order.into_iter().map(field).collect()
}

/// What a person calls a field; one of a network goes by the network's name where all runs call it the same.
fn in_words(path: &str, entries: &[Arc<Entry>]) -> String {
    let of_arm = path.strip_prefix("arms[").and_then(|rest| rest.split_once("]."));
    let Some((place, rest)) = of_arm.and_then(|(place, rest)| Some((place.parse::<usize>().ok()?, rest))) else {
        return if path.starts_with("recipe.") || path.starts_with("data.") {
            field_in_words(path)
        } else {
            path.to_owned()
        };
    };
    let mut names = entries.iter().filter_map(|entry| entry.info.arms.get(place)).map(|arm| arm.name.as_str());
    let first = names.next().unwrap_or_default();
    let owner = if names.all(|name| name == first) { first.to_owned() } else { format!("network {}", place + 1) };
    format!("{owner}: {}", field_in_words(rest))
}

fn flattened(entry: &Entry) -> Vec<(String, String)> {
    let mut fields = vec![("status".to_owned(), status(entry).to_owned())];
    let measured = [RunColumn::Best(Measure::ValidationAccuracy), RunColumn::Last(Measure::TrainLoss)];
    for (arm, info) in entry.info.arms.iter().enumerate() {
        for column in [RunColumn::Steps, RunColumn::Time, RunColumn::Parameters].into_iter().chain(measured) {
            fields.push((format!("{}: {}", info.name, column.title().to_lowercase()), column.text(entry, arm)));
        }
    }
    fields.push(("device".to_owned(), entry.info.device.clone()));
    // A plan that was read from TOML can be written as TOML.
    if let Ok(text) = entry.experiment.clone().into_plan().to_toml()
        && let Ok(table) = text.parse::<toml::Table>()
    {
        flatten(&mut fields, "", &toml::Value::Table(table));
    }
    fields
}

fn flatten(fields: &mut Vec<(String, String)>, path: &str, value: &toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flatten(fields, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value);
            }
        }
        toml::Value::Array(values) if values.iter().any(toml::Value::is_table) => {
            for (index, value) in values.iter().enumerate() {
                flatten(fields, &format!("{path}[{index}]"), value);
            }
        }
        toml::Value::String(text) => fields.push((path.to_owned(), text.clone())),
        other => fields.push((path.to_owned(), value_in_words(path, other))),
    }
}
