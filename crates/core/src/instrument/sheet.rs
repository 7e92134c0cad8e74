//! A table of an answer, the same in a file, in JSON and on the screen.

use serde::{Deserialize, Serialize};

/// A table with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// What a file with it is called, without its ending.
    pub name: String,
    /// The names of the columns.
    pub header: Vec<String>,
    /// As long as the header each.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// A table without rows.
    #[must_use]
    pub fn new(name: &str, header: &[&str]) -> Self {
        Self { name: name.to_owned(), header: header.iter().map(|&title| title.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as comma-separated values, quoted where they must be.
    #[must_use]
    pub fn csv(&self) -> String {
        let quoted = |cell: &String| {
            if cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.clone()
            }
        };
        let line = |cells: &Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
        line(&self.header) + &self.rows.iter().map(line).collect::<String>()
    }
}

/// A number in a table: as many digits as bring it back, nothing for one that is not there.
pub(super) fn cell(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { String::new() }
}

/// The same for a number that may be absent.
pub(super) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(String::new, cell)
}
