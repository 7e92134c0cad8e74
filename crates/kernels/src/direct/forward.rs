//! Forward: a band of output rows from the padded copy of the input rows below it.

use super::padded::{ImageSize, Padded, SCRATCH_BUDGET, padded_input, padded_outputs};
use super::weights::Packing;
use super::{pointwise, small};
use crate::block::{Block, blocks, each_block, split};
use crate::filters::Filters;
use crate::map::{Finish, Source};
use crate::matmul::{SLIM, TALL, panel_width, tile};
use crate::scratch;
use crate::shape::ConvShape;
use crate::simd::{Simd, Work, prefetch, store_up_to};

/// Convolves `source` with `weights` `[out][in][k][k]` into `out`. `finish` makes what finishes the values of a
/// block, given its number; what it holds at the end comes back in the order of the blocks.
pub(crate) fn forward<F: Finish + Send>(
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let (height, row_len) = (shape.out_height(), shape.out_width() * shape.out_channels);
    if out.is_empty() {
        return Vec::new();
    }
    if pointwise::pays(shape) {
        return pointwise::forward(shape, source, weights, out, finish);
    }
    if small::pays(shape) {
        return small::forward(shape, source, weights, out, finish);
    }
    let per_row = shape.stride * (shape.width + 2 * shape.padding) * shape.in_channels + row_len;
    let target = (SCRATCH_BUDGET / per_row).clamp(1, (512 / shape.out_width()).max(1));
    let blocks = blocks(shape.batch, height, target);
    let parts = split(out, blocks.iter().map(|block| block.range(height, row_len, 1)));
    Packing::new(shape, weights).all(|packed| {
        each_block(&blocks, parts, finish, |block, out, finish| {
            let padded = padded_input(shape, block.groups.len());
            let base = block.range(height, row_len, 1).start;
            scratch::with(padded.len(), |scratch| {
                source.dispatch(BlockForward { shape, block, source, packed, padded, out, base, finish, scratch });
            });
        })
    })
}

struct BlockForward<'a, A, F> {
    shape: &'a ConvShape,
    block: &'a Block,
    source: &'a A,
    packed: &'a [f32],
    padded: Padded,
    out: &'a mut [f32],
    base: usize,
    finish: &'a mut F,
    scratch: &'a mut [f32],
}

impl<A: Source, F: Finish> Work for BlockForward<'_, A, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let shape = self.shape;
        let top = (self.block.groups.start * shape.stride).cast_signed() - shape.padding.cast_signed();
        let size = ImageSize::inputs(shape);
        let pixels = self.block.groups.len() * shape.out_width();
        for (index, image) in self.block.images.clone().enumerate() {
            // SAFETY: the scratch was made for the padded copy; tiles stay inside the band and the copy.
            unsafe {
                self.padded.fill::<S>(self.source, image, top, size, self.scratch);
                let mut column = 0;
                while column < padded_outputs(shape) {
                    let width = panel_width(S::LANES, column, padded_outputs(shape));
                    if width == S::LANES {
                        self.panel::<S, SLIM, 1>(index * pixels, pixels, column);
                    } else {
                        self.panel::<S, TALL, 2>(index * pixels, pixels, column);
                    }
                    column += width;
                }
            }
        }
    }
}

impl<A: Source, F: Finish> BlockForward<'_, A, F> {
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const N: usize>(&mut self, first: usize, pixels: usize, column: usize) {
        let columns = self.shape.out_width();
        let (step, row_step) = (self.shape.stride * self.padded.channels, self.shape.stride * self.padded.row_len());
        let (mut x, mut offset, mut row_offset) = (0, 0, 0);
        let mut pixel = 0;
        while pixel < pixels {
            // At the end the last pixel fills the tile up; its copies are not stored.
            let used = R.min(pixels - pixel);
            let mut rows = [offset; R];
            for row in rows.iter_mut().take(used) {
                *row = offset;
                x += 1;
                offset += step;
                if x == columns {
                    x = 0;
                    row_offset += row_step;
                    offset = row_offset;
                }
            }
            // SAFETY: all offsets are those of pixels of the band, whose taps lie inside the copy.
            unsafe { self.tile::<S, R, N>(first + pixel, used, &rows, column) };
            pixel += used;
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const N: usize>(
        &mut self,
        pixel: usize,
        used: usize,
        rows: &[usize; R],
        column: usize,
    ) {
        let (k, channels) = (self.shape.kernel, self.shape.in_channels);
        let width = N * S::LANES;
        let place = self.out.as_ptr().wrapping_add(pixel * self.shape.out_channels + column);
        (0..used).for_each(|r| prefetch(place.wrapping_add(r * self.shape.out_channels)));
        // SAFETY: see `panel`; the packed weights have `k` rows of `k · channels` taps in every panel.
        unsafe {
            let mut sums = [[S::splat(0.0); N]; R];
            let mut right = self.packed.as_ptr().add(column * k * k * channels);
            let mut left = self.scratch.as_ptr();
            for _ in 0..k {
                tile::<S, R, N>(&mut sums, left, rows, 1, right, width, k * channels);
                left = left.wrapping_add(self.padded.row_len());
                right = right.wrapping_add(k * channels * width);
            }
            let outputs = self.shape.out_channels;
            for n in 0..N {
                let channel = column + n * S::LANES;
                if channel < outputs {
                    let count = outputs - channel;
                    let mut held = self.finish.begin::<S>(channel, count);
                    for (r, sums) in sums.iter().enumerate().take(used) {
                        let index = (pixel + r) * outputs + channel;
                        let value = self.finish.finish::<S>(&mut held, sums[n], self.base + index, count);
                        debug_assert!(index + count.min(S::LANES) <= self.out.len());
                        store_up_to::<S>(self.out.as_mut_ptr().add(index), value, count);
                    }
                    self.finish.end::<S>(held, channel);
                }
            }
        }
    }
}
