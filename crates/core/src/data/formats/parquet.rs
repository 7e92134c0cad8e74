//! Parquet as the Hugging Face hub has it: a table whose rows hold a picture and its class each, in one file or several
//! (`train-00000-of-00002.parquet`). Files are of parts by their names, rows by a column where the files are not.
//! Format: <https://huggingface.co/docs/hub/datasets-image>.

use super::folder::Role;
use super::labelled::{Labels, Row};
use super::part_columns::{PartColumns, normal};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found, Listed, Part};
use crate::data::left_out::{Why, leave_out};
use crate::data::names::{name_of, shown, shown_path};
use crate::data::store::{Column, Entry, Holds, Kind, Label, Pictures, Store, Table};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{self, Path, PathBuf};
use std::slice;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part, open_folder: open, open_file };

/// What the columns are called, the likelier ones first. Pictures may be the bytes in a column `image` or its `bytes`.
const PICTURES: [&str; 6] = ["image", "img", "picture", "photo", "images", "pixels"];
const CLASSES: [&str; 9] =
    ["label", "labels", "fine_label", "class", "target", "category", "class_name", "label_name", "species"];

/// Where `datasets` notes down what the columns are.
const NOTE: &str = "huggingface";

fn is_part(name: &str) -> bool {
    name.ends_with(".parquet")
}

/// A table by itself.
fn open_file(_: &Store, path: &Path) -> Result<Option<Found>, DataError> {
    if !is_part(&name_of(path).to_lowercase()) {
        return Ok(None);
    }
    let role = Role::named(&stem(path));
    found(path, vec![(path.to_owned(), role)]).map(Some)
}

/// The tables in a folder, and in folders of it that are called by parts.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let mut files = Vec::new();
    for Entry { path, kind } in store.entries(folder)? {
        let role = Role::named(&stem(&path));
        match kind {
            Kind::File if is_part(&name_of(&path).to_lowercase()) => files.push((path, role)),
            Kind::Folder if role.is_some() => {
                let inside = store.entries(&path)?.into_iter().filter(|it| it.kind == Kind::File);
                files.extend(inside.filter(|it| is_part(&name_of(&it.path).to_lowercase())).map(|it| (it.path, role)));
            }
            _ => {}
        }
    }
    match &files[..] {
        [] => Ok(None),
        // A table is read from its end, and here and there: in an archive all of it would be unpacked each time.
        [(first, _), ..] if !matches!(store, Store::Disk) => {
            let problem =
                format!("{} is a Parquet file in an archive, and those are not read there", shown_path(first));
            Err(DataError::unusable(folder, problem, "unpack the archive and give the folder"))
        }
        _ => found(folder, files).map(Some),
    }
}

/// Names of folders that stand in every data set of the hub.
const OF_ANY: [&str; 4] = ["data", "default", "parquet", "plain_text"];

/// What a person would call the tables at a path: the data set's name where the hub's library keeps it, or else the last
/// name that is not that of a part, nor one that folders of tables have in any data set.
fn called(place: &Path) -> String {
    let full = path::absolute(place).unwrap_or_else(|_| place.to_owned());
    let names: Vec<&OsStr> = full.iter().rev().collect();
    let hub = names.iter().find_map(|name| name.to_str()?.strip_prefix("datasets--"));
    if let Some(name) = hub {
        return shown(OsStr::new(&name.replace("--", "/")));
    }
    let tells = |name: &&&OsStr| {
        let stem = stem(Path::new(name)).to_lowercase();
        let is_number = is_part(&name.to_string_lossy().to_lowercase()) && stem.parse::<u64>().is_ok();
        !is_number && !OF_ANY.contains(&stem.as_str()) && Role::named(&stem).is_none()
    };
    names.iter().find(tells).map_or_else(|| name_of(place), |name| shown(name))
}

/// A file's or a folder's name without its ending, and without its number among several.
fn stem(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match numbered(&name) {
        Some((part, ..)) => part.to_owned(),
        None => name,
    }
}

