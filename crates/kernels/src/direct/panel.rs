//! A panel of a product on its way into a map. Knows nothing of how the product was made.

use super::cut::Target;
use crate::map::Finish;
use crate::simd::{Simd, store_up_to};

/// Sums for some neighbouring channels of many pixels.
pub(super) struct Panel<'a> {
    /// Row by row.
    pub sums: &'a [f32],
    pub width: usize,
    /// The first of the channels.
    pub column: usize,
    /// Channels of the map.
    pub columns: usize,
}

impl Panel<'_> {
    /// Finishes the sums and stores them; `starts` tells where in `out` each row's pixel begins.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched, and the pixels must lie inside `out`.
    #[inline(always)]
    pub unsafe fn finish<S: Simd>(&self, starts: &[usize], out: Target, finish: &mut impl Finish) {
        // SAFETY: passed on to the caller.
        unsafe {
            if self.width > S::LANES && self.columns > self.column + S::LANES {
                self.lanes::<S, 2>(starts, out, finish);
            } else if self.columns > self.column {
                self.lanes::<S, 1>(starts, out, finish);
            }
        }
    }

    /// Does so for the first `N` vectors of every row, all of them at once: rows may lie so far apart in `out` that a
    /// cache line would be gone when its other half comes.
    #[inline(always)]
    unsafe fn lanes<S: Simd, const N: usize>(&self, starts: &[usize], out: Target, finish: &mut impl Finish) {
        let count = |n: usize| self.columns - self.column - n * S::LANES;
        // SAFETY: channels and pixels are those of the maps.
        unsafe {
            let mut held = [finish.begin::<S>(self.column, count(0)); N];
            for n in 1..N {
                held[n] = finish.begin::<S>(self.column + n * S::LANES, count(n));
            }
            for (start, sums) in starts.iter().zip(self.sums.chunks_exact(self.width)) {
                let first = start + self.column;
                for n in 0..N {
                    let index = first + n * S::LANES;
                    let value = S::load(sums.as_ptr().add(n * S::LANES));
                    let value = finish.finish::<S>(&mut held[n], value, index, count(n));
                    debug_assert!(index + count(n).min(S::LANES) <= out.len);
                    store_up_to::<S>(out.start.add(index), value, count(n));
                }
            }
            for (n, held) in held.into_iter().enumerate() {
                finish.end::<S>(held, self.column + n * S::LANES);
            }
        }
    }
}
