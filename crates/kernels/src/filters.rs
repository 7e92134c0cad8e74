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
    /// Where their packed forms are kept; nowhere while they are trained.
    pub packed: Option<&'a Packed>,
}

/// A way to compute a convolution that reads packed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Taps,
    /// By tiles of four by four.
    Tiles,
}

/// Weights as each [`Way`] reads them, once it has asked.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    taps: OnceLock<Lines>,
    tiles: OnceLock<Lines>,
}

impl Filters<'_> {
    /// Works with `len` packed floats, which `pack` makes of the values unless they are kept from a call before.
    pub fn packed<R>(
        &self,
        way: Way,
        len: usize,
        pack: impl FnOnce(&[f32], &mut [f32]),
        work: impl FnOnce(&[f32]) -> R,
    ) -> R {
        let Some(kept) = self.packed.filter(|_| len <= MOST_KEPT) else {
            return scratch::with(len, |packed| {
                pack(self.values, packed);
                work(packed)
            });
        };
        let form = match way {
            Way::Taps => &kept.taps,
            Way::Tiles => &kept.tiles,
        };
        let lines = form.get_or_init(|| {
            let mut lines = Lines::new(len);
            pack(self.values, lines.floats_mut());
            lines
        });
        work(lines.floats())
    }
}
