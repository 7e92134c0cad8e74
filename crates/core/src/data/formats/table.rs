//! A table (CSV) of labels beside pictures: a column with names of files or their beginnings, and one with classes. Columns
//! are known by what they are called or, in other languages and without a line of names, by what they hold. In some tables
//! each class is a column, with a 1 where a picture is of it.

use super::folder::{Part as Role, Tree};
use super::labelled::{Labels, Row};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found};
use crate::data::left_out::{LeftOut, leave_out};
use crate::data::names::{counted, name_of};
use crate::data::store::{Entry, Kind, Store};
use crate::experiment::decoded;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{self, Component, Path, PathBuf};

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// What columns are called.
const PICTURES: [&str; 13] = [
    "file_name",
    "filename",
    "fname",
    "file",
    "image",
    "image_id",
    "image_name",
    "image_path",
    "path",
    "filepath",
    "img",
    "id",
    "name",
];
const CLASSES: [&str; 8] = ["label", "class", "category", "target", "species", "breed", "class_name", "labels"];

const PARTS: [&str; 4] = ["split", "set", "subset", "part"];
const OWN: [&str; 2] = ["is_valid", "is_validation"];

/// The largest table that is read, in bytes.
const MAX_FILE: u64 = 512 << 20;

/// What a table says.
struct Table {
    /// Names of pictures, classes where there is one and, if there is a column for it, parts.
    rows: Vec<(String, Option<String>, Option<Role>)>,
    /// The part that the table itself is called by.
    role: Option<Role>,
}

/// The data set in a folder with a table of labels; `None` where no table has the columns or most of its pictures.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    let is_table = |entry: &&Entry| {
        let ending = entry.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        entry.kind == Kind::File && matches!(ending.as_str(), "csv" | "tsv")
    };
    let entries = store.entries(folder)?;
    let paths: Vec<&PathBuf> = entries.iter().filter(is_table).map(|entry| &entry.path).collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let mut sheets = Vec::new();
    for path in &paths {
        sheets.extend(read(store, path)?.map(|sheet| ((*path).clone(), sheet)));
    }
    if sheets.is_empty() {
        return Ok(None);
    }
    let mut left_out = Vec::new();
    let pictures = Pictures::below(&Tree::read(store, folder, &mut left_out)?, folder);
    let of = |columns: fn(&Sheet, &Path, &Pictures) -> Result<Option<Columns>, DataError>| {
        let table = |(path, sheet): &(PathBuf, Sheet)| -> Result<Option<(PathBuf, Table)>, DataError> {
            let columns = columns(sheet, path, &pictures)?;
            let table = columns.map(|columns| sheet.table(&columns, path)).transpose()?.flatten();
            Ok(table.map(|table| (path.clone(), table)))
        };
        sheets.iter().filter_map(|sheet| table(sheet).transpose()).collect::<Result<Vec<_>, _>>()
    };
    let mut tables = of(|sheet, _, _| Ok(sheet.called()))?;
    if tables.is_empty() {
        tables = of(Sheet::by_content)?;
    }
    if tables.is_empty() {
        return without_rows(folder, &sheets, &pictures).map_or(Ok(None), Err);
    }
    let (mut all, mut missing, mut named, mut rows) = (0, Vec::new(), HashSet::new(), Vec::new());
    for (path, table) in &tables {
        for (name, class, role) in &table.rows {
            all += 1;
            let name = &within(name, folder);
            if leads_out(name) {
                let problem = format!("{} names a file outside of the folder: {name}", name_of(path));
                return Err(DataError::unusable(folder, problem, "put the pictures into the folder"));
            }
            let Some(picture) = pictures.find(name) else {
                missing.push(folder.join(name));
                continue;
            };
            named.insert(picture);
            rows.push(Named { picture, class: class.as_deref(), role: role.or(table.role), table: path });
        }
    }
    if missing.len() * 2 > all || all == 0 {
        return Ok(None);
    }
    let names: Vec<String> = tables.iter().map(|(path, _)| name_of(path)).collect();
    let mut notices = vec![format!("the classes come from {}", names.join(", "))];
    let (rows, again) = once(rows).map_err(|problem| {
        DataError::unusable(folder, problem, "leave one class to each picture, or one of the tables")
    })?;
    if again > 0 {
        notices.push(format!("named more than once in the tables and taken once: {}", counted(again, "picture")));
    }
    let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for Named { picture, class, role, .. } in rows {
        let Some(class) = class.map(str::to_owned) else {
            leave_out(&mut left_out, "no class", "the table gives it no class", picture.to_owned());
            continue;
        };
        let row = Row { path: picture.to_owned(), class };
        match role {
            Some(Role::Validation) => validation.push(row),
            Some(Role::Test) => test.push(row),
            Some(Role::Train) | None => train.push(row),
        }
    }
    let choice = (!validation.is_empty() && !test.is_empty()).then(|| {
        let unused = format!("{} of the part test are left out", counted(test.len(), "picture"));
        Choice { used: format!("validating on the part val; {unused}"), unused }
    });
    let own = if validation.is_empty() { test } else { validation };
    let mut found = Labels { train, own }.found(folder, store, notices)?;
    found.choice = choice;
    for picture in pictures.all.iter().filter(|picture| !named.contains(picture.as_path())) {
        leave_out(&mut left_out, "not named", "no table names it", picture.clone());
    }
    // Whatever lies beside the pictures was read, or is not of this data set.
    let of_pictures = |files: &LeftOut| !files.files.iter().all(|file| paths.contains(&file));
    found.left_out = left_out.into_iter().filter(of_pictures).collect();
    for path in missing {
        leave_out(&mut found.left_out, "not there", "the table names it, and it is not there", path);
    }
    Ok(Some(found))
}

