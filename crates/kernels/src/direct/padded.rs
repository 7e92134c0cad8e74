//! Padded copies of images, from where every tap of a convolution can be read without a test for the edge.

use crate::map::{LINE, Source, pixels_together};
use crate::scratch::{plane_len, round_up};
use crate::shape::ConvShape;
use crate::simd::{Simd, lanes, store_up_to};

/// Floats that a block's padded maps may take: a good part of a second-level cache of half a megabyte.
pub(super) const SCRATCH_BUDGET: usize = 64 * 1024;

/// The size of the images `[height][width][channels]` of a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImageSize {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl ImageSize {
    pub fn inputs(shape: &ConvShape) -> Self {
        Self { height: shape.height, width: shape.width, channels: shape.in_channels }
    }

    pub fn outputs(shape: &ConvShape) -> Self {
        Self { height: shape.out_height(), width: shape.out_width(), channels: shape.out_channels }
    }
}

/// A padded copy of some rows of one image, `[rows][columns][channels]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Padded {
    pub rows: usize,
    pub columns: usize,
    pub channels: usize,
    /// Rows of zeros (or of the map, where the copy starts inside it) above and columns left of the map.
    pub left: usize,
}

impl Padded {
    pub fn row_len(&self) -> usize {
        self.columns * self.channels
    }

    pub fn len(&self) -> usize {
        self.rows * self.row_len()
    }

    /// Copies rows `top .. top + rows` of `image` from a map of images of the given size; what lies outside the
    /// map, and channels beyond it, become zero.
    #[inline(always)]
    pub unsafe fn fill<S: Simd>(
        &self,
        source: &impl Source,
        image: usize,
        top: isize,
        from: ImageSize,
        out: &mut [f32],
    ) {
        debug_assert_eq!(out.len(), self.len());
        for (row, out) in out.chunks_exact_mut(self.row_len()).enumerate() {
            let y = top.wrapping_add_unsigned(row);
            if y < 0 || y >= from.height.cast_signed() {
                out.fill(0.0);
                continue;
            }
            let used = from.width.min(self.columns.saturating_sub(self.left));
            let (before, rest) = out.split_at_mut(self.left * self.channels);
            let (inside, after) = rest.split_at_mut(used * self.channels);
            before.fill(0.0);
            after.fill(0.0);
            let start = (image * from.height + y.unsigned_abs()) * from.width * from.channels;
            let together = pixels_together(from.channels);
            for (group, inside) in inside.chunks_mut(together * self.channels).enumerate() {
                let start = start + group * together * from.channels;
                for channel in (0..from.channels).step_by(S::LANES) {
                    let count = from.channels - channel;
                    // SAFETY: the source is read inside its pixels, the scratch written inside their copies.
                    unsafe {
                        let held = source.begin::<S>(channel, count);
                        let mut index = start + channel;
                        // The lines of the pixels behind these are asked for once each.
                        let next = if channel.is_multiple_of(LINE) { together * from.channels } else { 0 };
                        for pixel in inside.chunks_exact_mut(self.channels) {
                            if next > 0 {
                                source.prefetch(index + next);
                            }
                            let value = source.load::<S>(&held, index, count);
                            store_up_to::<S>(pixel.as_mut_ptr().add(channel), value, count);
                            index += from.channels;
                        }
                    }
                }
            }
            if from.channels < self.channels {
                inside.chunks_exact_mut(self.channels).for_each(|pixel| pixel[from.channels..].fill(0.0));
            }
        }
    }
}

/// Channels from which on single pixels lie an odd number of cache lines apart: a power of two apart they push each other
/// out of the cache. Larger kernels read neighbours in one go, so theirs have to touch.
const MANY: usize = 128;

/// The copy of the input that `rows` rows of outputs read.
pub(super) fn padded_input(shape: &ConvShape, rows: usize) -> Padded {
    let channels = shape.in_channels;
    Padded {
        rows: (rows - 1) * shape.stride + shape.kernel,
        columns: shape.width + 2 * shape.padding,
        channels: if shape.kernel == 1 && channels >= MANY { plane_len(channels) } else { channels },
        left: shape.padding,
    }
}

/// Output channels, padded to whole vectors.
pub(super) fn padded_outputs(shape: &ConvShape) -> usize {
    round_up(shape.out_channels, lanes())
}
