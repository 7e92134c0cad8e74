//! What a row of the form is about: a field, under its own name or another one. Must not know how a row is drawn.

use lab_core::experiment::field::Field;
use std::borrow::Cow;

/// Fields of the form that no experiment has.
pub static PRESET: Field = Field {
    label: "Preset",
    paths: &["preset"],
    what: "An experiment with known-good settings. Choosing one replaces every field; fields changed since then carry a dot.",
    good: "plain-vs-residual needs no files and shows its point within minutes.",
};
/// See [`PRESET`].
pub static IMMEDIATE: Field = Field {
    label: "Immediate",
    paths: &["immediate"],
    what: "For playing: every change of the form starts training anew at once and keeps no run. So that this is quick, it takes 40 steps of small batches on a few images, with the learning rate scaled to them, which the bar shows; the log says how many.",
    good: "Off for real runs.",
};
/// See [`PRESET`].
pub static DEVICE: Field = Field {
    label: "Device",
    paths: &["device"],
    what: "Where the networks train. Auto takes a real GPU if there is one, else the CPU with the fused kernels. NdArray is slow and there to check the others against.",
    good: "Auto.",
};

/// A field, what it is called here, and where it is below what the row stands in.
pub struct FormRow<'a> {
    pub field: &'static Field,
    pub label: Cow<'a, str>,
    at: Option<&'a str>,
}

impl From<&'static Field> for FormRow<'static> {
    fn from(field: &'static Field) -> Self {
        FormRow::called(field, field.label)
    }
}

impl<'a> FormRow<'a> {
    /// A row under a name of its own.
    pub fn called(field: &'static Field, label: impl Into<Cow<'a, str>>) -> Self {
        Self { field, label: label.into(), at: None }
    }

    /// The row of what is here below, where the field alone does not say so.
    #[must_use]
    pub fn at(self, below: &'a str) -> Self {
        Self { at: Some(below), ..self }
    }

    /// The path of what the row shows, below this one.
    #[must_use]
    pub fn path(&self, parent: &str) -> String {
        let below = self.at.or_else(|| self.field.below(parent)).unwrap_or(self.field.label);
        if parent.is_empty() { below.to_owned() } else { format!("{parent}.{below}") }
    }
}
