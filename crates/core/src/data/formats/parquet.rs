//! Parquet as on the Hugging Face hub: a row for each picture, its file's bytes in one column and its class in another;
//! the classes' names stand in the schema. Format: <https://huggingface.co/docs/hub/datasets-image>.

use super::folder::Part as Role;
use super::labelled::{Labels, Row};
use crate::data::error::DataError;
use crate::data::found::{Format, Found};
use crate::data::names::name_of;
use crate::data::store::{Entry, Kind, Rows, Store};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record};
use parquet::schema::types::Type;
use serde_json::Value;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part, open_folder: open, open_file };

/// What columns are called where the schema does not say what they hold.
const IMAGES: [&str; 5] = ["image", "img", "picture", "jpg", "png"];
const LABELS: [&str; 7] = ["label", "labels", "fine_label", "class", "category", "target", "cls"];

fn is_part(name: &str) -> bool {
    name.ends_with(".parquet")
}

fn open_file(_: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if !is_part(&name_of(path).to_lowercase()) {
        return Ok(None);
    }
    // One of several files stands for them all.
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let siblings = files(&Store::Disk, folder)?;
    let files = if role(path).is_some() { siblings } else { vec![path.to_owned()] };
    read(if files.len() == 1 { path } else { folder }, &files).map(Some)
}

/// The files in a folder, and in folders in it that are called by parts; `None` without any.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    if !matches!(store, Store::Disk) {
        return Ok(None);
    }
    let mut all = files(store, folder)?;
    for Entry { path, kind } in store.entries(folder)? {
        if kind == Kind::Folder && Role::named(&name_of(&path)).is_some() {
            all.extend(files(store, &path)?);
        }
    }
    if all.is_empty() { Ok(None) } else { read(folder, &all).map(Some) }
}

fn files(store: &Store, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = store.entries(folder)?.into_iter();
    let is_file = |entry: &Entry| entry.kind == Kind::File && is_part(&name_of(&entry.path).to_lowercase());
    Ok(entries.filter(is_file).map(|entry| entry.path).collect())
}

/// The part that a file's name begins with, as in `train-00000-of-00002.parquet`, or that its folder is called by.
fn role(path: &Path) -> Option<Role> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let own = Role::named(stem.split(['-', '.']).next().unwrap_or(&stem));
    own.or_else(|| Role::named(&name_of(path.parent()?)))
}

fn read(place: &Path, files: &[PathBuf]) -> Result<Found, DataError> {
    let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    let (mut stores, mut names, mut notices) = (Vec::new(), None, Vec::new());
    for path in files {
        let Table { labels, names: own } =
            guarded(|| labels(path)).map_err(|problem| DataError::damaged(path, problem))?;
        names = names.or(own);
        let rows = Rows::new(path, labels.len(), pictures)?;
        let labelled = labels.into_iter().enumerate().filter_map(|(row, class)| Some((row, class?)));
        let of_file: Vec<Row> = labelled.map(|(row, class)| Row { path: rows.name(row), class }).collect();
        if of_file.is_empty() {
            notices.push(format!("{} has no labels and is left out", name_of(path)));
        }
        match role(path) {
            Some(Role::Validation) => validation.extend(of_file),
            Some(Role::Test) => test.extend(of_file),
            Some(Role::Train) | None => train.extend(of_file),
        }
        stores.push(rows);
    }
    if !validation.is_empty() && !test.is_empty() {
        notices.push("validating on the files validation; those named test are left out".to_owned());
    }
    let own = if validation.is_empty() { test } else { validation };
    let mut found = Labels { train, own }.found(place, &Store::Rows(stores.into()), notices)?;
    if let Some(names) = names {
        let name = |class: &String| class.parse().ok().and_then(|class: usize| names.get(class)).cloned();
        if let Some(named) = found.classes.iter().map(name).collect() {
            found.classes = named;
        }
    }
    Ok(found)
}

/// What stands beside the pictures.
struct Table {
    /// A class for each row, if it has one.
    labels: Vec<Option<String>>,
    /// The names of classes by their numbers.
    names: Option<Vec<String>>,
}

