//! Where a number is in a record: how it is read and how it is put back. Must not know the records.

/// A number of a record.
pub(super) struct Field<T> {
    /// `None` where the record does not have it.
    pub get: fn(&T) -> Option<f64>,
    pub set: fn(&mut T, Option<f64>),
}

/// A field that every record has; what was not recorded is put back as not a number.
macro_rules! field {
    ($($path:ident).+) => {
        crate::quantity::field::Field {
            get: |record| Some(record.$($path).+),
            set: |record, value| record.$($path).+ = value.unwrap_or(f64::NAN),
        }
    };
}

pub(super) use field;
