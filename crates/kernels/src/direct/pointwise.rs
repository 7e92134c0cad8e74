//! Convolutions of single pixels: 1×1 without padding. All pixels of many images are the rows of one product, so weights
//! that outweigh the maps are read once for many of them.

use rayon::prelude::*;

use super::padded::{SCRATCH_BUDGET, padded_outputs};
use super::panel::Panel;
use super::weights;
use crate::block::{Block, blocks, each_block, split};
use crate::filters::{Filters, Way};
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::matmul::{Matmul, panel_width};
use crate::scratch::{self, plane_len};
use crate::shape::{Backward, ConvShape};
use crate::simd::{Simd, Work, dispatch, lanes, store_up_to};

/// Products of channels from which on the weights outweigh a few pixels.
const MANY: usize = 128 * 128;
/// Output pixels of an image up to which they do.
const FEW: usize = 64;
/// Floats that the copies of both maps may take.
const MOST: usize = 16 << 20;
/// Channels that are summed over in one go: a panel of their weights fits the first-level cache beside a tile's rows.
const DEPTH: usize = 256;
/// Input channels whose weights' gradients are one task, and pixels that are summed over in one go: what these pixels have
/// in these channels fits the first-level cache beside a panel of their gradients.
const CHANNELS: usize = 48;
const PIXELS: usize = 96;

/// Whether this way is the faster one.
pub(super) fn pays(shape: &ConvShape) -> bool {
    shape.kernel == 1
        && shape.padding == 0
        && shape.in_channels * shape.out_channels >= MANY
        && shape.out_height() * shape.out_width() <= FEW
        && shape.input_len() + shape.output_len() <= MOST
}

/// Rows of channels, one for each output pixel, an odd number of cache lines apart.
#[derive(Clone, Copy)]
struct Rows {
    channels: usize,
    len: usize,
}

impl Rows {
    fn new(channels: usize) -> Self {
        Self { channels, len: plane_len(channels) }
    }
}

/// Output pixels of an image.
fn pixels(shape: &ConvShape) -> usize {
    shape.out_height() * shape.out_width()
}

/// The input pixel, counted over all images, that an output pixel sees.
fn seen(shape: &ConvShape, output: usize) -> usize {
    let (row, x) = (output / shape.out_width(), output % shape.out_width());
    let (image, y) = (row / shape.out_height(), row % shape.out_height());
    (image * shape.height + y * shape.stride) * shape.width + x * shape.stride
}

/// Images whose rows of `depth` channels are multiplied together.
fn images_at_once(shape: &ConvShape, depth: usize) -> usize {
    ((SCRATCH_BUDGET / depth).clamp(24, 240) / pixels(shape)).max(1)
}

/// Copies the pixels of a map from the row `first` on; `place` tells where each row's pixel lies.
struct CopyTask<'a, A, P> {
    source: &'a A,
    rows: Rows,
    first: usize,
    place: P,
    out: &'a mut [f32],
}

impl<A: Source, P: Fn(usize) -> usize> Work for CopyTask<'_, A, P> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { source, rows: Rows { channels, len }, first, place, out } = self;
        for channel in (0..channels).step_by(S::LANES) {
            let count = channels - channel;
            // SAFETY: the source is read inside its pixels, and a row has room for the channels of one.
            unsafe {
                let held = source.begin::<S>(channel, count);
                for (row, out) in out.chunks_exact_mut(len).enumerate() {
                    let value = source.load::<S>(&held, place(first + row) * channels + channel, count);
                    store_up_to::<S>(out.as_mut_ptr().add(channel), value, count);
                }
            }
        }
        out.chunks_exact_mut(len).for_each(|row| row[channels..].fill(0.0));
    }
}

/// As [`super::forward()`].
pub(super) fn forward<F: Finish + Send>(
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let (rows, pixels) = (Rows::new(shape.in_channels), pixels(shape));
    let blocks = blocks(shape.batch, 1, images_at_once(shape, shape.in_channels));
    let image_len = pixels * shape.out_channels;
    let parts = split(out, blocks.iter().map(|block| block.range(1, image_len, 1)));
    let pack = |weights: &[f32], packed: &mut [f32]| weights::pack(shape, weights, packed);
    weights.packed(Way::Taps, weights::packed_len(shape), pack, |packed| {
        each_block(&blocks, parts, finish, |block, out, finish| {
            let count = block.images.len() * pixels;
            scratch::with(count * (rows.len + 2 * lanes()), |buffer| {
                let (left, sums) = buffer.split_at_mut(count * rows.len);
                let first = block.images.start * pixels;
                dispatch(CopyTask { source, rows, first, place: |row| seen(shape, row), out: left });
                let (columns, base) = (shape.out_channels, first * shape.out_channels);
                let place = |row: usize| row * columns;
                source.dispatch(ProductTask { left, rows, packed, columns, sums, place, base, out, finish });
            });
        })
    })
}

/// Rows times packed weights; `place` tells where in `out` each row of the product begins.
struct ProductTask<'a, P, F> {
    left: &'a [f32],
    rows: Rows,
    packed: &'a [f32],
    /// Channels of the product.
    columns: usize,
    /// A panel of all rows.
    sums: &'a mut [f32],
    place: P,
    /// Index of the first value of `out` in its map.
    base: usize,
    out: &'a mut [f32],
    finish: &'a mut F,
}

