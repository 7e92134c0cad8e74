//! Tables that grow by rows: CSV files with a header, appended to and flushed by and by.
//!
//! A crash may tear the last line. Readers leave it out, and the next one who appends cuts it off.

use super::growing::{Growing, whole_lines};
use super::rows::Row;
use crate::files::{naming, write_atomically};
use csv::Position;
use std::io;
use std::path::{Path, PathBuf};

/// A table that is being written.
pub(super) struct GrowingTable {
    file: Growing,
    /// Where the newest row starts, counted from the start of the file.
    newest: Option<u64>,
}

impl GrowingTable {
    /// Opens a table for appending, or begins it with its header.
    pub(super) fn append<R: Row>(path: PathBuf) -> io::Result<Self> {
        let mut file = Growing::open(path, whole_lines)?;
        if file.end() == 0 {
            file.push(R::columns().join(",").as_bytes());
            file.push(b"\n");
            file.flush()?;
        }
        Ok(Self { file, newest: None })
    }

    /// Adds a row; it reaches the file with the next flush.
    pub(super) fn push<R: Row>(&mut self, row: &R) -> io::Result<()> {
        self.newest = Some(self.file.end());
        self.file.push(&line(row)?);
        Ok(())
    }

    /// Puts a row in the place of the one pushed last.
    pub(super) fn replace_newest<R: Row>(&mut self, row: &R) -> io::Result<()> {
        if let Some(start) = self.newest {
            self.file.cut(start);
        }
        self.push(row)
    }

    /// The row that is the newest in the file, which [`Self::replace_newest`] then replaces.
    pub(super) fn take_up<R: Row>(&mut self) -> io::Result<Option<R>> {
        let text = self.text()?;
        let Some(start) = text.trim_end_matches('\n').rfind('\n').map(|end| end + 1) else { return Ok(None) };
        self.newest = Some(start as u64);
        let header = text.lines().next().unwrap_or_default();
        Ok(rows(&format!("{header}\n{}", &text[start..]))?.pop())
    }

    /// All its rows.
    pub(super) fn rows<R: Row>(&self) -> io::Result<Vec<R>> {
        rows(&self.text()?)
    }

    fn text(&self) -> io::Result<String> {
        text(self.file.path(), self.file.contents()?)
    }

    /// The file below.
    pub(super) fn file(&mut self) -> &mut Growing {
        &mut self.file
    }

    /// Drops the rows after a step, and gives those that make sense.
    pub(super) fn cut<R: Row>(&mut self, step: u64) -> io::Result<Vec<R>> {
        self.file.flush()?;
        let text = self.text()?;
        let number = |line: &str| line.split(',').next().and_then(|first| first.parse().ok());
        let keep = |line: &&str| number(line).is_none_or(|at: u64| at <= step);
        let (kept, cut): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(keep);
        if cut.is_empty() {
            return Ok(Vec::new());
        }
        let path = self.file.path().to_owned();
        let header = text.lines().next().unwrap_or_default();
        let cut = cut.iter().flat_map(|line| rows(&format!("{header}\n{line}")).unwrap_or_default()).collect();
        write_atomically(&path, kept.concat().as_bytes())?;
        *self = Self::append::<R>(path)?;
        Ok(cut)
    }
}

fn line<R: Row>(row: &R) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(row).map_err(io::Error::other)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn text(path: &Path, bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| naming("cannot read", path, &io::Error::other("it is not text")))
}

/// Reads a table's whole rows. An absent file is an empty table: nothing of that kind was recorded yet.
pub(super) fn read<R: Row>(path: &Path) -> io::Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut bytes = std::fs::read(path)?;
    bytes.truncate(whole_lines(&bytes));
    rows(&text(path, bytes)?)
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
