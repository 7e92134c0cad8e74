//! How results and failures are printed.

use serde::Serialize;
use std::io::{self, Write};

/// Why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or input that was refused before anything started: exit code 2.
    Usage(String),
    /// Something went wrong on the way: exit code 1.
    Running(String),
    /// There is nothing to tell: help was asked for, or whoever read the output has gone away. Exit code 0.
    Silent,
}

impl Failure {
    /// The line to show, if there is one to show.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Running(message) => Some(message),
            Self::Silent => None,
        }
    }

    /// The process's exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Running(_) => 1,
            Self::Silent => 0,
        }
    }

    /// Wrong usage, explained by an error.
    pub(super) fn usage(error: impl std::fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// A failure on the way, explained by an error.
    pub(super) fn running(error: impl std::fmt::Display) -> Self {
        Self::Running(error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// For errors of writing to the standard output; a reader that has had enough, as `head` has, is no failure.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Silent
        } else {
            Self::Running(format!("cannot write the output: {error}"))
        }
    }
}

/// Prints a line or several.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}

/// Prints a value for another program to read.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).map_err(Failure::running)?)
}

/// Tells a person something on the side, where a program that reads the output does not see it.
pub(super) fn notice(text: &str) {
    // If nobody listens on the standard error, nothing is lost that could be told elsewhere.
    let _ = writeln!(io::stderr(), "note: {}", one_line(text));
}

/// Makes one line of several: clap's usage hints are left out, the rest is joined.
pub(super) fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let usage = text.find("\nUsage:").unwrap_or(text.len());
    let usage = text.find("\nFor more information").unwrap_or(text.len()).min(usage);
    let lines = text[..usage].lines().map(str::trim).filter(|line| !line.is_empty());
    let joined = lines.fold(String::new(), |joined, line| match joined.chars().last() {
        None => line.to_owned(),
        Some(':' | ',' | ';') => format!("{joined} {line}"),
        Some(_) => format!("{joined}; {line}"),
    });
    if usage < text.len() { format!("{joined}; --help shows how to use it") } else { joined }
}

/// A table in plain text: the first column to the left, the others to the right.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell));
            cells.chain([length(header[column])]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).enumerate().map(|(column, (cell, width))| {
            let space = " ".repeat(width - length(cell));
            if column == 0 { format!("{cell}{space}") } else { format!("{space}{cell}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut header.iter().copied())];
    lines.push(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// 1234567 as 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A large count with three or four significant digits: 40.55 M.
pub(super) fn scaled(number: u64) -> String {
    let units = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let value = number as f64;
    match units.into_iter().find(|(size, _)| value >= *size) {
        Some((size, unit)) => format!("{:.2}{unit}", value / size),
        None => number.to_string(),
    }
}

/// A share as a percentage: 92.50 %.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A loss or a rate with four significant digits.
pub(super) fn significant(value: f64) -> String {
    let magnitude = value.abs();
    match magnitude {
        _ if !value.is_finite() => value.to_string(),
        0.0 => "0".to_owned(),
        0.001..1.0 => format!("{value:.4}"),
        1.0..10.0 => format!("{value:.3}"),
        10.0..100.0 => format!("{value:.2}"),
        100.0..100_000.0 => format!("{value:.1}"),
        _ => format!("{value:.3e}"),
    }
}

/// A number that may be absent.
pub(super) fn or_dash(value: Option<f64>, format: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), format)
}

/// Seconds as a person says them.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let minutes = (seconds / 60.0).floor();
    if minutes < 60.0 {
        format!("{minutes} min {:.0} s", (seconds - 60.0 * minutes).floor())
    } else {
        let hours = (minutes / 60.0).floor();
        format!("{hours} h {:.0} min", minutes - 60.0 * hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1000, 269_722].map(grouped), ["0", "999", "1,000", "269,722"]);
        assert_eq!([999, 40_551_936].map(scaled), ["999", "40.55 M"]);
        assert_eq!([0.0, 0.031_25, 2.312_59, 1e-7].map(significant), ["0", "0.0312", "2.313", "1.000e-7"]);
        assert_eq!([9.96, 61.0, 3725.0].map(duration), ["10.0 s", "1 min 1 s", "1 h 2 min"]);
    }

    #[test]
    fn a_parsers_paragraphs_become_one_line() {
        let text = "error: unexpected argument '--epoch' found\n\n  tip: try '--epochs'\n\nUsage: x\n\nFor more …\n";
        let expected = "unexpected argument '--epoch' found; tip: try '--epochs'; --help shows how to use it";
        assert_eq!(one_line(text), expected);
        assert_eq!(one_line("cannot read it:\n  no such file"), "cannot read it: no such file");
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["plain".to_owned(), "7".to_owned()], vec!["α".to_owned(), "12,345".to_owned()]];
        assert_eq!(table(&["arm", "steps"], &rows), "arm     steps\n─────  ──────\nplain       7\nα      12,345");
    }
}
