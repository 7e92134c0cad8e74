//! The weights of a convolution, and the orders in which the ways to compute it read them: made anew for each call,
//! or kept where many calls meet the same weights. Knows no way itself.

use std::sync::OnceLock;

use crate::scratch::{self, Lines};

/// Floats of one packed form up to which it is kept; a larger one is not worth its memory.
const MOST_KEPT: usize = 2 << 20;

/// Weights `[out][in][k][k]`.
#[derive(Clone, Copy)]
pub(crate) struct Filters<'a> {
    pub values: &'a [f32],
    /// Where their packed forms are kept; in no place while they are trained.
    pub packed: Option<&'a Packed>,
}

/// What computes a convolution from packed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Taps,
    /// By tiles of four by four.
    Tiles,
}

/// Weights as each [`Algorithm`] reads them, once it has asked.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    taps: OnceLock<Lines>,
    tiles: OnceLock<Lines>,
    /// What the sums of each output channel are multiplied by, where it cannot be in the weights.
    pub scale: Option<Vec<f32>>,
}

impl Packed {
    /// With a scale behind the sums.
    pub fn scaled(scale: Vec<f32>) -> Self {
        Self { scale: Some(scale), ..Self::default() }
    }

    /// Whether [`Algorithm::Taps`] finds its form here.
    pub fn has_taps(&self) -> bool {
        self.taps.get().is_some()
    }
}

impl Filters<'_> {
    /// Whether a packed form of `len` floats is kept.
    pub fn keeps(&self, len: usize) -> bool {
        self.packed.is_some() && len <= MOST_KEPT
    }

    /// Works with `len` packed floats, which `pack` makes of the values unless they are kept from a call before.
    pub fn packed<R>(
        &self,
        way: Algorithm,
        len: usize,
        pack: impl FnOnce(&[f32], &mut [f32]),
        work: impl FnOnce(&[f32]) -> R,
    ) -> R {
        let Some(kept) = self.packed.filter(|_| self.keeps(len)) else {
            return scratch::with(len, |packed| {
                pack(self.values, packed);
                work(packed)
            });
        };
        let form = match way {
            Algorithm::Taps => &kept.taps,
            Algorithm::Tiles => &kept.tiles,
        };
        let lines = form.get_or_init(|| {
            let mut lines = Lines::new(len);
            pack(self.values, lines.floats_mut());
            lines
        });
        work(lines.floats())
    }
}
