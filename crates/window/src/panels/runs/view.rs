//! What a person chose to see of the runs.

use super::columns::Column;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Columns in their order, beside the run's and the arm's name.
    pub columns: Vec<Column>,
    /// The column that sorts.
    pub sort: Column,
    /// Whether the greatest comes first.
    pub falling: bool,
    /// Whether a comparison shows also what runs agree in.
    pub all_fields: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { columns: Column::first(), sort: Column::Started, falling: true, all_fields: false }
    }
}
