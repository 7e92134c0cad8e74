//! Tables (CSV) in which each row is an image: a column with the class and one for each pixel, as Kaggle has MNIST, or all
//! pixels in one cell, as FER2013 has them.

use super::colours::{PIXELS, PLANES, are_planes};
use super::folder::Role;
use super::numbered::{self, Numbered};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found};
use crate::data::images::{Images, check_size};
use crate::data::names::name_of;
use crate::data::store::{Entry, Kind, Store};
use std::path::{Path, PathBuf};

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, open_file, ..Format::NONE };

/// What the column of classes is called, in small letters.
const CLASSES: [&str; 6] = ["label", "class", "emotion", "target", "labels", "y"];

/// The column that says which part a row is of.
const PART: [&str; 2] = ["usage", "split"];

/// The fewest pixels of an image.
const FEWEST: usize = 64;

/// The largest table, in bytes.
const MAX_FILE: u64 = 2 << 30;

/// Which columns hold what.
struct Columns {
    class: usize,
    part: Option<usize>,
    pixels: Pixels,
    /// Whether the first row has their names.
    named: bool,
}

#[derive(Clone, Copy)]
enum Pixels {
    /// One in each of these columns.
    Each(usize, usize),
    /// All in one, with spaces between them.
    Cell(usize),
}

/// The images of a part while they are read.
#[derive(Default)]
struct Rows {
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// A table by itself.
fn open_file(store: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if is_table(path) { found(store, path, &[path.to_owned()]) } else { Ok(None) }
}

/// The tables in a folder.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let is_one = |entry: &Entry| entry.kind == Kind::File && is_table(&entry.path);
    let paths: Vec<PathBuf> = store.entries(folder)?.into_iter().filter(is_one).map(|entry| entry.path).collect();
    found(store, folder, &paths)
}

fn found(store: &Store, place: &Path, paths: &[PathBuf]) -> Result<Option<Found>, DataError> {
    let mut parts: [Rows; 3] = Default::default();
    let (mut shape, mut notices) = (None, Vec::new());
    for path in paths {
        if store.length(path)? > MAX_FILE {
            continue;
        }
        let head = head(&store.head(path)?);
        let Some(columns) = Columns::of(&head) else {
            if has_pixels(&head) {
                notices.push(format!("{} has pixels and no column of classes, and is left out", name_of(path)));
            }
            continue;
        };
        let role = path.file_stem().and_then(|stem| Role::mentioned(&stem.to_string_lossy()));
        read(store, path, &columns, role, &mut shape, &mut parts)?;
    }
    let Some([channels, height, width]) = shape else { return Ok(None) };
    let images = |rows: Rows| Images {
        channels,
        height,
        width,
        pixels: rows.pixels.into(),
        labels: rows.labels,
        files: Vec::new(),
    };
    if channels == 3 {
        let length = 3 * height * width;
        let fullest = parts.iter().max_by_key(|rows| rows.labels.len());
        let of = |rows: &Rows| {
            are_planes(rows.labels.len(), length, |image, place| f64::from(rows.pixels[image * length + place]))
        };
        let planes = fullest.is_none_or(of);
        notices.push(if planes { PLANES } else { PIXELS }.to_owned());
        if !planes {
            parts.iter_mut().for_each(|rows| rows.pixels = by_planes(&rows.pixels, height * width));
        }
    }
    let [train, validation, test] = parts;
    let left_out = test.labels.len();
    let has_both = !validation.labels.is_empty() && left_out > 0;
    let own = if validation.labels.is_empty() { test } else { validation };
    let [train, own] = [train, own].map(|rows| (!rows.labels.is_empty()).then(|| images(rows)));
    let found = numbered::found(place, Numbered { train, own, notices })?;
    let choice = has_both.then(|| {
        let unused = format!("the {left_out} images of the part test are left out");
        Choice { used: format!("validating on the part val; {unused}"), unused }
    });
    Ok(Some(Found { choice, ..found }))
}

/// Whether this is the beginning of such a table.
pub(super) fn begins(start: &[u8]) -> bool {
    let head = head(start);
    Columns::of(&head).is_some() || has_pixels(&head)
}

/// The cells of the first row, in small letters.
fn head(start: &[u8]) -> Vec<String> {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let cells = line.trim_start_matches('\u{feff}').split(',');
    cells.map(|cell| cell.trim().trim_matches('"').to_lowercase()).collect()
}

fn has_pixels(head: &[String]) -> bool {
    head.iter().filter(|name| name.contains("pixel")).count() >= FEWEST
}

