//! Every setting with what it has come to; the best one is marked.

use super::bits;
use super::cells::{CellTable, RowLook};
use crate::kit::theme::{self, Tokens};
use crate::laboratory::Looked;
use eframe::egui::Ui;
use lab_core::number::plural;
use lab_core::study::{Standing, TrialState};

/// The table, made once for what was read last.
pub fn cells(looked: &Looked) -> CellTable {
    let table = looked.results.summary();
    let best = |row: usize| if looked.results.best == Some(row) { "best" } else { "" };
    let marked = looked.results.best.is_some();
    let titles = marked.then(String::new).into_iter().chain(table.titles().map(str::to_owned)).collect();
    let row = |row: usize| {
        let mark = marked.then(|| best(row).to_owned());
        mark.into_iter().chain(table.row(row).map(std::borrow::Cow::into_owned)).collect()
    };
    let name = |row: usize| {
        let best = if looked.results.best == Some(row) { "Best setting: " } else { "Setting: " };
        let parts = table.titles().zip(table.row(row)).filter(|(_, cell)| !cell.is_empty());
        format!("{best}{}", parts.map(|(title, cell)| format!("{title} {cell}")).collect::<Vec<_>>().join(", "))
    };
    let rows = 0..table.rows();
    CellTable::new(titles, rows.clone().map(row).collect(), rows.map(name).collect())
}

pub fn ui(ui: &mut Ui, looked: &Looked, cells: &CellTable, bottom: f32) {
    let tokens = Tokens::of(ui);
    let early = looked.trials.iter().filter(|trial| trial.standing == Standing::Over(TrialState::EndedEarly)).count();
    let height = bits::height(ui, bottom, if early > 0 { 1.0 } else { 0.0 });
    cells.ui(ui, "points", height, |_, row, _| {
        let stands_out = looked.results.best == Some(row);
        RowLook { stands_out, color: stands_out.then_some(tokens.accent) }
    });
    if early > 0 {
        let text = format!("{} ended early: they were behind", plural(early as u64, "training"));
        ui.label(theme::caption(text, &tokens));
    }
}
