//! A study's results, to be copied and saved.

use crate::give_away::Exportable;
use crate::laboratory::Looked;
use eframe::egui::{Ui, Vec2};
use lab_core::table::Table;

pub struct Paper<'a>(pub &'a Looked);

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "study".to_owned()
    }

    fn table(&self) -> Table {
        self.0.results.table()
    }

    fn summary(&self) -> Option<(Table, Option<usize>)> {
        Some((self.0.results.summary(), self.0.results.best))
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}