/// The labels of a file.
fn labels(path: &Path) -> Result<Table, String> {
    let reader = reader(path)?;
    let features = features(&reader);
    let is = |feature: &Value, kind: &str| feature.get("_type").and_then(Value::as_str) == Some(kind);
    let fields = reader.metadata().file_metadata().schema().get_fields();
    let name = column(fields, &LABELS, |name| is(&features[name], "ClassLabel"), Type::is_primitive);
    let name = name.ok_or_else(|| format!("it has no column label; its columns are {}", columns(fields)))?;
    image_column(&reader)?;
    let class = |field: &Field| match field {
        Field::Str(text) => Some(text.clone()),
        Field::Bool(value) => Some(i64::from(*value).to_string()),
        field => integer(field).filter(|number| *number >= 0).map(|number| number.to_string()),
    };
    let mut labels = Vec::new();
    rows(&reader, &name, |record| {
        labels.push(record.get_column_iter().next().and_then(|(_, field)| class(field)));
        Ok(())
    })?;
    let names = features[&name]["names"].as_array();
    let names = names.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    Ok(Table { labels, names })
}

/// Hands over the files of the pictures, row by row.
fn pictures(path: &Path, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), String> {
    guarded(|| {
        let reader = reader(path)?;
        let name = image_column(&reader)?;
        rows(&reader, &name, |record| {
            let field = record.get_column_iter().next().map(|(_, field)| field);
            let bytes = match field {
                Some(Field::Bytes(bytes)) => bytes.data(),
                Some(Field::Group(group)) => match group.get_column_iter().find(|(name, _)| *name == "bytes") {
                    Some((_, Field::Bytes(bytes))) => bytes.data(),
                    _ => &[],
                },
                _ => &[],
            };
            take(bytes).map_err(|error| error.to_string())
        })
    })
}

fn reader(path: &Path) -> Result<SerializedFileReader<File>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    SerializedFileReader::new(file).map_err(|error| error.to_string().replace('\n', " "))
}

/// What the schema says of each column.
fn features(reader: &SerializedFileReader<File>) -> Value {
    let entries = reader.metadata().file_metadata().key_value_metadata();
    let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.key == "huggingface"));
    let said = entry.and_then(|entry| serde_json::from_str::<Value>(entry.value.as_deref()?).ok());
    said.map_or(Value::Null, |said| said["info"]["features"].clone())
}

/// The column whose feature is right, else the first one of these names.
fn column(
    fields: &[Arc<Type>],
    names: &[&str],
    is_said: impl Fn(&str) -> bool,
    fits: impl Fn(&Type) -> bool,
) -> Option<String> {
    let fitting = || fields.iter().filter(|field| fits(field)).map(|field| field.name());
    let named = || names.iter().find_map(|name| fitting().find(|field| field == name));
    let said: Vec<&str> = fitting().filter(|name| is_said(name)).collect();
    // Of several classes, the one with the usual name: CIFAR-100 has fine ones and coarse ones.
    let usual = names.iter().find(|name| said.contains(name)).copied();
    usual.or(said.first().copied()).or_else(named).map(str::to_owned)
}

fn image_column(reader: &SerializedFileReader<File>) -> Result<String, String> {
    let features = features(reader);
    let fields = reader.metadata().file_metadata().schema().get_fields();
    let is_image = |name: &str| features[name]["_type"].as_str() == Some("Image");
    let fits = |field: &Type| !field.is_group() || field.get_fields().iter().any(|field| field.name() == "bytes");
    let name = column(fields, &IMAGES, is_image, fits);
    name.ok_or_else(|| format!("it has no column of pictures; its columns are {}", columns(fields)))
}

fn columns(fields: &[Arc<Type>]) -> String {
    fields.iter().take(20).map(|field| field.name()).collect::<Vec<_>>().join(", ")
}

/// Goes through one column.
fn rows(
    reader: &SerializedFileReader<File>,
    column: &str,
    mut take: impl FnMut(&Record) -> Result<(), String>,
) -> Result<(), String> {
    let broken = |error: parquet::errors::ParquetError| error.to_string().replace('\n', " ");
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields().iter().filter(|field| field.name() == column).cloned().collect();
    let wanted = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(broken)?;
    for record in reader.get_row_iter(Some(wanted)).map_err(broken)? {
        take(&record.map_err(broken)?)?;
    }
    Ok(())
}

fn integer(field: &Field) -> Option<i64> {
    match *field {
        Field::Byte(value) => Some(value.into()),
        Field::Short(value) => Some(value.into()),
        Field::Int(value) => Some(value.into()),
        Field::Long(value) => Some(value),
        Field::UByte(value) => Some(value.into()),
        Field::UShort(value) => Some(value.into()),
        Field::UInt(value) => Some(value.into()),
        Field::ULong(value) => i64::try_from(value).ok(),
        _ => None,
    }
}

/// A fault in the reader must cost one file, not the program.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("it breaks the reader of Parquet files".to_owned()))
}
