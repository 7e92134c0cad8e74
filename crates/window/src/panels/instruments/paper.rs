//! What an instrument found as it is given away: every number of every arm in one table, and the figure as the window
//! shows it. Knows nothing of what the figures show.

use crate::give_away::Exportable;
use crate::kit::theme::{self, space};
use eframe::egui::{Ui, Vec2, vec2};
use lab_core::instrument::{Findings, Instrument};
use lab_core::table::Table;
use std::collections::HashMap;
use std::sync::Arc;

/// A figure: how it is drawn, and how much room its plots would like.
pub struct PaperFigure<D> {
    /// The picture's least height in points.
    pub height: f32,
    pub draw: D,
}

/// Room for one plot.
pub const PLOT: f32 = 440.0;
/// Rows of pictures are as high as they are.
pub const ROWS: f32 = 80.0;

/// Something on its way out of the window.
pub struct Paper<'a, S, D> {
    /// What a file of it is called.
    pub name: &'a str,
    /// What stands above the picture.
    pub title: String,
    /// Makes the tables, each with the name of its arm.
    pub tables: S,
    pub figure: PaperFigure<D>,
}

/// Width of a picture in points.
const WIDTH: f32 = 900.0;

impl<S: Fn() -> Vec<(String, Table)>, D: Fn(&mut Ui)> Exportable for Paper<'_, S, D> {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn table(&self) -> Table {
        stacked(&(self.tables)())
    }

    fn size(&self) -> Option<Vec2> {
        Some(vec2(WIDTH, self.figure.height))
    }

    fn draw(&self, ui: &mut Ui) {
        ui.label(theme::heading(&self.title));
        ui.add_space(space::XS);
        (self.figure.draw)(ui);
    }
}

/// The tables of every arm that has any.
pub fn tables(instrument: Instrument, found: &Findings) -> Vec<(String, Table)> {
    let arms = instrument.tables(found).into_iter();
    arms.flat_map(|arm| arm.tables.into_iter().flatten().map(move |table| (arm.of.clone(), table))).collect()
}

/// Tables below each other, with a column for each title that any of them has, and in front of it the arm and, where
/// there are several kinds of tables, the table's name.
fn stacked(tables: &[(String, Table)]) -> Table {
    let mut titles: Vec<&str> = Vec::new();
    for title in tables.iter().flat_map(|(_, table)| table.titles()) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    let mut columns: Vec<Vec<Arc<str>>> = vec![Vec::new(); titles.len()];
    let (mut arms, mut kinds) = (Vec::<Arc<str>>::new(), Vec::<Arc<str>>::new());
    for (arm, table) in tables {
        let (arm, kind): (Arc<str>, Arc<str>) = (Arc::from(arm.as_str()), Arc::from(table.name.as_str()));
        let places: HashMap<&str, usize> = table.titles().zip(0..).collect();
        for row in (0..table.rows()).map(|row| table.row(row).collect::<Vec<_>>()) {
            arms.push(Arc::clone(&arm));
            kinds.push(Arc::clone(&kind));
            for (title, column) in titles.iter().zip(&mut columns) {
                column.push(places.get(title).map_or_else(Arc::default, |&place| Arc::from(&*row[place])));
            }
        }
    }
    let mut table = Table::default().words("arm", arms);
    if kinds.windows(2).any(|pair| pair[0] != pair[1]) {
        table = table.words("table", kinds);
    }
    titles.iter().zip(columns).fold(table, |table, (title, column)| table.words(title, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_several_kinds_stand_below_each_other() {
        let table = |name: &str, label: &str, value: &str, norm: f64| {
            Table::new(name).words(label, [value]).numbers("norm", [norm])
        };
        let blocks = table("blocks", "block", "layer1.0", 2.0);
        let all = [
            ("plain".to_owned(), blocks.clone()),
            ("plain".to_owned(), table("parameters", "parameter", "conv1", 3.0)),
        ];
        let expected = "arm,table,block,norm,parameter\nplain,blocks,layer1.0,2,\nplain,parameters,,3,conv1\n";
        assert_eq!(stacked(&all).csv(), expected);
        let same = [("plain".to_owned(), blocks.clone()), ("residual".to_owned(), blocks)];
        assert_eq!(stacked(&same).csv(), "arm,block,norm\nplain,layer1.0,2\nresidual,layer1.0,2\n");
    }
}
