//! Reads a run's tables as they grow: each call brings the rows that are new.
//!
//! The newest row is held back while the run trains, because a validation may still be written beside it. A run that
//! went on from an earlier step has other rows than before; that is noticed, and reading starts over.

use super::layout;
use super::rows::{GradientRow, MetricsRow, Row};
use super::table::in_order;
use crate::protocol::ArmProbe;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Something new in an arm's tables.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A step, a validation, or both.
    Metrics(MetricsRow),
    /// A probe after this step.
    Probe(u64, ArmProbe),
    /// The table was cut: whatever came before is to be forgotten, and comes again as far as it still holds.
    Again,
}

/// An arm's tables, as far as they have been read.
pub struct Follower {
    metrics: Tail,
    gradients: Option<Tail>,
    /// The probe whose blocks are being read.
    open: Option<(u64, ArmProbe)>,
}

impl Follower {
    /// Follows the tables in an arm's folder; with `probes`, also what probes saw.
    #[must_use]
    pub fn new(arm: &Path, probes: bool) -> Self {
        let gradients = probes.then(|| Tail::new(arm.join(layout::GRADIENTS)));
        Self { metrics: Tail::new(arm.join(layout::METRICS)), gradients, open: None }
    }

    /// Hands over what is new. `ended` says that nobody writes any more, so that the last row counts.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn read(&mut self, ended: bool, mut tell: impl FnMut(News)) -> io::Result<()> {
        if self.metrics.was_cut()? || self.gradients.as_mut().is_some_and(|tail| tail.was_cut().unwrap_or(false)) {
            let (arm, probes) = (self.metrics.path.parent().map(Path::to_owned), self.gradients.is_some());
            *self = Self::new(&arm.unwrap_or_default(), probes);
            tell(News::Again);
        }
        self.metrics.rows(ended, |row| tell(News::Metrics(row)))?;
        if let Some(gradients) = &mut self.gradients {
            let open = &mut self.open;
            gradients.rows(ended, |row: GradientRow| {
                if let Some((step, probe)) = row.put_together(open) {
                    tell(News::Probe(step, probe));
                }
            })?;
            if ended && let Some((step, probe)) = open.take() {
                tell(News::Probe(step, probe));
            }
        }
        Ok(())
    }
}

/// A table of plain cells that grows at its end.
struct Tail {
    path: PathBuf,
    /// Names of its columns, once they are there.
    header: Vec<String>,
    /// Bytes that have been handed over.
    offset: u64,
    /// The line before the offset, by which it is noticed that the table was cut and has grown again.
    last: Vec<u8>,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, header: Vec::new(), offset: 0, last: Vec::new() }
    }

    /// Whether what was handed over is no longer there.
    fn was_cut(&mut self) -> io::Result<bool> {
        if self.offset == 0 {
            return Ok(false);
        }
        let Some(mut file) = opened(&self.path)? else { return Ok(true) };
        if file.metadata()?.len() < self.offset {
            return Ok(true);
        }
        file.seek(SeekFrom::Start(self.offset - self.last.len() as u64))?;
        let mut now = vec![0; self.last.len()];
        file.read_exact(&mut now)?;
        Ok(now != self.last)
    }

    /// Hands over each new row that makes sense; cells of columns that the table does not have are empty. Without `ended`
    /// the last row is kept for the next time.
    fn rows<R: Row>(&mut self, ended: bool, mut tell: impl FnMut(R)) -> io::Result<()> {
        let Some(mut file) = opened(&self.path)? else { return Ok(()) };
        if file.metadata()?.len() <= self.offset {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let columns = R::columns();
        let (mut held, mut line) = (Vec::new(), Vec::new());
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            // A torn line is no line yet.
            let whole = line.last() == Some(&b'\n');
            if !held.is_empty() && (whole || ended) {
                self.take(&columns, &held).into_iter().for_each(&mut tell);
                held.clear();
            }
            if !whole {
                return Ok(());
            }
            if self.header.is_empty() {
                self.offset += line.len() as u64;
                self.last.clone_from(&line);
                self.header = text(&line).split(',').map(str::to_owned).collect();
            } else {
                std::mem::swap(&mut held, &mut line);
            }
        }
    }

    fn take<R: Row>(&mut self, columns: &[&str], line: &[u8]) -> Option<R> {
        self.offset += line.len() as u64;
        self.last.clear();
        self.last.extend_from_slice(line);
        let header = self.header.iter().map(String::as_str);
        R::from_cells(&in_order(columns, header, text(line).split(',')))
    }
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).unwrap_or_default().trim_end()
}

/// An absent file is an empty table.
fn opened(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
