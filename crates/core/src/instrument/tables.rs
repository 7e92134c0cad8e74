//! What an instrument found, as tables.

use crate::table::Table;

/// The tables of one arm, or of a pair of arms.
#[derive(Clone, Debug, PartialEq)]
pub struct TablesOf {
    /// The arm's name, or both arms' names.
    pub of: String,
    /// The tables, or why there are none.
    pub tables: Result<Vec<Table>, String>,
}
