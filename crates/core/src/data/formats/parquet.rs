//! Parquet as the Hugging Face hub has it: a table whose rows hold a picture and its class each, in one file or several
//! (`train-00000-of-00002.parquet`). Format: <https://huggingface.co/docs/hub/datasets-image>.

use super::folder::Part as Role;
use super::labelled::{Labels, Row};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found, Listed, Part};
use crate::data::left_out::leave_out;
use crate::data::names::{counted, name_of, shown, shown_path};
use crate::data::store::{Column, Entry, Holds, Kind, Label, Pictures, Store, Table};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{self, Path, PathBuf};
use std::slice;

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { is_part, open_folder: open, open_file };

/// What the columns are called, the likelier ones first. Pictures may be the bytes in a column `image` or its `bytes`.
const PICTURES: [&str; 6] = ["image", "img", "picture", "photo", "images", "pixels"];
const CLASSES: [&str; 9] =
    ["label", "labels", "fine_label", "class", "target", "category", "class_name", "label_name", "species"];

/// What columns are called that say the part of a row.
const PARTS: [&str; 4] = ["split", "subset", "is_test", "is_train"];

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

/// What the files of a part hold.
#[derive(Default)]
struct Side {
    rows: Vec<(PathBuf, Label)>,
    tables: Vec<Pictures>,
}

fn found(place: &Path, files: Vec<(PathBuf, Option<Role>)>) -> Result<Found, DataError> {
    let mut notices = lacking(&files);
    let mut left_out = Vec::new();
    let has_roles = files.iter().any(|(_, role)| role.is_some());
    let has_validation = files.iter().any(|(_, role)| *role == Some(Role::Validation));
    let (mut train, mut own) = (Side::default(), Side::default());
    let mut names: Option<(PathBuf, Option<Vec<String>>)> = None;
    let mut unused = 0;
    for (path, role) in files {
        let side = match role {
            Some(Role::Train) => &mut train,
            Some(Role::Validation) => &mut own,
            Some(Role::Test) if !has_validation => &mut own,
            None if !has_roles => &mut train,
            Some(Role::Test) => {
                unused += 1;
                continue;
            }
            None => {
                leave_out(&mut left_out, "part", "its name tells no part that is used", path);
                continue;
            }
        };
        let table = Table::open(&path)?;
        let columns = Columns::of(&table)?;
        match &names {
            Some((first, known)) if *known != columns.names => {
                let problem = format!("{} and {} name their classes differently", name_of(first), name_of(&path));
                return Err(DataError::unusable(place, problem, "put files of one data set there"));
            }
            Some(_) => {}
            None => {
                names = Some((path.clone(), columns.names.clone()));
                notices.extend(columns.notice);
            }
        }
        for (row, label) in table.labels(columns.classes)?.into_iter().enumerate() {
            let file = path.join(row.to_string());
            match label {
                // Those whose classes are kept secret have -1.
                None | Some(Label::Number(..0)) => leave_out(&mut left_out, "no class", "its row has no class", file),
                Some(label) => side.rows.push((file, label)),
            }
        }
        side.tables.push(Pictures::new(table, columns.pictures));
    }
    let choice = (unused > 0).then(|| {
        let are = if unused == 1 { "is" } else { "are" };
        let unused = format!("{} of the part test {are} left out", counted(unused, "file"));
        Choice { used: format!("validating on the part validation; {unused}"), unused }
    });
    let store = Store::Tables(train.tables.into_iter().chain(own.tables).collect());
    let found = if let Some(names) = names.and_then(|(_, names)| names) {
        named(place, &store, names, [train.rows, own.rows])?
    } else {
        let rows = |rows: Vec<(PathBuf, Label)>| rows.into_iter().map(|(path, label)| Row { path, class: text(label) });
        let labels = Labels { train: rows(train.rows).collect(), own: rows(own.rows).collect() };
        labels.found(place, &store, Vec::new())?
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
        let is_class =
            |column: &&Column| column.name.len() == 1 && matches!(column.holds, Holds::Numbers | Holds::Text);
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
        let parts = columns.iter().find(|column| column.name.len() == 1 && PARTS.contains(&&*column.name[0]));
        let unused =
            |part: &Column| format!("the column {} is not used: parts are told by the names of files", part.name[0]);
        let notice = match (notice, parts.map(unused)) {
            (Some(notice), Some(unused)) => Some(format!("{notice}; {unused}")),
            (notice, unused) => notice.or(unused),
        };
        let names = features.and_then(|features| features.get(name?)?.get("names")?.as_array());
        let names = names.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        let (pictures, classes) = (pictures.index, classes.index);
        Ok(Self { pictures, classes, names: names.filter(|names: &Vec<String>| !names.is_empty()), notice })
    }
}

/// Whether a column holds the bytes of pictures: itself, or as what `datasets` calls `bytes` in it.
fn is_picture(column: &Column) -> bool {
    let inside = column.name.get(1..).unwrap_or_default();
    column.holds == Holds::Bytes && (inside.is_empty() || inside == slice::from_ref(&"bytes".to_owned()))
}
