//! Which columns of a table are used, and what its rows then say.

use super::place::{Place, Record, Table};
use crate::data::error::DataError;
use crate::data::formats::part_columns::{PartColumns, normal, truth};
use crate::data::formats::pictures::Pictures;
use crate::data::names::name_of;
use std::path::Path;

/// What columns are called, in small letters and with `_` for whatever parts words.
const PICTURES: [&str; 29] = [
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
    "file_path",
    "img",
    "img_path",
    "img_name",
    "image_file",
    "image_file_name",
    "image_filename",
    "image_index",
    "imageid",
    "imagename",
    "photo",
    "photo_id",
    "picture",
    "filenames",
    "images",
    "id",
    "id_code",
    "name",
    "uuid",
];
const CLASSES: [&str; 26] = [
    "label",
    "class",
    "category",
    "target",
    "species",
    "breed",
    "class_name",
    "labels",
    "classname",
    "class_label",
    "label_name",
    "category_name",
    "target_label",
    "dx",
    "diagnosis",
    "finding_labels",
    "emotion",
    "class_id",
    "classid",
    "label_id",
    "category_id",
    "expected",
    "classes",
    "level",
    "tags",
    "y",
];

/// Columns that have to do with parts, and do not say which.
const FOLDS: [&str; 4] = ["fold", "folds", "kfold", "fold_id"];

/// A table as it is written, its first row perhaps the names of its columns.
pub(super) struct Sheet {
    records: Vec<csv::StringRecord>,
    /// The names of the columns as they are compared.
    head: Vec<String>,
}

/// Which columns of a table are used.
pub(super) struct Columns {
    picture: usize,
    classes: Classes,
    parts: PartColumns,
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
    pub fn new(records: Vec<csv::StringRecord>) -> Self {
        let head = records.first().map(|first| first.iter().map(normal).collect()).unwrap_or_default();
        Self { records, head }
    }

    fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.head.iter().position(|it| it == name))
    }

    /// The columns by what they are called.
    pub fn called(&self) -> Option<Columns> {
        let picture = self.column(&PICTURES)?;
        let parts = PartColumns::among(&self.head, |column| self.is_flag(column));
        let beside: Vec<usize> = parts.all().chain(self.column(&FOLDS)).chain([picture]).collect();
        let classes = self.column(&CLASSES).map(Classes::In).or_else(|| self.marked(&beside))?;
        Some(Columns { picture, classes, parts, named: true })
    }

    /// Whether it is called so and names pictures that are there, most of them.
    pub fn called_with(&self, pictures: &Pictures, place: &Place) -> Option<Columns> {
        let columns = self.called()?;
        let names = self.records.iter().skip(1).filter_map(|row| row.get(columns.picture));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let found = names.iter().filter(|name| pictures.find(name, &place.home, place.role).is_some()).count();
        (found * 2 >= names.len()).then_some(columns)
    }

    /// The first name in the column of pictures.
    pub fn first_name(&self) -> Option<String> {
        let column = self.called()?.picture;
        self.records.iter().skip(1).filter_map(|row| row.get(column)).find(|name| !name.is_empty()).map(str::to_owned)
    }

    fn is_flag(&self, column: usize) -> bool {
        let cells = || self.records.iter().skip(1).filter_map(|row| row.get(column));
        cells().next().is_some() && cells().all(|cell| cell.is_empty() || truth(cell).is_some())
    }

    /// The columns beside these, if there are several and all have a 1 or a 0 in each row.
    fn marked(&self, beside: &[usize]) -> Option<Classes> {
        let columns: Vec<usize> = (0..self.records.first()?.len()).filter(|column| !beside.contains(column)).collect();
        let is_marked =
            |row: &csv::StringRecord| columns.iter().all(|&column| row.get(column).and_then(truth).is_some());
        let are_marked = columns.len() > 1 && self.records.len() > 1 && self.records[1..].iter().all(is_marked);
        are_marked.then_some(Classes::Marked(columns))
    }

    /// The columns by what they hold: one has names of pictures that are there, and one other the classes. Pictures in
    /// several folders have classes already.
    pub fn by_content(&self, place: &Place, pictures: &Pictures) -> Result<Option<Columns>, DataError> {
        let find = |name: &str| pictures.find(name, &place.home, place.role).filter(|_| !name.is_empty());
        let is_picture = |row: &csv::StringRecord, column: usize| row.get(column).and_then(find).is_some();
        let Some(first) = self.records.first() else { return Ok(None) };
        let known = |column: &usize| self.records.iter().filter(|row| is_picture(row, *column)).count();
        let Some(picture) = (0..first.len()).max_by_key(|column| (known(column), usize::MAX - column)) else {
            return Ok(None);
        };
        let found: Vec<&Path> = self.records.iter().filter_map(|row| find(row.get(picture)?)).collect();
        let is_one_folder = found.iter().all(|picture| picture.parent() == found[0].parent());
        if found.len() * 2 < self.records.len() || !is_one_folder {
            return Ok(None);
        }
        let others: Vec<usize> = (0..first.len()).filter(|column| *column != picture).collect();
        let named = !is_picture(first, picture);
        let columns = |classes| Columns { picture, classes, parts: PartColumns::default(), named };
        match others[..] {
            [] => Ok(None),
            [class] => Ok(Some(columns(Classes::In(class)))),
            _ if named && let Some(classes) = self.marked(&[picture]) => Ok(Some(columns(classes))),
            _ => {
                let file = name_of(&place.path);
                let problem =
                    format!("{file} names the pictures, and which of its other columns has the classes is not said");
                let advice =
                    "write \"label\" into the first row above the classes, and \"filename\" above the pictures";
                Err(DataError::unusable(place.folder(), problem, advice))
            }
        }
    }

    /// Its rows that have a picture; `None` if none has a class.
    pub fn table(&self, columns: &Columns, place: &Place) -> Result<Option<Table>, DataError> {
        let said = |record: &csv::StringRecord, column: usize| {
            record.get(column).filter(|cell| !cell.is_empty()).map(str::to_owned)
        };
        let mut unknown = Vec::new();
        let mut rows = Vec::new();
        for record in self.records.iter().skip(usize::from(columns.named)) {
            let Some(picture) = said(record, columns.picture) else { continue };
            let class = match &columns.classes {
                Classes::In(column) => said(record, *column),
                Classes::Marked(marked) => self.class_of(record, marked).map_err(|[one, other]| {
                    let problem =
                        format!("{} gives {picture} several classes, {one} and {other}", name_of(&place.path));
                    DataError::unusable(place.folder(), problem, "leave one class to each picture")
                })?,
            };
            let role = columns.parts.role(|column| record.get(column), &mut unknown);
            rows.push(Record { picture, class, role });
        }
        let word = columns.parts.word.map(|column| self.written(column)).unwrap_or_default();
        let mut notices: Vec<String> = PartColumns::notice(&unknown, word, &name_of(&place.path)).into_iter().collect();
        if let Some(column) = self.column(&FOLDS).filter(|_| columns.named && columns.parts.word.is_none()) {
            let file = name_of(&place.path);
            notices.push(format!(
                "the column \"{}\" of {file} is not used; to validate on a fold, name a column \"split\" and write train \
                 or val there",
                self.written(column)
            ));
        }
        Ok(rows.iter().any(|row| row.class.is_some()).then_some(Table { rows, notices }))
    }

    fn written(&self, column: usize) -> &str {
        self.records.first().and_then(|head| head.get(column)).unwrap_or_default()
    }

    /// The name of the column among these in which a row has a 1; two where several have.
    fn class_of(&self, record: &csv::StringRecord, columns: &[usize]) -> Result<Option<String>, [String; 2]> {
        let is_one = |column: &&usize| record.get(**column).and_then(truth) == Some(true);
        let mut ones = columns.iter().filter(is_one).map(|column| self.written(*column).to_owned());
        match (ones.next(), ones.next()) {
            (Some(one), Some(other)) => Err([one, other]),
            (one, _) => Ok(one),
        }
    }
}
