//! What the factors of the tiles' products are, and the points that suit them.

use crate::simd::{Pairs, Work, dispatch};

/// What is multiplied at the points.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Factors {
    /// Transformed values in single precision.
    Single,
    /// Transformed values that are rounded to bfloat16.
    Rounded,
    /// The same, two in one lane.
    Paired(Pairs),
}

impl Factors {
    /// Those of convolutions in bfloat16 on this processor.
    pub fn rounded() -> Self {
        Pairs::here().map_or(Self::Rounded, Self::Paired)
    }

    /// Who picks [`Points`] by this asks first whether vectors hold pairs, for which no code with [`Whole`] need be compiled.
    pub(super) fn are_rounded(self) -> bool {
        !matches!(self, Self::Single)
    }

    /// How many lanes hold `count` values that are summed over.
    pub(super) fn lanes(self, count: usize) -> usize {
        if matches!(self, Self::Paired(_)) { count.div_ceil(2) } else { count }
    }

    /// Runs `work` with the vectors that multiply them.
    pub(super) fn dispatch<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Single | Self::Rounded => dispatch(work),
            Self::Paired(pairs) => pairs.dispatch(work),
        }
    }
}

/// The points 0, `±A`, `±B` and infinity, at which the polynomials of maps and weights are multiplied (Toom and Cook).
pub(super) trait Points {
    const A: f32;
    const B: f32;
    /// Whether transformed values are rounded to bfloat16.
    const ROUNDED: bool;

    const A2: f32 = Self::A * Self::A;
    const B2: f32 = Self::B * Self::B;
    /// What weights are multiplied by at 0, at `±A` and at `±B`.
    const AT_0: f32 = 1.0 / (Self::A2 * Self::B2);
    const AT_A: f32 = 1.0 / (2.0 * Self::A2 * (Self::A2 - Self::B2));
    const AT_B: f32 = 1.0 / (2.0 * Self::B2 * (Self::B2 - Self::A2));
}

/// Small whole numbers: the fewest operations.
pub(super) struct Whole;

impl Points for Whole {
    const A: f32 = 1.0;
    const B: f32 = 2.0;
    const ROUNDED: bool = false;
}

/// Where rounding does least harm. With `(|row of Bᵀ| · |row of G| · |column of A|)²` summed over the points, an error of the
/// factors comes out √(57.4 / 12) times as large in each dimension; of all points the best ones, 0.651 and 1.535, have 56.9, and
/// [`Whole`] has 129.
pub(super) struct Even;

impl Points for Even {
    const A: f32 = 0.625;
    const B: f32 = 1.5;
    const ROUNDED: bool = true;
}