/// `train`, 0 and 2 of `train-00000-of-00002`.
fn numbered(name: &str) -> Option<(&str, usize, usize)> {
    let (rest, of) = name.rsplit_once("-of-")?;
    let (part, number) = rest.rsplit_once('-')?;
    Some((part, number.parse().ok()?, of.parse().ok()?))
}

/// Rows with their classes, by the part that they are of.
#[derive(Default)]
struct Rows {
    train: Vec<(PathBuf, Label)>,
    validation: Vec<(PathBuf, Label)>,
    test: Vec<(PathBuf, Label)>,
}

impl Rows {
    fn of(&mut self, role: Option<Role>) -> &mut Vec<(PathBuf, Label)> {
        match role {
            Some(Role::Validation) => &mut self.validation,
            Some(Role::Test) => &mut self.test,
            Some(Role::Train) | None => &mut self.train,
        }
    }
}

fn found(place: &Path, files: Vec<(PathBuf, Option<Role>)>) -> Result<Found, DataError> {
    let mut notices = lacking(&files);
    let mut left_out = Vec::new();
    let roles: BTreeSet<Role> = files.iter().filter_map(|(_, role)| *role).collect();
    // The hub calls a table "train" that nobody has split, too: its rows may say more.
    let by_rows = roles.len() < 2;
    let mut all = Rows::default();
    let mut tables = Vec::new();
    let mut names: Option<(PathBuf, Option<Vec<String>>)> = None;
    let (mut unused_files, mut unknown) = (0, Vec::new());
    let (mut word, mut unread) = (None, None);
    for (path, role) in files {
        if role == Some(Role::Test) && roles.contains(&Role::Validation) {
            unused_files += 1;
            continue;
        }
        if role.is_none() && !roles.is_empty() {
            leave_out(&mut left_out, Why::Part, "its name tells no part that is used", path);
            continue;
        }
        let table = Table::open(&path)?;
        let columns = Columns::of(&table)?;
        // Whatever is wrong with such a column, the pictures and their classes may be read.
        let parts = match if by_rows { columns.parts.of_rows(&table, &mut unknown) } else { Ok(Vec::new()) } {
            Ok(parts) => parts,
            Err(error) => {
                unread.get_or_insert(format!("the column that says the parts is not used: {error}"));
                Vec::new()
            }
        };
        match &names {
            Some((first, known)) if *known != columns.names => {
                let problem = format!("{} and {} name their classes differently", name_of(first), name_of(&path));
                return Err(DataError::unusable(place, problem, "put files of one data set there"));
            }
            Some(_) => {}
            None => {
                names = Some((path.clone(), columns.names.clone()));
                notices.extend(columns.notice);
                notices.extend(columns.parts.unused(by_rows));
                word = columns.parts.word().map(str::to_owned);
            }
        }
        for (row, label) in table.labels(columns.classes)?.into_iter().enumerate() {
            let file = path.join(row.to_string());
            match label {
                // Those whose classes are kept secret have -1.
                None | Some(Label::Number(..0)) => leave_out(&mut left_out, Why::NoClass, "its row has no class", file),
                Some(label) => all.of(parts.get(row).copied().flatten().or(role)).push((file, label)),
            }
        }
        tables.push(Pictures::new(table, columns.pictures));
    }
    notices.extend(PartColumns::notice(&unknown, &word.unwrap_or_default(), &name_of(place)));
    notices.extend(unread);
    let Rows { train, validation, test } = all;
    let unused_rows = if validation.is_empty() { 0 } else { test.len() };
    let choice = [(unused_files, "file"), (unused_rows, "picture")].into_iter().find(|(count, _)| *count > 0);
    let choice = choice.map(|(count, what)| Choice::instead_of_test("validation", count, what));
    let own = if validation.is_empty() { test } else { validation };
    let store = Store::Tables(tables.into());
    let found = if let Some(names) = names.and_then(|(_, names)| names) {
        named(place, &store, names, [train, own])?
    } else {
        let rows = |rows: Vec<(PathBuf, Label)>| rows.into_iter().map(|(path, label)| Row { path, class: text(label) });
        Labels { train: rows(train).collect(), own: rows(own).collect() }.found(place, &store, Vec::new())?
    };
    Ok(Found { name: called(place), notices, choice, left_out, ..found })
}