impl<P: Fn(usize) -> usize, F: Finish> Work for ProductTask<'_, P, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { left, rows, packed, columns, sums, place, base, out, finish } = self;
        let padded = columns.next_multiple_of(S::LANES);
        let mut column = 0;
        while column < padded {
            let width = panel_width(S::LANES, column, padded);
            for first in (0..rows.channels).step_by(DEPTH) {
                // SAFETY: the rows have all channels, the packed weights a panel of them, the sums every row.
                unsafe {
                    S::call(Matmul {
                        left: left.as_ptr().add(first),
                        left_row: rows.len,
                        left_step: 1,
                        right: packed.as_ptr().add(column * rows.channels + first * width),
                        right_step: width,
                        out: sums.as_mut_ptr(),
                        out_row: width,
                        rows: left.len() / rows.len,
                        columns: width,
                        depth: DEPTH.min(rows.channels - first),
                        add: first > 0,
                    });
                }
            }
            let panel = Panel { sums: &sums[..left.len() / rows.len * width], width, column, columns, base };
            // SAFETY: every row's channels lie inside the map.
            unsafe { panel.finish::<S>(&place, out, finish) };
            column += width;
        }
    }
}

/// As [`super::backward()`].
pub(super) fn backward(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let (from, to) = (Rows::new(shape.in_channels), Rows::new(shape.out_channels));
    let count = shape.batch * pixels(shape);
    scratch::with(count * (from.len + to.len) + weights::packed_len(shape), |buffer| {
        let (inputs, rest) = buffer.split_at_mut(count * from.len);
        let (copied, part) = rest.split_at_mut(count * to.len);
        copy_all(from, source, |row| seen(shape, row), inputs);
        copy_all(to, gradients, |row| row, copied);
        let (inputs, copied, columns) = (&*inputs, &*copied, padded_outputs(shape));
        part.par_chunks_mut(CHANNELS * columns).enumerate().with_max_len(1).for_each(|(group, part)| {
            source.dispatch(WeighTask {
                inputs: &inputs[group * CHANNELS..],
                from,
                gradients: copied,
                to,
                columns,
                part,
            });
        });
        weights::unpack(shape, part, wanted.weights);
        if let Some(out) = wanted.inputs {
            spread(shape, weights, to, copied, out, wanted.accumulate);
        }
    });
}

fn copy_all(rows: Rows, source: &impl Source, place: impl Fn(usize) -> usize + Sync, out: &mut [f32]) {
    out.par_chunks_mut(PIXELS * rows.len).enumerate().for_each(|(index, out)| {
        dispatch(CopyTask { source, rows, first: index * PIXELS, place: &place, out });
    });
}

/// The gradients of some input channels' weights: inputs, transposed, times gradients.
struct WeighTask<'a> {
    /// From the first of these channels on.
    inputs: &'a [f32],
    from: Rows,
    gradients: &'a [f32],
    to: Rows,
    /// Output channels, padded.
    columns: usize,
    part: &'a mut [f32],
}

impl Work for WeighTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { inputs, from, gradients, to, columns, part } = self;
        let count = gradients.len() / to.len;
        for first in (0..count).step_by(PIXELS) {
            // SAFETY: both have a row for every pixel, that of the gradients padded to whole vectors, which are zero there.
            unsafe {
                S::call(Matmul {
                    left: inputs.as_ptr().add(first * from.len),
                    left_row: 1,
                    left_step: from.len,
                    right: gradients.as_ptr().add(first * to.len),
                    right_step: to.len,
                    out: part.as_mut_ptr(),
                    out_row: columns,
                    rows: part.len() / columns,
                    columns,
                    depth: PIXELS.min(count - first),
                    add: first > 0,
                });
            }
        }
    }
}

/// The gradients of the inputs: those of the outputs times the weights, transposed. Pixels that no output sees have none.
fn spread(shape: &ConvShape, weights: &[f32], to: Rows, copied: &[f32], inputs: &mut [f32], accumulate: bool) {
    let (pixels, columns) = (pixels(shape), shape.in_channels);
    let image_len = shape.height * shape.width * columns;
    let blocks = blocks(shape.batch, 1, images_at_once(shape, shape.out_channels));
    let parts = split(inputs, blocks.iter().map(|block| block.range(1, image_len, 1)));
    scratch::with(weights::transposed_len(shape), |packed| {
        weights::pack_transposed(shape, weights, packed);
        let packed = &*packed;
        blocks.par_iter().zip(parts).with_max_len(1).for_each(|(block, out)| {
            let Block { images, .. } = block;
            let rows = images.start * pixels..images.end * pixels;
            scratch::with(rows.len() * 2 * lanes(), |sums| {
                let left = &copied[rows.start * to.len..rows.end * to.len];
                let (base, place) = (images.start * image_len, |row: usize| seen(shape, row) * columns);
                if accumulate {
                    let finish = &mut Accumulate { base: out.as_ptr().wrapping_sub(base) };
                    dispatch(ProductTask { left, rows: to, packed, columns, sums, place, base, out, finish });
                } else {
                    if shape.stride > 1 {
                        out.fill(0.0);
                    }
                    dispatch(ProductTask {
                        left,
                        rows: to,
                        packed,
                        columns,
                        sums,
                        place,
                        base,
                        out,
                        finish: &mut Keep,
                    });
                }
            });
        });
    });
}
