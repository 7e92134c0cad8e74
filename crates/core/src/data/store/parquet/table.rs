//! A Parquet file: its columns, and the values in them that say what a row's picture shows.

use super::pages::{Pages, fault};
use super::unpack::Packing;
use crate::data::content::{Content, content};
use crate::data::error::DataError;
use crate::data::store::shared::Shared;
use parquet::basic::{ConvertedType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::Result;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What such a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// The largest description of its columns that is read, in bytes.
const MAX_ABOUT: u64 = 256 << 20;

/// No picture takes fewer bytes: a file with more rows than these allow does not hold what it says.
const LEAST_ROW: u64 = 16;

/// Texts of so many bytes name no class.
const LONGEST_NAME: usize = 256;

/// Values that are read at a time.
const AT_A_TIME: usize = 4096;

/// A Parquet file whose description was read.
pub(in crate::data) struct Table {
    pub path: PathBuf,
    /// When it was last written.
    pub written: SystemTime,
    file: Shared,
    about: ParquetMetaData,
    /// How many rows each group of them has.
    groups: Vec<usize>,
}

/// A column with at most one value for each row.
pub(in crate::data) struct Column {
    pub index: usize,
    /// What it is called, from the outside in.
    pub name: Vec<String>,
    pub holds: Holds,
}

impl Column {
    /// Whether [`Table::labels`] reads it.
    pub fn is_label(&self) -> bool {
        self.name.len() == 1 && matches!(self.holds, Holds::Numbers | Holds::Text | Holds::Truth)
    }
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Holds {
    Numbers,
    Truth,
    Text,
    Bytes,
    Others,
}

/// What a row says of its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) enum Label {
    Number(i64),
    Text(String),
}

impl Table {
    /// Opens a Parquet file, recognised by its contents.
    pub fn open(path: &Path) -> std::result::Result<Self, DataError> {
        let failed = |error: io::Error| DataError::reading(path, &error);
        let damaged = |problem: &str| DataError::damaged(path, problem);
        let file = File::open(path).map_err(failed)?;
        let written = file.metadata().and_then(|about| about.modified()).map_err(failed)?;
        let file = Shared::new(file).map_err(failed)?;
        let read = |start: u64, length: u64| {
            let mut bytes = Vec::new();
            file.part(start, length).read_to_end(&mut bytes).map_err(failed)?;
            Ok(bytes)
        };
        let start = read(0, 512)?;
        if !start.starts_with(MAGIC) {
            return Err(damaged(&match content(&start) {
                Content::Other(what) => format!("it is {}", what.called()),
                Content::Packed(what) | Content::Unread(what) => format!("it is {what}"),
                Content::Empty => "it is empty".to_owned(),
                Content::Picture | Content::Unknown => "it does not start like a Parquet file".to_owned(),
            }));
        }
        let end = file.length().saturating_sub(8);
        let [a, b, c, d, ref last @ ..] = read(end, 8)?[..] else { return Err(damaged("it is cut off")) };
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        if last != MAGIC || length > end {
            return Err(damaged("it is cut off"));
        }
        if length > MAX_ABOUT {
            return Err(damaged("the description of its columns is too long"));
        }
        let about = read(end - length, length)?;
        let about = guarded(path, || ParquetMetaDataReader::decode_metadata(&about))?;
        let groups: Option<Vec<usize>> =
            about.row_groups().iter().map(|it| usize::try_from(it.num_rows()).ok()).collect();
        let total = |groups: &Vec<usize>| groups.iter().try_fold(0_usize, |sum, rows| sum.checked_add(*rows));
        match groups.as_ref().and_then(total) {
            Some(rows) if rows as u64 <= file.length() / LEAST_ROW => {}
            _ => return Err(damaged("it announces more rows than it has room for")),
        }
        Ok(Self { path: path.to_owned(), written, file, about, groups: groups.unwrap_or_default() })
    }

    /// In all groups.
    pub fn rows(&self) -> usize {
        self.groups.iter().sum()
    }

    /// How many rows each group of them has.
    pub(super) fn groups(&self) -> &[usize] {
        &self.groups
    }

    /// The names of all columns, for messages.
    pub fn names(&self) -> Vec<String> {
        self.about.file_metadata().schema_descr().columns().iter().map(|column| column.path().string()).collect()
    }

    /// The columns that have at most one value for each row.
    pub fn columns(&self) -> Vec<Column> {
        let columns = self.about.file_metadata().schema_descr().columns().iter().enumerate();
        columns
            .filter(|(_, column)| column.max_rep_level() == 0)
            .map(|(index, column)| {
                let holds = match (column.physical_type(), column.converted_type()) {
                    (Type::INT32 | Type::INT64, ConvertedType::DECIMAL) => Holds::Others,
                    (Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE, _) => Holds::Numbers,
                    (Type::BOOLEAN, _) => Holds::Truth,
                    (Type::BYTE_ARRAY, ConvertedType::UTF8 | ConvertedType::ENUM) => Holds::Text,
                    (Type::BYTE_ARRAY, ConvertedType::NONE) => Holds::Bytes,
                    _ => Holds::Others,
                };
                Column { index, name: column.path().parts().to_vec(), holds }
            })
            .collect()
    }

    /// Refuses a column that is packed in a way that is not read.
    pub fn check(&self, column: &Column) -> std::result::Result<(), DataError> {
        let chunks = self.about.row_groups().iter().filter_map(|group| group.columns().get(column.index));
        let Some(other) = chunks
            .map(parquet::file::metadata::ColumnChunkMetaData::compression)
            .find(|packing| Packing::of(*packing).is_none())
        else {
            return Ok(());
        };
        // The name of some comes with a level in brackets.
        let name = other.to_string().to_lowercase();
        let name = name.split('(').next().unwrap_or(&name);
        let problem = format!("its column {} is packed by {name}", column.name.join("."));
        Err(DataError::unusable(&self.path, problem, "write it again, packed by snappy, gzip or zstd"))
    }

    /// What a program wrote down about the columns under a name of its own.
    pub fn note(&self, key: &str) -> Option<&str> {
        let notes = self.about.file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.as_deref()
    }

    /// The values of a column that says something of pictures, one for each row.
    pub fn labels(&self, column: usize) -> std::result::Result<Vec<Option<Label>>, DataError> {
        guarded(&self.path, || {
            let mut labels = Vec::new();
            let text = |text: &ByteArray| {
                let text = text.data();
                str::from_utf8(text).ok().filter(|_| text.len() < LONGEST_NAME).map(|text| Label::Text(text.to_owned()))
            };
            let levels = self.about.file_metadata().schema_descr().column(column).max_def_level();
            for (group, &rows) in self.groups.iter().enumerate() {
                match self.reader(group, column)? {
                    ColumnReader::Int32ColumnReader(reader) => {
                        values(reader, rows, levels, &mut labels, |number| Some(Label::Number(i64::from(*number))))?;
                    }
                    ColumnReader::Int64ColumnReader(reader) => {
                        values(reader, rows, levels, &mut labels, |number| Some(Label::Number(*number)))?;
                    }
                    ColumnReader::FloatColumnReader(reader) => {
                        values(reader, rows, levels, &mut labels, |number| measured(f64::from(*number)))?;
                    }
                    ColumnReader::DoubleColumnReader(reader) => {
                        values(reader, rows, levels, &mut labels, |number| measured(*number))?;
                    }
                    ColumnReader::BoolColumnReader(reader) => {
                        values(reader, rows, levels, &mut labels, |is| Some(Label::Text(is.to_string())))?;
                    }
                    ColumnReader::ByteArrayColumnReader(reader) => values(reader, rows, levels, &mut labels, text)?,
                    _ => return Err(fault("a column of another kind than it is said to be")),
                }
            }
            Ok(labels)
        })
    }

    /// What reads a column in a group of rows.
    pub(super) fn reader(&self, group: usize, column: usize) -> Result<ColumnReader> {
        let lacking = || fault("a group of rows lacks a column");
        let group = self.about.row_groups().get(group).ok_or_else(lacking)?;
        let chunk = group.columns().get(column).ok_or_else(lacking)?;
        let pages = Pages::new(self.file.clone(), chunk)?;
        Ok(get_column_reader(chunk.column_descr_ptr(), Box::new(pages)))
    }

    /// Bytes that a row of a column takes in the file, in the mean.
    pub(super) fn mean_bytes(&self, column: usize) -> u64 {
        let groups = self.about.row_groups().iter();
        let sizes = groups.filter_map(|group| u64::try_from(group.columns().get(column)?.compressed_size()).ok());
        sizes.sum::<u64>().min(self.file.length()) / (self.rows() as u64).max(1)
    }
}

/// Adds the values of a column in a group with so many rows; those of the highest level have one.
fn values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    highest: i16,
    to: &mut Vec<Option<Label>>,
    label: impl Fn(&T::T) -> Option<Label>,
) -> Result<()> {
    let mut left = rows;
    let (mut levels, mut found) = (Vec::new(), Vec::new());
    while left > 0 {
        levels.clear();
        found.clear();
        let (read, ..) = reader.read_records(left.min(AT_A_TIME), Some(&mut levels), None, &mut found)?;
        if read == 0 {
            return Err(fault("a column has fewer values than there are rows"));
        }
        left -= read;
        let mut found = found.iter();
        if highest == 0 {
            to.extend(found.map(&label));
        } else {
            to.extend(levels.iter().map(|&level| if level == highest { found.next().and_then(&label) } else { None }));
        }
    }
    Ok(())
}

/// A class that is written as a measure, as pandas does where some rows have none.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers that such a measure holds exactly")]
fn measured(number: f64) -> Option<Label> {
    let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
    (!number.is_nan()).then(|| if is_whole { Label::Number(number as i64) } else { Label::Text(number.to_string()) })
}

/// The library's reason in a sentence, and nothing of what it may throw.
pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> std::result::Result<T, DataError> {
    let damaged = |problem: String| DataError::damaged(path, problem);
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(format!("its table cannot be read ({})", reason(&error.to_string())))),
        Err(_) => Err(damaged("its table breaks the decoder".to_owned())),
    }
}

fn reason(text: &str) -> String {
    text.strip_prefix("Parquet error: ").unwrap_or(text).replace('\n', " ")
}
