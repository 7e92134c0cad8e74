//! What is written in a table: in a file with marks between the cells, in a list of names with a class each, or in lines
//! of JSON.

use super::sheet::Sheet;
use crate::data::error::DataError;
use crate::data::formats::pixel_table;
use crate::data::names::name_of;
use crate::data::store::Store;
use crate::experiment::decoded;
use serde_json::Value;
use std::path::Path;

/// The largest table that is read, in bytes.
const MAX_FILE: u64 = 512 << 20;

/// Marks that may stand between cells.
const MARKS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a table is written, by its name's ending.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Cells with a mark between them.
    Marked,
    /// In each line a name, a space and a class, as Caffe has it.
    List,
    /// In each line an object of JSON, as the Hugging Face hub has it.
    Json,
}

impl Kind {
    /// By a file's name; `None` where it is no table's.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        match ending.as_str() {
            "csv" | "tsv" => Some(Self::Marked),
            "txt" | "lst" => Some(Self::List),
            "jsonl" | "ndjson" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Whether a table is one to be filled in with what a network says, as competitions have it.
pub(super) fn is_form(path: &Path) -> bool {
    name_of(path).to_lowercase().contains("submission")
}

/// What is written in a table; `None` where it is too long, or empty.
pub(super) fn read(store: &Store, path: &Path, kind: Kind) -> Result<Option<Sheet>, DataError> {
    // Tables of pixels are long, and of another format.
    if store.length(path)? > MAX_FILE || pixel_table::begins(&store.head(path)?) {
        return Ok(None);
    }
    let bytes = store.read(path)?;
    let decoded = decoded(&bytes).filter(|text| !text.contains('\0')).or_else(|| wide(&bytes));
    match kind {
        Kind::Marked => marked(path, &bytes, decoded),
        Kind::List => Ok(decoded.map(|text| Sheet::new(list(&text)))),
        Kind::Json => Ok(decoded.and_then(|text| json(&text)).map(Sheet::new)),
    }
}

/// A text in UTF-16 without the mark that it should begin with. Nothing else has a zero in every other place.
fn wide(bytes: &[u8]) -> Option<String> {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).take(64).filter(|&&byte| byte == 0).count();
    let (little, big) = (zeros(1) >= 8 && zeros(0) == 0, zeros(0) >= 8 && zeros(1) == 0);
    let mark: &[u8] = if little { &[0xFF, 0xFE] } else { &[0xFE, 0xFF] };
    (little || big).then(|| decoded(&[mark, bytes].concat())).flatten()
}

fn marked(path: &Path, bytes: &[u8], decoded: Option<String>) -> Result<Option<Sheet>, DataError> {
    let is_text = decoded.is_some();
    let text = decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    let (text, said) = without_preface(&text);
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: u8| first.matches(char::from(mark)).count();
    let mark = said.or_else(|| MARKS.into_iter().rev().max_by_key(|&mark| count(mark))).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).delimiter(mark).flexible(true).trim(csv::Trim::All);
    let mut records = reader.from_reader(text.as_bytes()).into_records();
    // What begins with something else than text is no table.
    let Some(Ok(head)) = records.next() else { return Ok(None) };
    let is_of_labels = Sheet::new(vec![head.clone()]).called().is_some();
    if is_of_labels && !is_text {
        let problem = "it is a table of labels that is no text in UTF-8 or UTF-16";
        return Err(DataError::unusable(path, problem, "save it in UTF-8"));
    }
    let damaged = |error: csv::Error| DataError::damaged(path, error.to_string().replace('\n', " "));
    match records.map(|record| record.map_err(damaged)).collect::<Result<Vec<_>, _>>() {
        // Faults of a table that has nothing to do with pictures are nobody's concern.
        Err(_) if !is_of_labels => Ok(None),
        rows => Ok(Some(Sheet::new(std::iter::once(head).chain(rows?).collect()))),
    }
}

/// Without empty lines and remarks before the first row, and without the line in which Excel says the mark.
fn without_preface(text: &str) -> (&str, Option<u8>) {
    let (mut rest, mut mark) = (text, None);
    loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim();
        let said = line.strip_prefix("sep=").and_then(|said| said.bytes().next().filter(|_| said.len() == 1));
        if after.is_empty() || !(line.is_empty() || line.starts_with("# ") || said.is_some()) {
            return (rest, mark);
        }
        mark = mark.or(said);
        rest = after;
    }
}

/// The name may have spaces, and the class has none.
fn list(text: &str) -> Vec<csv::StringRecord> {
    let row = |line: &str| {
        let (name, class) = line.trim().rsplit_once([' ', '\t'])?;
        Some(csv::StringRecord::from(vec![name.trim_end(), class]))
    };
    text.lines().filter_map(row).collect()
}

fn json(text: &str) -> Option<Vec<csv::StringRecord>> {
    let objects: Vec<serde_json::Map<String, Value>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).ok())
        .collect::<Option<_>>()?;
    let head: Vec<String> = objects.first()?.keys().cloned().collect();
    let cell = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    };
    let row = |object: &serde_json::Map<String, Value>| {
        head.iter().map(|key| cell(object.get(key))).collect::<csv::StringRecord>()
    };
    Some(std::iter::once(head.iter().collect()).chain(objects.iter().map(row)).collect())
}
