//! Arms as they can be drawn, and in what two arms differ.

use lab_core::blueprint::outline::Outline;
use lab_core::experiment::{Arm, MAX_ARMS, Network, field_in_words, value_in_words};
use lab_core::protocol::Prepared;
use std::rc::Rc;

/// An arm of the form, as far as it can be drawn.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// What it is called.
    pub name: String,
    /// Its colour's place in the palette.
    pub color: u8,
    /// Its network on the data set's images, or why it cannot be laid out.
    pub outline: Result<Rc<Outline>, String>,
    /// Its place among the arms of the experiment under way, if that trains this very network.
    pub live: Option<usize>,
    /// Whether the experiment under way trains another network by this name.
    pub changed: bool,
}

/// What was laid out last, so that nothing is laid out twice.
#[derive(Default)]
pub struct Outlines {
    entries: Vec<LaidOut>,
}

/// A network that was laid out on images of this kind.
struct LaidOut {
    network: Network,
    images: ImageSet,
    outline: Result<Rc<Outline>, String>,
}

/// What a network needs to know of images to be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// [channels, height, width] of each.
    pub shape: [usize; 3],
    /// How many classes they have.
    pub classes: usize,
}

impl Outlines {
    /// The outline of a network that has no errors.
    pub(crate) fn of(&mut self, arm: &Arm, images: ImageSet) -> Result<Rc<Outline>, String> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.images == images && entry.network == arm.network) {
            return entry.outline.clone();
        }
        let outline = Outline::new(arm, images.shape, images.classes).map(Rc::new);
        if self.entries.len() > 4 * MAX_ARMS {
            self.entries.clear();
        }
        self.entries.push(LaidOut { network: arm.network.clone(), images, outline: outline.clone() });
        outline
    }

    /// The networks of weights that were opened, where the form has none of their names.
    pub(crate) fn opened(&mut self, form: &[Arm], prepared: &Prepared) -> Vec<Sketch> {
        let arms = &prepared.experiment.arms;
        if prepared.total_steps > 0 || arms.iter().any(|arm| form.iter().any(|known| known.name == arm.name)) {
            return Vec::new();
        }
        let images = ImageSet { shape: prepared.dataset.shape, classes: prepared.dataset.classes.len() };
        let sketch = |(index, arm): (usize, &Arm)| Sketch {
            name: format!("{}, as opened", arm.name),
            color: arm.color(index),
            outline: self.of(arm, images),
            live: Some(index),
            changed: false,
        };
        arms.iter().enumerate().map(sketch).collect()
    }
}

/// A field in which two arms differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field's path below the arm: `network.shortcut`.
    pub path: String,
    /// The field and both values: `shortcut: none → zero-padded (A)`.
    pub text: String,
}

/// The fields in which an arm differs from another.
#[must_use]
pub fn differences(from: &Arm, to: &Arm) -> Vec<Difference> {
    let mut found = Vec::new();
    let tree = |arm: &Arm| {
        let mut tree = toml::Value::try_from(arm).ok()?;
        for label in ["name", "color"] {
            tree.as_table_mut()?.remove(label);
        }
        Some(tree)
    };
    compare("", tree(from).as_ref(), tree(to).as_ref(), &mut found);
    found
}

fn compare(path: &str, from: Option<&toml::Value>, to: Option<&toml::Value>, found: &mut Vec<Difference>) {
    if let (Some(toml::Value::Table(from)), Some(toml::Value::Table(to))) = (from, to) {
        let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            compare(&path, from.get(key), to.get(key), found);
        }
    } else if from != to {
        let short = |value: Option<&toml::Value>| match value {
            None => "as the recipe".into(),
            Some(toml::Value::String(text)) => in_words(path, text),
            Some(toml::Value::Table(_) | toml::Value::Array(_)) => "its own".into(),
            Some(value) => value_in_words(path, value),
        };
        let name = field_in_words(path);
        found.push(Difference { path: path.to_owned(), text: format!("{name}: {} → {}", short(from), short(to)) });
    }
}

/// A named value; a shortcut's letter alone says too little.
fn in_words(path: &str, value: &str) -> String {
    match (path, value) {
        ("network.shortcut", "a") => "zero-padded (A)".into(),
        ("network.shortcut", "b") => "projected (B)".into(),
        ("network.shortcut", "c") => "all projected (C)".into(),
        ("network.shortcut", "d") => "pooled, projected (D)".into(),
        _ => value.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::PRESETS;

    #[test]
    fn the_default_arms_differ_in_their_shortcut_only() {
        let plan = PRESETS[0].plan();
        let found = differences(&plan.arms[0], &plan.arms[1]);
        let expected =
            Difference { path: "network.shortcut".into(), text: "shortcut: none → zero-padded (A)".into() };
        assert_eq!(found, [expected]);
    }
}
