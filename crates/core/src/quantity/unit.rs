//! The units in which a run measures, and how values in them are written. Must not know what is measured.

use crate::number::{self, percent, short};

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    One,
    /// Of cross-entropy.
    Nats,
    /// A share, written in percent.
    Share,
    /// How fast training is.
    ImagesPerSecond,
}

impl Unit {
    /// How it is written; empty for plain numbers.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::One => "",
            Self::Nats => "nats",
            Self::Share => "%",
            Self::ImagesPerSecond => "images/s",
        }
    }

    /// A value in words, with its unit where it would not be understood without.
    #[must_use]
    pub fn in_words(self, value: f64) -> String {
        match self {
            Self::Share => percent(value),
            Self::ImagesPerSecond => format!("{} images/s", short(value)),
            Self::One | Self::Nats => short(value),
        }
    }

    /// A value in a table's cell below a title that names the unit.
    #[must_use]
    pub fn in_cell(self, value: f64) -> String {
        if self == Self::Share { percent(value) } else { short(value) }
    }

    /// A value beside an axis.
    #[must_use]
    pub fn tick(self, value: f64) -> String {
        if self == Self::Share { format!("{} %", number::tick(value * 100.0)) } else { number::tick(value) }
    }
}
