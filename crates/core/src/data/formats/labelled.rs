//! Pictures with a class each, however the format says which: classes are put in order and counted.

use crate::data::error::DataError;
use crate::data::found::{Found, Listed, Part};
use crate::data::names::{name_of, shown};
use crate::data::store::Store;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The most classes: labels have 16 bits.
const MAX_CLASSES: usize = 1 << 16;

/// A picture and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub path: PathBuf,
    pub class: String,
}

/// The pictures to train on, and those to validate on if they are apart.
pub(super) struct Labels {
    pub train: Vec<Row>,
    pub own: Vec<Row>,
}

impl Labels {
    /// The data set of these pictures. Classes are those to train on: numbers in their order, names in that of letters.
    pub fn found(self, place: &Path, store: &Store, notices: Vec<String>) -> Result<Found, DataError> {
        let named = if self.train.is_empty() { &self.own } else { &self.train };
        let mut classes: Vec<String> = named.iter().map(|row| row.class.clone()).collect();
        classes.sort_by(|a, b| match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => std::cmp::Ordering::Less,
            (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
            _ => a.cmp(b),
        });
        classes.dedup();
        if classes.len() > MAX_CLASSES {
            let problem = format!("it has {} classes and the limit is {MAX_CLASSES}", classes.len());
            return Err(DataError::unusable(place, problem, "check that its labels are classes"));
        }
        let labels: HashMap<&str, u16> = classes.iter().map(String::as_str).zip(0..=u16::MAX).collect();
        let listed = |rows: &[Row]| -> Result<Vec<Listed>, DataError> {
            let listed = |row: &Row| {
                let label = labels.get(row.class.as_str()).copied().ok_or_else(|| {
                    let class = shown(OsStr::new(&row.class));
                    let problem = format!("its class \"{class}\" has validation pictures but none to train on");
                    DataError::unusable(place, problem, "give both parts the same classes")
                })?;
                Ok(Listed { path: row.path.clone(), label })
            };
            rows.iter().map(listed).collect()
        };
        let (train, own) = (listed(&self.train)?, listed(&self.own)?);
        Ok(Found {
            name: name_of(place),
            train: Part::Files(store.clone(), train),
            own: (!own.is_empty()).then(|| Part::Files(store.clone(), own)),
            classes: classes.iter().map(|class| shown(OsStr::new(class))).collect(),
            notices,
            choice: None,
            left_out: Vec::new(),
        })
    }
}
