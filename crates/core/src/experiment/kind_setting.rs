//! What can be set of a kind of optimiser or schedule, from which rules and rows of a form are made. Must not know the kinds.

/// Something that can be set of a kind.
#[derive(Debug)]
pub struct KindSetting<'a> {
    /// Its name in a file.
    pub id: &'static str,
    pub value: Set<'a>,
}

/// The value of a [`KindSetting`].
#[derive(Debug)]
pub enum Set<'a> {
    /// A number within bounds.
    Number(&'a mut f64, Bound),
    Count(&'a mut u32),
    /// Ascending times above 0.
    Times(&'a mut Vec<f64>),
    Switch(&'a mut bool),
}

/// Which numbers a setting can have.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// At least 0 and below 1.
    Share,
    /// Above 0 and below 1.
    Part,
    /// From the one to the other.
    Between(f64, f64),
    /// Above 0 and at most this.
    Positive(f64),
}

impl<'a> KindSetting<'a> {
    pub(super) fn number(id: &'static str, bound: Bound, value: &'a mut f64) -> Self {
        Self { id, value: Set::Number(value, bound) }
    }

    pub(super) fn switch(id: &'static str, value: &'a mut bool) -> Self {
        Self { id, value: Set::Switch(value) }
    }
}
