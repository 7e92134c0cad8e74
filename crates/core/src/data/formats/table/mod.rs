//! A table of labels beside pictures (CSV, lists of names, lines of JSON): a column with names of files or their
//! beginnings, and one with classes. Columns are known by what they are called or, in other languages and without a line of
//! names, by what they hold. In some tables each class is a column, with a 1 where a picture is of it.

mod once;
mod place;
mod read;
mod sheet;

use super::folder::{Role, Tree, is_picture};
use super::labelled::{Labels, Row};
use super::pictures::{Pictures, leads_out};
use crate::data::error::DataError;
use crate::data::found::{Choice, Format, Found};
use crate::data::left_out::{LeftOut, Why, leave_out};
use crate::data::names::{counted, name_of, shown_path};
use crate::data::store::{Entry, Kind, Store};
use once::{Named, once};
use place::{Place, Record, Table};
use read::{Kind as Written, is_form, read};
use sheet::{Columns, Sheet};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// The row in the table of formats.
pub(super) const FORMAT: Format = Format { open_folder: open, ..Format::NONE };

/// How many folders are gone through that hold nothing but the next one.
const DEEPEST: usize = 3;

/// The data set in a folder with a table of labels; `None` where no table has the columns or most of its pictures.
fn open(store: &Store, folder: &Path) -> Result<Option<Found>, DataError> {
    within(store, folder, DEEPEST)
}

fn within(store: &Store, folder: &Path, deepest: usize) -> Result<Option<Found>, DataError> {
    let entries = store.entries(folder)?;
    let (tables, forms) = tables_in(&entries, None);
    if let Some(mut found) = labelled(store, folder, &tables)? {
        found
            .notices
            .extend(forms.iter().map(|form| format!("{} is a form to be filled in, and not used", name_of(form))));
        return Ok(Some(found));
    }
    let parts = tables_in_parts(store, &entries)?;
    if parts.iter().any(|(place, _)| place.role == Some(Role::Train))
        && let Some(found) = labelled(store, folder, &parts)?
    {
        return Ok(Some(found));
    }
    let mut folders = entries.iter().filter(|entry| entry.kind == Kind::Folder);
    match (folders.next(), folders.next()) {
        (Some(only), None) if deepest > 0 && tables.is_empty() && !entries.iter().any(|it| is_picture(&it.path)) => {
            let Some(found) = within(store, &only.path, deepest - 1)? else { return Ok(None) };
            let mut notices = found.notices;
            if deepest == DEEPEST {
                notices.insert(0, format!("the table of labels was found below {}", shown_path(&only.path)));
            }
            Ok(Some(Found { name: name_of(folder), notices, ..found }))
        }
        _ => Ok(None),
    }
}

/// Files that may be tables of labels, and forms that are to be filled in.
fn tables_in(entries: &[Entry], part: Option<(&str, Role)>) -> (Vec<(Place, Written)>, Vec<PathBuf>) {
    let files = || entries.iter().filter(|entry| entry.kind == Kind::File);
    let table = |entry: &Entry| {
        let path = entry.path.clone();
        let (home, role) = match part {
            Some((home, role)) => (home.to_owned(), Some(role)),
            None => (String::new(), Role::mentioned(&path.file_stem()?.to_string_lossy())),
        };
        Some((Place { path, home, role }, Written::of(&entry.path)?))
    };
    let tables: Vec<(Place, Written)> = files().filter_map(table).filter(|(place, _)| !is_form(&place.path)).collect();
    let forms = files().map(|it| it.path.clone()).filter(|path| Written::of(path).is_some() && is_form(path)).collect();
    (tables, forms)
}

/// Tables in folders that are called by parts, as Roboflow and the Hugging Face hub have them.
fn tables_in_parts(store: &Store, entries: &[Entry]) -> Result<Vec<(Place, Written)>, DataError> {
    let mut tables = Vec::new();
    for Entry { path, .. } in entries.iter().filter(|entry| entry.kind == Kind::Folder) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(role) = Role::named(&name) {
            tables.extend(tables_in(&store.entries(path)?, Some((&name, role))).0);
        }
    }
    Ok(tables)
}