impl Columns {
    /// By the first row; `None` where it is not one of such a table.
    fn of(head: &[String]) -> Option<Self> {
        let column = |names: &[&str]| names.iter().find_map(|name| head.iter().position(|it| it == name));
        let part = column(&PART);
        if let (Some(class), Some(pixels)) = (column(&CLASSES), column(&["pixels"])) {
            return Some(Self { class, part, pixels: Pixels::Cell(pixels), named: true });
        }
        let is_number = |cell: &String| cell.parse::<f64>().is_ok();
        let many = head.len() > FEWEST && layout(head.len() - 1).is_some();
        // Without names, all of the first row are whole numbers, the class first.
        if many && head.iter().all(is_number) && head.iter().any(|cell| cell == "0") {
            return Some(Self { class: 0, part: None, pixels: Pixels::Each(1, head.len()), named: false });
        }
        let class = column(&CLASSES).filter(|_| many)?;
        let pixels = match class {
            0 => Pixels::Each(1, head.len()),
            last if last + 1 == head.len() => Pixels::Each(0, last),
            _ => return None,
        };
        let Pixels::Each(first, _) = pixels else { return None };
        // Whatever the columns are called, they are so many as an image has pixels, and called by numbers.
        let is_numbered = |name: &String| name.bytes().any(|letter| letter.is_ascii_digit());
        let names = &head[first..first + head.len() - 1];
        names.iter().all(is_numbered).then_some(Self { class, part: None, pixels, named: true })
    }
}

/// The channels and the side of an image of so many numbers.
fn layout(count: usize) -> Option<(usize, usize)> {
    let side = |area: usize| {
        let side = area.isqrt();
        (side * side == area && area >= FEWEST).then_some(side)
    };
    side(count).map(|side| (1, side)).or_else(|| Some((3, side(count / 3).filter(|_| count.is_multiple_of(3))?)))
}

fn read(
    store: &Store,
    path: &Path,
    columns: &Columns,
    role: Option<Role>,
    shape: &mut Option<[usize; 3]>,
    parts: &mut [Rows; 3],
) -> Result<(), DataError> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(columns.named).flexible(true).trim(csv::Trim::All);
    let mut reader = reader.from_reader(store.open(path)?);
    let mut record = csv::ByteRecord::new();
    let mut row = 0_usize;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| DataError::damaged(path, error.to_string().replace('\n', " ")))?
    {
        row += 1;
        let wrong = |why: &str| DataError::damaged(path, format!("its row {row} {why}"));
        let cell = |column: usize| record.get(column).and_then(|cell| str::from_utf8(cell).ok()).unwrap_or_default();
        let label = whole(cell(columns.class)).and_then(|label| u16::try_from(label).ok());
        let label = label.ok_or_else(|| wrong("has no whole number for its class"))?;
        let numbers: Option<Vec<u8>> = match columns.pixels {
            Pixels::Each(first, end) => (first..end).map(|column| byte(cell(column))).collect(),
            Pixels::Cell(column) => cell(column).split_ascii_whitespace().map(byte).collect(),
        };
        let numbers = numbers.ok_or_else(|| wrong("has a pixel that is no whole number from 0 to 255"))?;
        let (channels, side) = layout(numbers.len())
            .ok_or_else(|| wrong(&format!("has {} pixels, which make no square", numbers.len())))?;
        if *shape.get_or_insert([channels, side, side]) != [channels, side, side] {
            return Err(wrong(&format!("has {} pixels, and others have not", numbers.len())));
        }
        let said = columns.part.and_then(|part| Role::named(cell(part)));
        let part = match said.or(role) {
            Some(Role::Validation) => 1,
            Some(Role::Test) => 2,
            Some(Role::Train) | None => 0,
        };
        // FER2013 has two parts to test on; the public one is there to be validated on.
        let part = if cell(columns.part.unwrap_or(usize::MAX)).eq_ignore_ascii_case("PublicTest") { 1 } else { part };
        parts[part].labels.push(label);
        parts[part].pixels.extend(numbers);
        if row.is_multiple_of(4096) {
            check_size(path, parts[part].labels.len(), [channels, side, side])?;
        }
    }
    Ok(())
}

/// From red, green, blue of each pixel to planes.
fn by_planes(values: &[u8], plane: usize) -> Vec<u8> {
    let planes = |image: &[u8]| -> Vec<u8> {
        (0..3).flat_map(|channel| image.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>()).collect()
    };
    values.chunks_exact(3 * plane).flat_map(planes).collect()
}

fn byte(cell: &str) -> Option<u8> {
    u8::try_from(whole(cell)?).ok()
}

/// A whole number, which some write as `5.0`.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(cell: &str) -> Option<i64> {
    cell.parse().ok().or_else(|| {
        let number = cell.parse::<f64>().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
    })
}