fn text(label: Label) -> String {
    match label {
        Label::Number(number) => number.to_string(),
        Label::Text(text) => text,
    }
}

/// The data set of rows whose numbers stand for names.
fn named(
    place: &Path,
    store: &Store,
    names: Vec<String>,
    [train, own]: [Vec<(PathBuf, Label)>; 2],
) -> Result<Found, DataError> {
    let listed = |(path, label): (PathBuf, Label)| {
        let number = match label {
            Label::Number(number) => usize::try_from(number).ok().filter(|&number| number < names.len()),
            Label::Text(ref text) => names.iter().position(|name| name == text),
        };
        if let Some(label) = number.and_then(|number| u16::try_from(number).ok()) {
            return Ok(Listed { path, label });
        }
        let problem = format!("its class is {}, and {} classes have names", text(label), names.len());
        Err(DataError::damaged(&path, problem))
    };
    let train: Vec<Listed> = train.into_iter().map(listed).collect::<Result<_, _>>()?;
    let own: Vec<Listed> = own.into_iter().map(listed).collect::<Result<_, _>>()?;
    Ok(Found {
        name: name_of(place),
        train: Part::Files(store.clone(), train),
        own: (!own.is_empty()).then(|| Part::Files(store.clone(), own)),
        classes: names.iter().map(|name| shown(OsStr::new(name))).collect(),
        notices: Vec::new(),
        choice: None,
        left_out: Vec::new(),
    })
}

/// Of parts in several files, those that are not all there.
fn lacking(files: &[(PathBuf, Option<Role>)]) -> Vec<String> {
    let mut parts: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for (path, _) in files {
        if let Some((part, _, of)) = numbered(&path.file_stem().unwrap_or_default().to_string_lossy()) {
            *parts.entry((part.to_owned(), of)).or_default() += 1;
        }
    }
    let short = parts.into_iter().filter(|((_, of), is)| is < of);
    short.map(|((part, of), is)| format!("of the {of} files of the part {part} there {} {is}", are(is))).collect()
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is only" } else { "are only" }
}

/// The columns of a table that count.
struct Columns {
    pictures: usize,
    classes: usize,
    /// What the numbers of the classes stand for.
    names: Option<Vec<String>>,
    parts: Parts,
    /// That there are other classes.
    notice: Option<String>,
}

impl Columns {
    fn of(table: &Table) -> Result<Self, DataError> {
        let columns = table.columns();
        let features = table.note(NOTE).and_then(|note| serde_json::from_str::<Value>(note).ok());
        let features = features.as_ref().and_then(|note| note.get("info")?.get("features")?.as_object());
        let is_called = |column: &&Column, name: &str| column.name.first().is_some_and(|first| first == name);
        let of = |names: &[&str], fits: &dyn Fn(&&Column) -> bool| {
            names.iter().find_map(|name| columns.iter().find(|column| is_called(column, name) && fits(column)))
        };
        let pictures = of(&PICTURES, &|column| is_picture(column)).or_else(|| {
            let packed = |column: &&Column| column.name.len() == 2 && is_picture(column);
            columns.iter().find(packed)
        });
        let is_class = |column: &&Column| column.is_label();
        // Those that the note calls classes come before others of a likely name.
        let noted = |column: &&Column| {
            let about = features.and_then(|features| features.get(column.name.first()?)?.get("_type")?.as_str());
            is_class(column) && about == Some("ClassLabel")
        };
        let any = || columns.iter().find(noted);
        let classes = of(&CLASSES, &noted).or_else(any).or_else(|| of(&CLASSES, &is_class));
        let (Some(pictures), Some(classes)) = (pictures, classes) else {
            let what = if pictures.is_none() { "pictures" } else { "classes" };
            let problem = format!("none of its columns holds {what}; it has {}", table.names().join(", "));
            let advice = "name them image (with the bytes of a picture file) and label, as the Hugging Face hub does";
            return Err(DataError::unusable(&table.path, problem, advice));
        };
        table.check(pictures)?;
        table.check(classes)?;
        let name = classes.name.first();
        let others = columns.iter().filter(noted).filter(|column| column.index != classes.index);
        let others: Vec<&str> = others.filter_map(|column| column.name.first()).map(String::as_str).collect();
        let notice = name.filter(|_| !others.is_empty());
        let notice = notice.map(|name| format!("the classes are those of {name}, not those of {}", others.join(", ")));
        let names = name.and_then(|name| names_in(features?, name));
        let parts = Parts::among(&columns, [pictures.index, classes.index], features);
        Ok(Self { pictures: pictures.index, classes: classes.index, names, parts, notice })
    }
}