fn labelled(store: &Store, folder: &Path, places: &[(Place, Written)]) -> Result<Option<Found>, DataError> {
    let mut sheets = Vec::new();
    for (place, written) in places {
        sheets.extend(read(store, &place.path, *written)?.map(|sheet| (place, *written, sheet)));
    }
    if sheets.is_empty() {
        return Ok(None);
    }
    let mut left_out = Vec::new();
    let pictures = Pictures::of(Tree::read(store, folder, &mut left_out)?.all(), folder);
    let mut tables = Vec::new();
    for (place, _, sheet) in sheets.iter().filter(|(_, written, _)| *written != Written::List) {
        if let Some(columns) = sheet.called_with(&pictures, place) {
            tables.extend(sheet.table(&columns, place)?.map(|table| (*place, table)));
        }
    }
    if tables.is_empty() {
        for (place, _, sheet) in &sheets {
            let columns: Option<Columns> = sheet.by_content(place, &pictures)?;
            let table = columns.map(|columns| sheet.table(&columns, place)).transpose()?.flatten();
            tables.extend(table.map(|table| (*place, table)));
        }
    }
    if tables.is_empty() {
        let sheets: Vec<(&Place, &Sheet)> = sheets.iter().map(|(place, _, sheet)| (*place, sheet)).collect();
        return without_rows(folder, &sheets, &pictures).map_or(Ok(None), Err);
    }
    let (mut all, mut missing, mut named, mut rows) = (0, Vec::new(), HashSet::new(), Vec::new());
    let mut notices = Vec::new();
    let mut used = Vec::new();
    for (place, table) in &tables {
        let mut of_table = Vec::new();
        for Record { picture: name, class, role } in &table.rows {
            all += 1;
            let role = role.or(place.role);
            match pictures.find(name, &place.home, role) {
                Some(picture) => {
                    of_table.push(Named { picture, class: class.as_deref(), role, table: &place.path });
                }
                None if leads_out(name) => {
                    let problem = format!("{} names a file outside of the folder: {name}", name_of(&place.path));
                    return Err(DataError::unusable(folder, problem, "put the pictures into the folder"));
                }
                None => missing.push(folder.join(name)),
            }
        }
        notices.extend(table.notices.iter().cloned());
        used.push((*place, of_table));
    }
    for (place, of_table) in used {
        let (is_apart, trains) = (is_apart(&of_table, &tables, &pictures), Role::Train);
        if place.role.is_none() && is_apart && tables.iter().any(|(other, _)| other.role == Some(trains)) {
            notices
                .push(format!("{} is not used, as other tables are of parts, and it is of none", name_of(&place.path)));
            continue;
        }
        named.extend(of_table.iter().map(|row| row.picture));
        rows.extend(of_table);
    }
    let unnamed: Vec<&PathBuf> = pictures.all.iter().filter(|picture| !named.contains(picture.as_path())).collect();
    if missing.len() * 2 > all || all == 0 || are_sorted(&unnamed, named.len()) {
        return Ok(None);
    }
    let names: BTreeSet<String> = rows.iter().map(|row| shown_below(row.table, folder)).collect();
    notices.insert(0, format!("the classes come from {}", names.into_iter().collect::<Vec<_>>().join(", ")));
    let (rows, again) = once(rows).map_err(|problem| {
        DataError::unusable(folder, problem, "leave one class to each picture, or one of the tables")
    })?;
    if again > 0 {
        notices.push(format!("named more than once in the tables and taken once: {}", counted(again, "picture")));
    }
    let (mut train, mut validation, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for Named { picture, class, role, .. } in rows {
        let Some(class) = class.map(str::to_owned) else {
            leave_out(&mut left_out, Why::NoClass, "the table gives it no class", picture.to_owned());
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
    for picture in unnamed {
        leave_out(&mut left_out, Why::NotNamed, "no table names it", picture.clone());
    }
    // Whatever lies beside the pictures was read, or is not of this data set.
    let of_pictures = |files: &LeftOut| !files.files.iter().all(|file| Written::of(file).is_some());
    found.left_out = left_out.into_iter().filter(of_pictures).collect();
    for path in missing {
        leave_out(&mut found.left_out, Why::NotThere, "the table names it, and it is not there", path);
    }
    Ok(Some(found))
}

/// A table's name, with the folder that it lies in below that of the data set.
fn shown_below(table: &Path, folder: &Path) -> String {
    shown_path(table.strip_prefix(folder).unwrap_or(table))
}

/// Whether none of a table's pictures is named by another one.
fn is_apart(rows: &[Named], tables: &[(&Place, Table)], pictures: &Pictures) -> bool {
    let own: HashSet<&Path> = rows.iter().map(|row| row.picture).collect();
    let Some(table) = rows.first().map(|row| row.table) else { return true };
    let others = tables.iter().filter(|(place, _)| place.path != table);
    let names = others.flat_map(|(place, table)| {
        table.rows.iter().filter_map(|row| pictures.find(&row.picture, &place.home, row.role.or(place.role)))
    });
    !names.into_iter().any(|picture| own.contains(picture))
}

/// Whether most pictures are ones that no table names, in folders that are not called by parts: these are the classes.
fn are_sorted(unnamed: &[&PathBuf], named: usize) -> bool {
    let folders: HashSet<&Path> = unnamed.iter().filter_map(|picture| picture.parent()).collect();
    let is_part = |folder: &Path| folder.file_name().is_some_and(|name| Role::named(&name.to_string_lossy()).is_some());
    unnamed.len() > named && folders.into_iter().filter(|folder| !is_part(folder)).count() > 1
}

/// Why pictures that no folders sort have no classes beside a table of labels in which none is named.
fn without_rows(folder: &Path, sheets: &[(&Place, &Sheet)], pictures: &Pictures) -> Option<DataError> {
    let (place, sheet) = sheets.iter().find(|(_, sheet)| sheet.called().is_some())?;
    let file = name_of(&place.path);
    pictures.are_unsorted().then(|| match sheet.first_name() {
        Some(name) if pictures.are_several(&name) => {
            let problem = format!("{file} names pictures of which several are called alike, such as {name}");
            DataError::unusable(folder, problem, "write the folders before the names, as in train/1.png")
        }
        Some(name) if pictures.find(&name, &place.home, place.role).is_none() => {
            let problem = format!(
                "{file} is a table of labels, and most pictures that it names are not there, such as {name}; a picture \
                 that is there is called {}",
                pictures.example()
            );
            DataError::unusable(folder, problem, "name the pictures in the table as their files are called")
        }
        _ => {
            let problem = format!("{file} is a table of labels in which no row names a picture and its class");
            DataError::unusable(folder, problem, "write a row for each picture")
        }
    })
}
