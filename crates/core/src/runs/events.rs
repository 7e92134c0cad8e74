//! What happened to a run: a file with a line of JSON for each event, oldest first.

use crate::files::write_atomically;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// A line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// Local time with its offset.
    pub time: String,
    /// After this many steps.
    pub step: u64,
    /// `start`, `resume`, `intervention` or `finish`.
    pub event: String,
    /// In words.
    pub what: String,
}

impl EventLine {
    pub(super) fn new(step: u64, event: &str, what: &str) -> Self {
        Self { time: now(), step, event: event.to_owned(), what: what.to_owned() }
    }
}

/// Local time with its offset, as every file of a run has it.
pub(crate) fn now() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Lines that make no sense are passed over: only the last one can be torn, and the others are no less true for it.
pub(super) fn read(path: &Path) -> io::Result<Vec<EventLine>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Adds a line at the end.
pub(super) fn append(path: &Path, line: &EventLine) -> io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(&encoded(line)?)
}

/// Drops what came after this step.
pub(super) fn cut(path: &Path, step: u64) -> io::Result<()> {
    let kept = read(path)?.into_iter().filter(|line| line.step <= step);
    let lines = kept.map(|line| encoded(&line)).collect::<io::Result<Vec<_>>>()?;
    write_atomically(path, &lines.concat())
}

fn encoded(line: &EventLine) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}
