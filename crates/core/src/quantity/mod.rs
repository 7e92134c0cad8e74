//! What a run measures: the one list of it, from which tables on disk, curves, heat maps and columns are made.
//!
//! [`Measure`] is measured in each step or validation of an arm and is a column of `metrics.csv`; [`BlockQuantity`] is
//! measured in each block by a probe and is a column of `gradients.csv`; [`Metric`] is what is plotted of them over time.
//! Names of columns and ids never change, for they stand in files; variants' names never change, for they stand in kept
//! layouts. Must not know files, plots or windows.

mod block;
mod field;
mod metric;
mod probed;
mod table;
mod unit;

pub use block::BlockQuantity;
pub use metric::{Measure, Metric, Source};
pub use probed::{Part, Probed};
pub use unit::Unit;
