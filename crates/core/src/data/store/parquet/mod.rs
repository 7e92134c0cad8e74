//! Tables in Parquet files, of which each row holds a picture. Rows are read where they lie. The library decodes levels
//! and values; what it would believe of a file, sizes of pages above all, is checked here before memory is set aside.
//! Format: <https://parquet.apache.org/docs/file-format/>.

mod header;
mod pages;
mod pictures;
mod table;
mod unpack;

pub(in crate::data) use pictures::Pictures;
pub(in crate::data) use table::{Column, Holds, Label, Table};
