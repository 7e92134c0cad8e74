//! Tables that grow by rows: CSV files with a header, appended to and flushed by and by.
//!
//! A crash may tear the last line. Readers leave it out, and the next one who appends cuts it off.

use super::rows::Row;
use crate::files::write_atomically;
use csv::Position;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A table that is being written.
pub(super) struct GrowingTable {
    path: PathBuf,
    file: File,
    /// Bytes of whole rows in the file.
    written: u64,
    /// Rows that are not in the file yet.
    buffer: Vec<u8>,
    /// Where the newest row starts, counted from the start of the file.
    newest: Option<u64>,
}

impl GrowingTable {
    /// Opens a table for appending, or begins it with its header.
    pub(super) fn append<R: Row>(path: PathBuf) -> io::Result<Self> {
        let kept = if path.exists() { whole_lines(&path)? } else { String::new() };
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        let mut table = Self { path, file, written: kept.len() as u64, buffer: Vec::new(), newest: None };
        if kept.is_empty() {
            table.buffer.extend_from_slice(R::columns().join(",").as_bytes());
            table.buffer.push(b'\n');
        }
        table.flush()?;
        Ok(table)
    }

    /// Adds a row; it reaches the file with the next [`Self::flush`].
    pub(super) fn push<R: Row>(&mut self, row: &R) -> io::Result<()> {
        self.newest = Some(self.written + self.buffer.len() as u64);
        self.buffer.extend_from_slice(&line(row)?);
        Ok(())
    }

    /// Puts a row in the place of the one pushed last.
    pub(super) fn replace_newest<R: Row>(&mut self, row: &R) -> io::Result<()> {
        if let Some(start) = self.newest {
            if let Some(keep) = start.checked_sub(self.written) {
                self.buffer.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
            } else {
                self.written = start;
                self.buffer.clear();
            }
        }
        self.push(row)
    }

    /// The row that is the newest in the file, which [`Self::replace_newest`] then replaces.
    pub(super) fn take_up<R: Row>(&mut self) -> io::Result<Option<R>> {
        self.flush()?;
        let text = whole_lines(&self.path)?;
        let Some(start) = text.trim_end_matches('\n').rfind('\n').map(|end| end + 1) else { return Ok(None) };
        self.newest = Some(start as u64);
        let header = text.lines().next().unwrap_or_default();
        Ok(rows(&format!("{header}\n{}", &text[start..]))?.pop())
    }

    /// Hands all rows to the system. After an error nothing is lost: the next flush tries again.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.file.set_len(self.written)
    }

    /// Flushes, and waits until the rows are on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()
    }

    /// Drops the rows after a step; says whether there were any.
    pub(super) fn cut<R: Row>(&mut self, step: u64) -> io::Result<bool> {
        self.flush()?;
        let text = whole_lines(&self.path)?;
        let number = |line: &str| line.split(',').next().and_then(|first| first.parse().ok());
        let keep = |line: &&str| number(line).is_none_or(|at: u64| at <= step);
        let kept: String = text.split_inclusive('\n').filter(keep).collect();
        if kept.len() == text.len() {
            return Ok(false);
        }
        write_atomically(&self.path, kept.as_bytes())?;
        *self = Self::append::<R>(std::mem::take(&mut self.path))?;
        Ok(true)
    }
}

fn line<R: Row>(row: &R) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(row).map_err(io::Error::other)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The text up to and with its last line break.
fn whole_lines(path: &Path) -> io::Result<String> {
    let mut bytes = std::fs::read(path)?;
    bytes.truncate(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1));
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text"))
}

/// Reads a table's whole rows. An absent file is an empty table: nothing of that kind was recorded yet.
pub(super) fn read<R: Row>(path: &Path) -> io::Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    rows(&whole_lines(path)?)
}

fn rows<R: Row>(text: &str) -> io::Result<Vec<R>> {
    // A run that was begun by another version may go on with other columns.
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let (header, columns) = (reader.headers()?.clone(), R::columns());
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record?;
        let nonsense =
            || io::Error::other(format!("line {} makes no sense", record.position().map_or(0, Position::line)));
        R::from_cells(&in_order(&columns, header.iter(), record.iter())).ok_or_else(nonsense)
    };
    reader.records().map(row).collect()
}

/// A line's cells in the order of these columns; empty for those that its table does not have.
pub(super) fn in_order<'a, 'b>(
    columns: &[&str],
    header: impl Iterator<Item = &'b str>,
    cells: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut found = vec![""; columns.len()];
    for (name, cell) in header.zip(cells) {
        if let Some(place) = columns.iter().position(|known| *known == name) {
            found[place] = cell;
        }
    }
    found
}