/// What the numbers in a column stand for.
fn names_in(features: &Map<String, Value>, column: &str) -> Option<Vec<String>> {
    let names = features.get(column)?.get("names")?.as_array()?;
    let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| !names.is_empty())
}

/// The columns that say the parts of rows.
struct Parts {
    columns: PartColumns,
    /// By the numbers that the columns have in `columns`.
    known: Vec<PartColumn>,
}

/// A column that may say the parts of rows.
struct PartColumn {
    /// Its place in the table.
    index: usize,
    name: String,
    /// What its numbers stand for.
    names: Option<Vec<String>>,
}

impl Parts {
    /// Those beside the ones with pictures and classes.
    fn among(columns: &[Column], beside: [usize; 2], features: Option<&Map<String, Value>>) -> Self {
        let columns = columns.iter().filter(|column| column.is_label() && !beside.contains(&column.index));
        let known: Vec<PartColumn> = columns
            .filter_map(|column| {
                let name = column.name.first()?;
                let names = features.and_then(|features| names_in(features, name));
                Some(PartColumn { index: column.index, name: name.clone(), names })
            })
            .collect();
        let names: Vec<String> = known.iter().map(|column| normal(&column.name)).collect();
        Self { columns: PartColumns::among(&names, |_| true), known }
    }

    /// The part of each row of a table, where one is said.
    fn of_rows(&self, table: &Table, unknown: &mut Vec<String>) -> Result<Vec<Option<Role>>, DataError> {
        let mut cells: BTreeMap<usize, Vec<Option<String>>> = BTreeMap::new();
        for column in self.columns.all() {
            let PartColumn { index, names, .. } = &self.known[column];
            let named = |label: Label| match (label, names) {
                (Label::Number(number), Some(names)) => {
                    usize::try_from(number).ok().and_then(|it| names.get(it).cloned())
                }
                (label, _) => Some(text(label)),
            };
            cells.insert(column, table.labels(*index)?.into_iter().map(|label| label.and_then(named)).collect());
        }
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let cell = |column: usize, row: usize| cells.get(&column)?.get(row)?.as_deref();
        Ok((0..table.rows()).map(|row| self.columns.role(|column| cell(column, row), unknown)).collect())
    }

    /// What the column is called that says it in a word.
    fn word(&self) -> Option<&str> {
        self.columns.word.map(|column| &*self.known[column].name)
    }

    /// What a person should know where the files say the parts.
    fn unused(&self, by_rows: bool) -> Option<String> {
        let name = &self.known[self.columns.all().next().filter(|_| !by_rows)?].name;
        Some(format!("the column {name} is not used: the parts follow from the names of files"))
    }
}

/// Whether a column holds the bytes of pictures: itself, or as what `datasets` calls `bytes` in it.
fn is_picture(column: &Column) -> bool {
    let inside = column.name.get(1..).unwrap_or_default();
    column.holds == Holds::Bytes && (inside.is_empty() || inside == slice::from_ref(&"bytes".to_owned()))
}
