//! What a person chose to see of the runs.

use super::columns::RunColumn;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Columns in their order, beside the run's and the arm's name, if a person chose them.
    pub columns: Vec<RunColumn>,
    /// Whether a person chose the columns; else they are results and whatever the runs differ in.
    pub chosen: bool,
    pub sort: RunColumn,
    /// Whether the greatest comes first.
    pub falling: bool,
    /// Whether a comparison shows also what runs agree in.
    pub all_fields: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { columns: Vec::new(), chosen: false, sort: RunColumn::Started, falling: true, all_fields: false }
    }
}
