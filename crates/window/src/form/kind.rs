//! The rows of what belongs to one kind of optimiser or schedule.

use super::field::Fields;
use crate::kit::widgets::numbers;
use eframe::egui::Ui;
use lab_core::experiment::field;
use lab_core::experiment::kind_setting::{KindSetting, Set};

/// A row for each setting. A preset of another kind has none for them to go back to; they go back with the kind.
pub fn ui(ui: &mut Ui, fields: &Fields, settings: Vec<KindSetting>, preset: Vec<KindSetting>) {
    let mut preset = preset.into_iter().map(|setting| setting.value);
    for KindSetting { id, value } in settings {
        // Every setting of every kind is known.
        let Some(row) = field::at(&format!("{}.{id}", fields.path)) else { continue };
        match (value, preset.next()) {
            (Set::Number(value, _), base) => {
                let base = if let Some(Set::Number(base, _)) = base { Some(&*base) } else { None };
                fields.number(ui, row, value, base);
            }
            (Set::Count(value), base) => {
                let base = if let Some(Set::Count(base)) = base { Some(&*base) } else { None };
                fields.whole(ui, row, value, base, "");
            }
            (Set::Times(value), base) => {
                let base = if let Some(Set::Times(base)) = base { Some(&*base) } else { None };
                fields.row(ui, row, value, base, numbers);
            }
            (Set::Switch(value), base) => {
                let base = if let Some(Set::Switch(base)) = base { Some(&*base) } else { None };
                fields.tick(ui, row, value, base);
            }
        }
    }
}
