//! A panel of a product on its way into a map. Knows nothing of how the product was made.

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
    /// Index of the first value of `out` in the whole map.
    pub base: usize,
}

impl Panel<'_> {
    /// Finishes the sums and stores them; `place` tells where in `out` each row's pixel begins.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched, and the pixels must lie inside `out`.
    #[inline(always)]
    pub unsafe fn finish<S: Simd>(&self, place: &impl Fn(usize) -> usize, out: &mut [f32], finish: &mut impl Finish) {
        for lane in (0..self.width).step_by(S::LANES) {
            let channel = self.column + lane;
            let count = self.columns.saturating_sub(channel);
            if count == 0 {
                break;
            }
            // SAFETY: channels and pixels are those of the maps.
            unsafe {
                let mut held = finish.begin::<S>(channel, count);
                for (row, sums) in self.sums.chunks_exact(self.width).enumerate() {
                    let index = place(row) + channel;
                    let value = S::load(sums.as_ptr().add(lane));
                    let value = finish.finish::<S>(&mut held, value, self.base + index, count);
                    debug_assert!(index + count.min(S::LANES) <= out.len());
                    store_up_to::<S>(out.as_mut_ptr().add(index), value, count);
                }
                finish.end::<S>(held, channel);
            }
        }
    }
}