/// A picture that a row names.
struct Named<'a> {
    picture: &'a Path,
    class: Option<&'a str>,
    role: Option<Role>,
    table: &'a Path,
}

/// Looks whether all tables that give a picture classes give it the same.
///
/// # Errors
/// Two tables that give a picture different classes.
fn agreed(rows: &[Named]) -> Result<(), String> {
    let mut told: HashMap<&Path, Vec<(&Path, BTreeSet<&str>)>> = HashMap::new();
    for row in rows {
        let Some(class) = row.class else { continue };
        let tables = told.entry(row.picture).or_default();
        match tables.iter_mut().find(|(table, _)| *table == row.table) {
            Some((_, classes)) => drop(classes.insert(class)),
            None => tables.push((row.table, BTreeSet::from([class]))),
        }
    }
    for row in rows {
        let Some([(first, classes), others @ ..]) = told.get(row.picture).map(Vec::as_slice) else { continue };
        if let Some((other, differing)) = others.iter().find(|(_, other)| other != classes) {
            let [there, here] = [(first, classes), (other, differing)].map(|(table, classes)| {
                let classes = classes.iter().copied().collect::<Vec<_>>().join(" and ");
                format!("{classes} in {}", name_of(table))
            });
            return Err(format!("{} is of the class {there}, and {here}", name_of(row.picture)));
        }
    }
    Ok(())
}

/// The rows of which each says something new of its picture, and how many pictures others say the same of. A row that says
/// what a picture is for, or its class, counts more than one that does not.
///
/// # Errors
/// Two tables that give a picture different classes.
fn once(rows: Vec<Named>) -> Result<(Vec<Named>, usize), String> {
    agreed(&rows)?;
    let of = |is: fn(&Named) -> bool| rows.iter().filter(|row| is(row)).map(|row| row.picture).collect::<HashSet<_>>();
    let (parted, classified) = (of(|row| row.role.is_some() && row.class.is_some()), of(|row| row.class.is_some()));
    let (mut kept, mut again) = (Vec::<Named>::new(), HashSet::new());
    let mut seen: HashMap<&Path, Vec<usize>> = HashMap::new();
    for row in rows {
        let known = seen.entry(row.picture).or_default();
        let others = || known.iter().map(|&index| &kept[index]);
        let is_less = row.role.is_none() && parted.contains(row.picture)
            || row.class.is_none() && classified.contains(row.picture);
        if is_less || others().any(|it| (it.class, it.role) == (row.class, row.role)) {
            again.insert(row.picture);
            continue;
        }
        known.push(kept.len());
        kept.push(row);
    }
    Ok((kept, again.len()))
}

/// A table as it is written, its first row perhaps the names of its columns.
struct Sheet(Vec<csv::StringRecord>);

/// Which columns of a table are used.
struct Columns {
    picture: usize,
    classes: Classes,
    part: Option<usize>,
    /// Whether a picture is one to validate on.
    own: Option<usize>,
    /// Whether the first row has their names.
    named: bool,
}

/// Where the classes are.
enum Classes {
    /// All in this column.
    In(usize),
    /// Each has a column of its own.
    Marked(Vec<usize>),
}

