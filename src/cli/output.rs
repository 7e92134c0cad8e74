//! How results and failures are printed.

use indicatif::{ProgressBar, ProgressStyle};
use lab_core::instrument::{Confusion, WHOLE};
use lab_core::protocol::STOPPED;
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use unicode_width::UnicodeWidthStr;

/// Why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or input that was refused before anything started: exit code 2.
    Usage(String),
    /// Something went wrong on the way: exit code 1.
    Running(String),
    /// Stopped before the work was done, with a checkpoint: exit code [`STOPPED`].
    Again,
    /// The same, with a line that says how to go on.
    Unfinished(String),
    /// There is nothing to tell: help was asked for, or whoever read the output has gone away. Exit code 0.
    Silent,
}

impl Failure {
    /// The line to show, if there is one to show.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Running(message) | Self::Unfinished(message) => Some(message),
            Self::Again | Self::Silent => None,
        }
    }

    /// The process's exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Running(_) => 1,
            Self::Again | Self::Unfinished(_) => STOPPED,
            Self::Silent => 0,
        }
    }

    /// This user has no home folder for what is kept there; `instead` says what helps.
    pub fn no_home(instead: &str) -> Self {
        Self::Usage(format!("this user has no home folder: {instead}"))
    }

    /// Somebody has no arm of the wanted name; it has these.
    pub(super) fn no_arm<'a>(whose: &str, wanted: &str, there: impl IntoIterator<Item = &'a str>) -> Self {
        let there: Vec<&str> = there.into_iter().collect();
        Self::Usage(format!("{whose} has no arm \"{wanted}\"; it has {}", there.join(", ")))
    }

    /// Something that cannot be, unless the program is wrong.
    pub(super) fn fault(what: &str) -> Self {
        Self::Running(format!("the program has a fault: {what}; please report it"))
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

/// Whether the one JSON value that `--json` promises has been printed.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Tells why the program ends without success: a line on the standard error, and for a program that asked for JSON and
/// has none yet, the same as `{"error": …}` on the standard output.
pub fn tell(failure: &Failure) {
    let Some(message) = failure.message() else { return };
    // If an output is closed too, the exit code has to do.
    if wants_json(std::env::args_os()) && !ANSWERED.load(Ordering::Relaxed) {
        let _ = print_json(&json!({ "error": message }));
    }
    let _ = writeln!(io::stderr(), "error: {}", harmless(message));
}

/// Whether a program reads the output; what stands behind `--` is no option.
fn wants_json(words: impl Iterator<Item = OsString>) -> bool {
    words.take_while(|word| word != "--").any(|word| word == "--json")
}

/// Prints a line or several.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", harmless(text.trim_end()))?;
    Ok(out.flush()?)
}

/// Names come from files and folders of anybody's making: what would make a terminal do something is not passed on.
fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
    if text.contains(harmful) { text.replace(harmful, "\u{fffd}").into() } else { text.into() }
}

/// A text as a word of the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as a word of the shell, bare where that is the same.
pub(super) fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+=:@".contains(letter);
    if text.chars().all(is_plain) { text.into_owned() } else { quoted(&text) }
}

/// Prints a value for another program to read.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).map_err(Failure::running)?)?;
    ANSWERED.store(true, Ordering::Relaxed);
    Ok(())
}

/// Tells a person something on the side, where a program that reads the output does not see it.
pub(super) fn notice(text: &str) {
    // If nobody listens on the standard error, nothing is lost that could be said elsewhere.
    let _ = writeln!(io::stderr(), "note: {}", harmless(&one_line(text)));
}

/// Makes one line of several: clap's usage hints are left out, and its advice on words that begin with a dash, which no
/// command takes; the rest is joined.
pub(super) fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let usage = text.find("\nUsage:").unwrap_or(text.len());
    let usage = text.find("\nFor more information").unwrap_or(text.len()).min(usage);
    let lines = text[..usage].lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("tip: to pass"));
    let joined = lines.fold(String::new(), |joined, line| match joined.chars().last() {
        None => line.to_owned(),
        Some(':' | ',' | ';') => format!("{joined} {line}"),
        Some(_) => format!("{joined}; {line}"),
    });
    if usage < text.len() { format!("{joined}; --help shows how to use it") } else { joined }
}

/// A bar that shows how much is done of how much.
pub(super) const COUNTED: &str = "{wide_bar} {pos}/{len}";

/// A bar on the standard error; it shows nothing where that is no terminal, and is gone once it is dropped.
pub(super) fn bar(total: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

/// A table in plain text, aligned as a terminal shows it, where some letters are as wide as two: the first column to the left, the others to the right.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| UnicodeWidthStr::width(text);
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

/// Which classes are taken for which, row by row; of more than a thousand classes, the pairs that there are images of.
pub fn confusion(confusion: &Confusion) -> Value {
    if confusion.classes() > WHOLE { json!(confusion.cells()) } else { json!(confusion.rows()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parsers_paragraphs_become_one_line() {
        let text = "error: unexpected argument '--epoch' found\n\n  tip: try '--epochs'\n\nUsage: x\n\nFor more …\n";
        let expected = "unexpected argument '--epoch' found; tip: try '--epochs'; --help shows how to use it";
        assert_eq!(one_line(text), expected);
        assert_eq!(one_line("cannot read it:\n  no such file"), "cannot read it: no such file");
    }

    #[test]
    fn only_the_option_asks_for_json() {
        let wants = |words: &str| wants_json(words.split(' ').map(OsString::from));
        assert!(wants("residual-lab evaluate run --json"));
        assert!(!wants("residual-lab classify run -- --json"));
    }

    #[test]
    fn names_cannot_make_a_terminal_do_anything() {
        assert_eq!(harmless("cat\x1b[2J\u{9b}31m\r\n\tdog é 猫"), "cat\u{fffd}[2J\u{fffd}31m\u{fffd}\n\tdog é 猫");
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["plain".to_owned(), "7".to_owned()], vec!["α".to_owned(), "12,345".to_owned()]];
        assert_eq!(table(&["arm", "steps"], &rows), "arm     steps\n─────  ──────\nplain       7\nα      12,345");
        let wide = ["日本語", "🐱", "été", "e\u{301}"].map(|name| vec![name.to_owned(), "1".to_owned()]);
        let expected = "class   \n──────  ─\n日本語  1\n🐱      1\nété     1\ne\u{301}       1";
        assert_eq!(table(&["class", ""], &wide), expected.replace("class   \n", "class\n"));
    }
}
