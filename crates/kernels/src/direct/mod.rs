//! Convolutions of any kernel, stride and padding as sums over their taps: no map is unrolled. Rows of the input
//! are copied once into a padded scratch, from where the register tile reads pixels at any offset; the taps of
//! one kernel row are one contiguous run there.

mod backward;
mod forward;
mod small;
mod weights;

use crate::map::Source;
use crate::scratch::round_up;
use crate::shape::ConvShape;
use crate::simd::{Simd, lanes, store_up_to};

pub use backward::backward;
pub use forward::forward;

/// Floats that a block's padded maps may take: a good part of a second-level cache of half a megabyte.
const SCRATCH_BUDGET: usize = 64 * 1024;

/// A padded copy of some rows of one image, `[rows][columns][channels]`.
#[derive(Clone, Copy, Debug)]
struct Padded {
    rows: usize,
    columns: usize,
    channels: usize,
    /// Rows of zeros (or of the map, where the copy starts inside it) above and columns left of the map.
    left: usize,
}

impl Padded {
    fn row_len(&self) -> usize {
        self.columns * self.channels
    }

    fn len(&self) -> usize {
        self.rows * self.row_len()
    }

    /// Copies rows `top .. top + rows` of `image` from a map `[n][height][width][from_channels]`; what lies
    /// outside the map, and channels beyond it, become zero.
    #[inline(always)]
    unsafe fn fill<S: Simd>(
        &self,
        source: &impl Source,
        image: usize,
        top: isize,
        (height, width, from_channels): (usize, usize, usize),
        out: &mut [f32],
    ) {
        debug_assert_eq!(out.len(), self.len());
        for (row, out) in out.chunks_exact_mut(self.row_len()).enumerate() {
            let y = top.wrapping_add_unsigned(row);
            if y < 0 || y >= height.cast_signed() {
                out.fill(0.0);
                continue;
            }
            let used = width.min(self.columns.saturating_sub(self.left));
            let (before, rest) = out.split_at_mut(self.left * self.channels);
            let (inside, after) = rest.split_at_mut(used * self.channels);
            before.fill(0.0);
            after.fill(0.0);
            let start = (image * height + y.unsigned_abs()) * width * from_channels;
            for channel in (0..from_channels).step_by(S::LANES) {
                let count = from_channels - channel;
                // SAFETY: the source is read inside its pixels, the scratch written inside their copies.
                unsafe {
                    let held = source.begin::<S>(channel, count);
                    let mut index = start + channel;
                    for pixel in inside.chunks_exact_mut(self.channels) {
                        let value = source.load::<S>(&held, index, count);
                        store_up_to::<S>(pixel.as_mut_ptr().add(channel), value, count);
                        index += from_channels;
                    }
                }
            }
            if from_channels < self.channels {
                inside.chunks_exact_mut(self.channels).for_each(|pixel| pixel[from_channels..].fill(0.0));
            }
        }
    }
}

/// The copy of the input that `rows` rows of outputs read.
fn padded_input(shape: &ConvShape, rows: usize) -> Padded {
    Padded {
        rows: (rows - 1) * shape.stride + shape.kernel,
        columns: shape.width + 2 * shape.padding,
        channels: shape.in_channels,
        left: shape.padding,
    }
}

/// Output channels, padded to whole vectors.
fn padded_outputs(shape: &ConvShape) -> usize {
    round_up(shape.out_channels, lanes())
}