impl Sheet {
    /// The columns by what they are called.
    fn called(&self) -> Option<Columns> {
        let head: Vec<String> = self.0.first()?.iter().map(str::to_lowercase).collect();
        let column = |names: &[&str]| names.iter().find_map(|name| head.iter().position(|it| it == name));
        let (picture, part, own) = (column(&PICTURES)?, column(&PARTS), column(&OWN));
        let marked = || self.marked(&[Some(picture), part, own]);
        let classes = column(&CLASSES).map(Classes::In).or_else(marked)?;
        Some(Columns { picture, classes, part, own, named: true })
    }

    /// The columns beside these, if there are several and all have a 1 or a 0 in each row.
    fn marked(&self, beside: &[Option<usize>]) -> Option<Classes> {
        let columns: Vec<usize> =
            (0..self.0.first()?.len()).filter(|column| !beside.contains(&Some(*column))).collect();
        let is_mark = |cell: &str| cell.parse().is_ok_and(|mark: f64| mark == 0.0 || mark == 1.0);
        let is_marked = |row: &csv::StringRecord| columns.iter().all(|&column| row.get(column).is_some_and(is_mark));
        let are_marked = columns.len() > 1 && self.0.len() > 1 && self.0[1..].iter().all(is_marked);
        are_marked.then_some(Classes::Marked(columns))
    }

    /// The columns by what they hold: one has names of pictures that are there, and one other the classes. Pictures in
    /// several folders have classes already.
    fn by_content(&self, path: &Path, pictures: &Pictures) -> Result<Option<Columns>, DataError> {
        let is_picture = |row: &csv::StringRecord, column: usize| {
            row.get(column).is_some_and(|name| !name.is_empty() && pictures.find(name).is_some())
        };
        let Some(first) = self.0.first() else { return Ok(None) };
        let known = |column: &usize| self.0.iter().filter(|row| is_picture(row, *column)).count();
        let Some(picture) = (0..first.len()).max_by_key(|column| (known(column), usize::MAX - column)) else {
            return Ok(None);
        };
        let found: Vec<&Path> =
            self.0.iter().filter_map(|row| pictures.find(row.get(picture).unwrap_or_default())).collect();
        let is_one_folder = found.iter().all(|picture| picture.parent() == found[0].parent());
        if found.len() * 2 < self.0.len() || !is_one_folder {
            return Ok(None);
        }
        let others: Vec<usize> = (0..first.len()).filter(|column| *column != picture).collect();
        let named = !is_picture(first, picture);
        match others[..] {
            [] => Ok(None),
            [class] => Ok(Some(Columns { picture, classes: Classes::In(class), part: None, own: None, named })),
            _ if named && let Some(classes) = self.marked(&[Some(picture)]) => {
                Ok(Some(Columns { picture, classes, part: None, own: None, named }))
            }
            _ => {
                let file = name_of(path);
                let problem =
                    format!("{file} names the pictures, and which of its other columns has the classes is not said");
                let advice =
                    "write \"label\" into the first row above the classes, and \"filename\" above the pictures";
                Err(DataError::unusable(path.parent().unwrap_or(path), problem, advice))
            }
        }
    }

    /// Its rows that have a picture; `None` if none has a class.
    fn table(&self, columns: &Columns, path: &Path) -> Result<Option<Table>, DataError> {
        let row = |record: &csv::StringRecord| {
            let cell = |column: usize| record.get(column).filter(|cell| !cell.is_empty()).map(str::to_owned);
            let part = || columns.part.and_then(cell).and_then(|name| Role::named(&name));
            let said = columns.own.and_then(cell).map(|it| it.to_lowercase());
            let own = said.map(|it| if matches!(it.as_str(), "true" | "1") { Role::Validation } else { Role::Train });
            let Some(picture) = cell(columns.picture) else { return Ok(None) };
            let class = match &columns.classes {
                Classes::In(column) => cell(*column),
                Classes::Marked(marked) => self.class_of(record, marked).map_err(|[one, other]| {
                    let problem = format!("{} gives {picture} several classes, {one} and {other}", name_of(path));
                    let advice = "leave one class to each picture";
                    DataError::unusable(path.parent().unwrap_or(path), problem, advice)
                })?,
            };
            Ok(Some((picture, class, own.or_else(part))))
        };
        let rows = self.0.iter().skip(usize::from(columns.named)).filter_map(|record| row(record).transpose());
        let rows: Vec<_> = rows.collect::<Result<_, DataError>>()?;
        let role = Role::named(&path.file_stem().unwrap_or_default().to_string_lossy());
        Ok(rows.iter().any(|(_, class, _)| class.is_some()).then_some(Table { rows, role }))
    }

