//! Pictures that are named more than once.

use crate::data::formats::folder::Role;
use crate::data::names::name_of;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// A picture that a row names.
pub(super) struct Named<'a> {
    pub picture: &'a Path,
    pub class: Option<&'a str>,
    pub role: Option<Role>,
    pub table: &'a Path,
}

/// Looks whether all tables that give a picture classes give it the same.
///
/// # Errors
/// Two tables that give a picture different classes.
fn agreed(rows: &[Named]) -> Result<(), String> {
    let mut said: HashMap<&Path, Vec<(&Path, BTreeSet<&str>)>> = HashMap::new();
    for row in rows {
        let Some(class) = row.class else { continue };
        let tables = said.entry(row.picture).or_default();
        match tables.iter_mut().find(|(table, _)| *table == row.table) {
            Some((_, classes)) => drop(classes.insert(class)),
            None => tables.push((row.table, BTreeSet::from([class]))),
        }
    }
    for row in rows {
        let Some([(first, classes), others @ ..]) = said.get(row.picture).map(Vec::as_slice) else { continue };
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
pub(super) fn once(rows: Vec<Named>) -> Result<(Vec<Named>, usize), String> {
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
