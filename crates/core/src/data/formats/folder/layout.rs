//! Which folders are the classes, and which are the parts that a data set is split into.

use super::class::{Class, has_classes, unwrapped};
use super::doubts::{doubts, without_copies, without_what_is_drawn};
use super::role::Role;
use super::tree::{Tree, listed};
use crate::data::error::DataError;
use crate::data::found::Choice;
use crate::data::names::{counted, shown_path};

/// The folders of the classes.
pub(super) struct Layout<'a> {
    /// Those to train on; none where there are only others.
    pub train: Vec<Class<'a>>,
    /// Those to validate on, if they lie apart.
    pub own: Option<Vec<Class<'a>>>,
    /// Folders with pictures that lie beside those of the classes.
    pub beside: Vec<&'a Tree>,
    pub notices: Vec<String>,
    /// Which of several parts are validated on, if there was a choice.
    pub choice: Option<Choice>,
}

impl<'a> Layout<'a> {
    /// How the folders below `root`, which holds pictures somewhere, are meant.
    pub fn of(root: &'a Tree) -> Result<Self, DataError> {
        let mut notices = Vec::new();
        let top = without_what_is_drawn(unwrapped(root, &mut notices), &mut notices)?;
        let (parts, others) = parts_of(top);
        if !are_parts(&parts, &others) {
            if let Some(layout) = Self::parts_in_classes(top, &mut notices) {
                return Ok(layout);
            }
            if let [(_, part)] = &parts[..] {
                let (name, beside) = (part.name(), counted(others.len(), "other folder"));
                notices.push(format!("{name} is taken for a class, as {beside} with pictures lie beside it"));
            }
            let train = without_copies(Class::all(top), &mut notices);
            notices.extend(doubts(&train));
            return Ok(Self { train, own: None, beside: vec![top], notices, choice: None });
        }
        let usable: Vec<(Role, &Tree)> = parts.iter().copied().filter(|(_, folder)| has_classes(folder)).collect();
        if usable.is_empty() || parts.iter().any(|(part, folder)| *part == Role::Train && !has_classes(folder)) {
            return Err(without_classes(root, &parts));
        }
        let [train, own] = chosen(&usable);
        let mut used: Vec<&Tree> = train.into_iter().chain(own).collect();
        let unused: Vec<&Tree> =
            top.filled().filter(|folder| !used.iter().any(|used| used.path == folder.path)).collect();
        let mut choice = None;
        if !unused.is_empty() {
            let are = if unused.len() == 1 { "is" } else { "are" };
            let unused = format!("{} {are} left out", listed(&unused));
            match own {
                Some(own) => {
                    let used = format!("validating on {}; {unused}", shown_path(&own.path));
                    choice = Some(Choice { used, unused });
                }
                None => notices.push(unused),
            }
        }
        let [train, own] = [train, own].map(|part| part.map(|part| unwrapped(part, &mut notices)));
        notices.extend(doubts(&train.map(Class::all).unwrap_or_default()));
        used.extend(train.into_iter().chain(own));
        used.push(top);
        used.sort_by(|a, b| a.path.cmp(&b.path));
        used.dedup_by(|a, b| a.path == b.path);
        let (train, own) = (train.map(Class::all).unwrap_or_default(), own.map(Class::all));
        Ok(Self { train, own, beside: used, notices, choice })
    }

    /// Where each class is a folder with parts in it, the other way round; `None` where one holds anything else.
    fn parts_in_classes(top: &'a Tree, notices: &mut Vec<String>) -> Option<Self> {
        let (mut train, mut own, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        for class in top.filled() {
            let part = |folder: &'a Tree| Some((Role::named(&folder.name())?, folder));
            let parts: Vec<(Role, &Tree)> = class.filled().map(part).collect::<Option<_>>()?;
            let [to_train_on, apart] = chosen(&parts);
            if !class.pictures.is_empty() {
                return None;
            }
            train.push(Class { named: class, pictures: to_train_on? });
            own.extend(apart.map(|apart| Class { named: class, pictures: apart }));
            let used = |folder: &Tree| [to_train_on, apart].iter().flatten().any(|used| used.path == folder.path);
            unused.extend(class.filled().filter(|folder| !used(folder)));
        }
        if train.len() < 2 || own.is_empty() {
            return None;
        }
        let (to_train_on, apart) = (train[0].pictures.name(), own[0].pictures.name());
        let parts = format!("each class has parts of its own: training on {to_train_on}");
        let choice = Choice { used: format!("{parts} and validating on {apart}"), unused: parts };
        if !unused.is_empty() {
            let are = if unused.len() == 1 { "is" } else { "are" };
            notices.push(format!("{} {are} left out", listed(&unused)));
        }
        Some(Self { train, own: Some(own), beside: vec![top], notices: std::mem::take(notices), choice: Some(choice) })
    }
}

/// Folders that are called by parts, and the others.
fn parts_of(top: &Tree) -> (Vec<(Role, &Tree)>, Vec<&Tree>) {
    let filled: Vec<&Tree> = top.filled().collect();
    let names: Vec<String> = filled.iter().map(|folder| folder.name()).collect();
    let alike = Role::of_siblings(names.iter().map(String::as_str));
    let part = |(index, name): (usize, &String)| match &alike {
        Some(parts) => parts.get(index).copied(),
        None => Role::named(name),
    };
    let parts: Vec<Option<Role>> = names.iter().enumerate().map(part).collect();
    let with = filled.iter().zip(&parts).filter_map(|(folder, part)| part.map(|part| (part, *folder))).collect();
    let without = filled.iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(folder, _)| *folder).collect();
    (with, without)
}

/// Of these parts the one to train on and the one to validate on, those with plain names before others.
fn chosen<'a>(parts: &[(Role, &'a Tree)]) -> [Option<&'a Tree>; 2] {
    let choose = |part: Role| {
        let all = || parts.iter().filter(|(of, _)| *of == part).map(|(_, folder)| *folder);
        all().find(|folder| Role::is_plain(&folder.name())).or_else(|| all().next())
    };
    [choose(Role::Train), choose(Role::Validation).or_else(|| choose(Role::Test))]
}

/// Whether folders with the names of parts are such, and not classes. "Train" is the name of a vehicle, too.
fn are_parts(parts: &[(Role, &Tree)], others: &[&Tree]) -> bool {
    let kinds = parts.iter().map(|(part, _)| *part);
    let several = kinds.clone().min() != kinds.max();
    match parts.first() {
        None => false,
        Some(_) if several => true,
        Some((_, folder)) => others.is_empty() || (others.len() == 1 && has_classes(folder)),
    }
}

fn without_classes(root: &Tree, parts: &[(Role, &Tree)]) -> DataError {
    let names: Vec<String> = parts.iter().filter(|(_, folder)| !has_classes(folder)).map(|(_, it)| it.name()).collect();
    let (names, itself) = (names.join(" and "), if names.len() == 1 { "itself" } else { "themselves" });
    let problem = format!("pictures lie in {names} {itself}");
    DataError::unusable(&root.path, problem, "give each class a folder there, and put its pictures into it")
}