    /// The name of the column among these in which a row has a 1; two where several have.
    fn class_of(&self, record: &csv::StringRecord, columns: &[usize]) -> Result<Option<String>, [String; 2]> {
        let is_one = |column: &&usize| record.get(**column).and_then(|cell| cell.parse().ok()) == Some(1.0_f64);
        let name = |column: &usize| self.0.first().and_then(|head| head.get(*column)).unwrap_or_default().to_owned();
        let mut ones = columns.iter().filter(is_one).map(name);
        match (ones.next(), ones.next()) {
            (Some(one), Some(other)) => Err([one, other]),
            (one, _) => Ok(one),
        }
    }
}

/// What is written in a table; `None` where it is too long, or empty.
fn read(store: &Store, path: &Path) -> Result<Option<Sheet>, DataError> {
    if store.length(path)? > MAX_FILE {
        return Ok(None);
    }
    let bytes = store.read(path)?;
    let decoded = decoded(&bytes);
    let is_text = decoded.is_some();
    let text = decoded.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: u8| first.matches(char::from(mark)).count();
    let mark = [b',', b';', b'\t'].into_iter().max_by_key(|&mark| count(mark)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).delimiter(mark).flexible(true).trim(csv::Trim::All);
    let mut records = reader.from_reader(text.as_bytes()).into_records();
    // What begins with something else than text is no table.
    let Some(Ok(head)) = records.next() else { return Ok(None) };
    let is_of_labels = Sheet(vec![head.clone()]).called().is_some();
    if is_of_labels && !is_text {
        let problem = "it is a table of labels that is no text in UTF-8 or UTF-16";
        return Err(DataError::unusable(path, problem, "save it in UTF-8"));
    }
    let damaged = |error: csv::Error| DataError::damaged(path, error.to_string().replace('\n', " "));
    match records.map(|record| record.map_err(damaged)).collect::<Result<Vec<_>, _>>() {
        // Faults of a table that has nothing to do with pictures are nobody's concern.
        Err(_) if !is_of_labels => Ok(None),
        rows => Ok(Some(Sheet(std::iter::once(head).chain(rows?).collect()))),
    }
}

/// Why pictures in one folder have no classes beside a table of labels in which none is named. Where they lie in several
/// folders, these are the classes.
fn without_rows(folder: &Path, sheets: &[(PathBuf, Sheet)], pictures: &Pictures) -> Option<DataError> {
    let (path, _) = sheets.iter().find(|(_, sheet)| sheet.called().is_some())?;
    let first = pictures.all.first()?.parent();
    pictures.all.iter().all(|picture| picture.parent() == first).then(|| {
        let problem = format!("{} is a table of labels in which no row names a picture and its class", name_of(path));
        DataError::unusable(folder, problem, "write a row for each picture")
    })
}

/// A name from the root as one below the folder, if that is where it leads.
fn within(name: &str, folder: &Path) -> String {
    let path = Path::new(name);
    let mut homes = [path::absolute(folder).ok(), folder.canonicalize().ok()].into_iter().flatten();
    let below = homes.find_map(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    below.filter(|_| path.is_absolute()).map_or_else(|| name.to_owned(), |below| below.to_string_lossy().into_owned())
}

/// Whether a name is one from the root, or goes up.
fn leads_out(name: &str) -> bool {
    Path::new(name).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Pictures by the names that a table may have for them.
struct Pictures {
    all: Vec<PathBuf>,
    /// With folders, as it lies below the data set's.
    by_path: HashMap<String, PathBuf>,
    /// The name alone, with its ending and without; `None` where several have it.
    by_name: HashMap<String, Option<PathBuf>>,
}

impl Pictures {
    fn below(tree: &Tree, folder: &Path) -> Self {
        let (mut by_path, mut by_name) = (HashMap::new(), HashMap::new());
        let all = tree.all();
        for path in &all {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            let name = |path: &Path| path.to_string_lossy().replace('\\', "/");
            for path_in_it in [inside.to_owned(), inside.with_extension("")] {
                by_path.entry(name(&path_in_it)).or_insert_with(|| path.clone());
                let alone = path_in_it.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let known = by_name.entry(alone).or_insert_with(|| Some(path.clone()));
                if known.as_ref().is_some_and(|known| known != path) {
                    *known = None;
                }
            }
        }
        Self { all, by_path, by_name }
    }

    fn find(&self, name: &str) -> Option<&Path> {
        let name = name.strip_prefix("./").unwrap_or(name).replace('\\', "/");
        let found = self.by_path.get(&name);
        let alone = || self.by_name.get(name.rsplit('/').next().unwrap_or(&name)).and_then(Option::as_ref);
        found.or_else(alone).map(PathBuf::as_path)
    }
}
