//! The pictures of a table, one for each row, read in any order. Rows that are asked for one after another are unpacked
//! once: whoever has come to a row waits there for the next ones.

use super::pages::fault;
use super::table::{Table, guarded};
use crate::data::error::DataError;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::Result;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The pictures of a table.
pub(in crate::data) struct Pictures {
    pub table: Table,
    column: usize,
    /// Bytes that one takes in the file, in the mean.
    mean: u64,
    waiting: Mutex<Vec<Reader>>,
}

/// Somebody who has come so far in a group of rows.
struct Reader {
    group: usize,
    /// The row in the group that comes next.
    next: usize,
    values: ColumnReaderImpl<ByteArrayType>,
    /// Of the row before.
    last: Option<ByteArray>,
}

impl Pictures {
    /// The pictures in a column of bytes.
    pub fn new(table: Table, column: usize) -> Self {
        Self { mean: table.mean_bytes(column), table, column, waiting: Mutex::default() }
    }

    /// The first bytes of the picture that stands at a path behind the table's own, none where the row has none, and
    /// how many it has.
    pub fn read(&self, path: &Path, length: u64) -> std::result::Result<(Vec<u8>, u64), DataError> {
        let row = self.row(path).ok_or_else(|| DataError::Missing(path.to_owned()))?;
        let value = guarded(path, || self.value(row))?;
        let bytes = value.as_ref().map_or(&[][..], ByteArray::data);
        let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
        Ok((bytes[..wanted].to_vec(), bytes.len() as u64))
    }

    /// What changes when the table does: the bytes of a picture in it, in the mean, and when it was last written.
    pub fn stamp(&self) -> (u64, SystemTime) {
        (self.mean, self.table.written)
    }

    fn row(&self, path: &Path) -> Option<usize> {
        let row = path.strip_prefix(&self.table.path).ok()?.to_str()?.parse().ok()?;
        (row < self.table.rows()).then_some(row)
    }

    fn value(&self, mut row: usize) -> Result<Option<ByteArray>> {
        let mut group = 0;
        for &rows in self.table.groups() {
            if row < rows {
                break;
            }
            row -= rows;
            group += 1;
        }
        let nearest = {
            let mut waiting = self.waiting();
            let near = |(_, reader): &(usize, &Reader)| reader.group == group && reader.next <= row + 1;
            let place = waiting.iter().enumerate().filter(near).max_by_key(|(_, reader)| reader.next);
            place.map(|(place, _)| place).map(|place| waiting.remove(place))
        };
        let mut reader = match nearest {
            Some(reader) => reader,
            None => match self.table.reader(group, self.column)? {
                ColumnReader::ByteArrayColumnReader(values) => Reader { group, next: 0, values, last: None },
                _ => return Err(fault("a column of another kind than it is said to be")),
            },
        };
        reader.go_to(row)?;
        let value = reader.last.clone();
        let mut waiting = self.waiting();
        waiting.push(reader);
        // No more than there are threads to ask for more.
        if waiting.len() > rayon::current_num_threads() {
            waiting.remove(0);
        }
        Ok(value)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Reads a row that is the last one or comes later.
    fn go_to(&mut self, row: usize) -> Result<()> {
        if self.next == row + 1 {
            return Ok(());
        }
        let too_few = || fault("a column has fewer values than there are rows");
        self.last = None;
        let passed = self.values.skip_records(row - self.next)?;
        self.next += passed;
        let mut values = Vec::new();
        let (read, ..) = self.values.read_records(1, Some(&mut Vec::new()), None, &mut values)?;
        if self.next != row || read != 1 {
            return Err(too_few());
        }
        self.next = row + 1;
        self.last = values.pop();
        Ok(())
    }
}
