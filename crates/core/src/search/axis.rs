//! The line on which a range of numbers is spread: as it is, or logarithmic; for whole numbers with half a step more at
//! both ends, so that every value has a cell of its own.

/// How a range is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally far apart.
    #[default]
    Linear,
    /// Equal ratios are equally far apart.
    Log,
}

impl Scale {
    /// Where a value lies on the axis.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.ln(),
        }
    }

    /// Which value lies at this place of the axis.
    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => place.exp(),
        }
    }
}

/// An axis from `low` to `high`, in places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    scale: Scale,
    /// Half of what lies between two values; 0 where values are continuous.
    half: f64,
}

impl Axis {
    /// The axis of the values from `low` to `high` that are `step` apart, or of all between them where it is 0.
    pub fn new(low: f64, high: f64, step: f64, scale: Scale) -> Self {
        let half = step / 2.0;
        Self { low: scale.place(low - half), high: scale.place(high + half), scale, half }
    }

    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Where a value lies.
    pub fn place(&self, value: f64) -> f64 {
        self.scale.place(value)
    }

    /// Which value lies there; between two steps for those that have steps.
    pub fn value(&self, place: f64) -> f64 {
        self.scale.value(place)
    }

    /// From where to where a value's cell reaches; `None` where values are continuous.
    pub fn cell(&self, value: f64) -> Option<(f64, f64)> {
        (self.half > 0.0).then(|| (self.scale.place(value - self.half), self.scale.place(value + self.half)))
    }
}
