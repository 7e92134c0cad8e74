//! Convolutions of single pixels: 1×1 without padding. All pixels of many images are the rows of one product, so weights
//! that outweigh the maps are read once for many of them.

use std::ops::Range;

use rayon::prelude::*;

use super::cut::{Cut, Target, Task};
use super::padded::SCRATCH_BUDGET;
use super::panel::Panel;
use super::weights::{Packing, Panels};
use crate::filters::Filters;
use crate::follow::{Follow, Following};
use crate::map::{Accumulate, Finish, Keep, LINE, Source, pixels_together};
use crate::matmul::{Matmul, panel_width};
use crate::scratch::{self, plane_len, round_up};
use crate::shape::{Backward, ConvShape, Inputs};
use crate::simd::{Simd, Work, lanes, prefetch, store_up_to};

/// Products of channels from which on the weights outweigh a few pixels.
const MANY: usize = 128 * 128;
/// Output pixels of an image up to which they do.
const FEW: usize = 64;
/// Floats that the copies of both maps may take.
const MOST: usize = 16 << 20;
/// Channels that are summed over in one go: a panel of their weights fits the first-level cache beside a tile's rows.
const DEPTH: usize = 256;
/// Rows of a product whose part of so many channels fits the second-level cache.
const ROWS: usize = 240;
/// Output channels whose weights' gradients are one task, and pixels that are summed over in one go: a panel of what these
/// pixels have as inputs is read into the first-level cache once for so many channels.
const CHANNELS: usize = 64;
const PIXELS: usize = 192;
/// Pixels whose copies are multiplied before the next ones are copied: they and the sums stay in the caches. A multiple of
/// `PIXELS`, so that the order of the sums is that of all pixels in one go.
const COPIED: usize = 2 * PIXELS;
/// Pixels whose inputs' gradients are one task: as many as are added up together for a norm of 256 channels or more.
const SPREAD: usize = 64;
/// Pixels that one task copies.
const COPIED_EACH: usize = 64;
/// Weights from which on reading them for every so many pixels costs more than reading the copies from memory.
const HEAVY: usize = 1 << 20;
/// Tasks that the weights' gradients are cut into at least, if there are enough of them.
const TASKS: usize = 16;
/// Values that one task clears.
const CLEARED: usize = 64 * 1024;

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

/// Rows of `depth` channels that are multiplied together.
fn rows_at_once(depth: usize) -> usize {
    (SCRATCH_BUDGET / depth).clamp(24, ROWS)
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
        let together = pixels_together(channels);
        // Those of the pixels at hand and, to be asked for ahead, of the next ones.
        let mut starts: Vec<usize> = Vec::with_capacity(2 * together);
        for (group, out) in out.chunks_mut(together * len).enumerate() {
            let row = first + group * together;
            starts.clear();
            starts.extend((row..row + 2 * together).map(|row| place(row) * channels));
            let (starts, next) = starts.split_at(together);
            for channel in (0..channels).step_by(S::LANES) {
                let count = channels - channel;
                if channel.is_multiple_of(LINE) {
                    next.iter().for_each(|next| source.prefetch(next + channel));
                }
                // SAFETY: the source is read inside its pixels, and a row has room for the channels of one.
                unsafe {
                    let held = source.begin::<S>(channel, count);
                    for (start, out) in starts.iter().zip(out.chunks_exact_mut(len)) {
                        let value = source.load::<S>(&held, start + channel, count);
                        store_up_to::<S>(out.as_mut_ptr().add(channel), value, count);
                    }
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
    let (rows, pixels, columns) = (Rows::new(shape.in_channels), pixels(shape), shape.out_channels);
    let images = (rows_at_once(shape.in_channels) / pixels).max(1);
    let cut = Cut::new(shape.batch, images, pixels, columns, shape.weight_len());
    let out = Target::new(out);
    Packing::new(shape, weights).panels(cut.by_columns, |weights| {
        let products = Products { rows, weights, columns, out };
        let place = |row: usize| row * columns;
        if cut.by_columns {
            return scratch::with(shape.batch * pixels * rows.len, |left| {
                copy_all(rows, source, |row| seen(shape, row), left);
                cut.each(finish, |task, finish| products.compute(source, left, task, 0, place, finish))
            });
        }
        cut.each(finish, |task, finish| {
            scratch::with(task.images.len() * pixels * rows.len, |left| {
                let first = task.images.start * pixels;
                source.dispatch(CopyTask { source, rows, first, place: |row| seen(shape, row), out: left });
                products.compute(source, left, task, first, place, finish);
            });
        })
    })
}

/// Rows times weights.
#[derive(Clone, Copy)]
struct Products<'a> {
    rows: Rows,
    weights: Panels<'a>,
    /// Channels of the product.
    columns: usize,
    out: Target,
}

impl Products<'_> {
    /// Computes a task's columns of the rows of `left`, which are those from `first` on; `place` tells where each row of the
    /// product begins.
    fn compute<F: Finish>(
        self,
        source: &impl Source,
        left: &[f32],
        task: &Task,
        first: usize,
        place: impl Fn(usize) -> usize,
        finish: &mut F,
    ) {
        let len = self.rows.len;
        self.weights.of(&task.columns, |packed| {
            scratch::with(ROWS.min(left.len() / len) * 2 * lanes(), |sums| {
                for (index, left) in left.chunks(ROWS * len).enumerate() {
                    let first = first + index * ROWS;
                    let starts: Vec<usize> = (first..first + left.len() / len).map(&place).collect();
                    let columns = task.columns.clone();
                    source.dispatch(ProductTask {
                        products: self,
                        packed,
                        left,
                        columns,
                        sums,
                        starts: &starts,
                        finish,
                    });
                }
            });
        });
    }
}

/// Some columns of some rows.
struct ProductTask<'a, F> {
    products: Products<'a>,
    /// The weights of these columns.
    packed: &'a [f32],
    left: &'a [f32],
    columns: Range<usize>,
    /// A panel of all rows.
    sums: &'a mut [f32],
    /// Where each row of the product begins.
    starts: &'a [usize],
    finish: &'a mut F,
}

impl<F: Finish> Work for ProductTask<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { products: Products { rows, columns, out, .. }, packed, left, sums, starts, finish, .. } = self;
        let count = left.len() / rows.len;
        let mut column = self.columns.start;
        while column < self.columns.end {
            let width = panel_width(S::LANES, column, self.columns.end);
            // Far apart as they are, the places of the results are fetched while these are computed.
            starts.iter().for_each(|start| prefetch(out.start.wrapping_add(start + column)));
            for first in (0..rows.channels).step_by(DEPTH) {
                // SAFETY: the rows have all channels, the packed weights a panel of them, the sums every row.
                unsafe {
                    S::call(Matmul {
                        left: left.as_ptr().add(first),
                        left_row: rows.len,
                        left_step: 1,
                        right: packed.as_ptr().add((column - self.columns.start) * rows.channels + first * width),
                        right_step: width,
                        out: sums.as_mut_ptr(),
                        out_row: width,
                        rows: count,
                        columns: width,
                        depth: DEPTH.min(rows.channels - first),
                        add: first > 0,
                        fetch: false,
                    });
                }
            }
            let panel = Panel { sums: &sums[..count * width], width, column, columns };
            // SAFETY: every row's channels lie inside the map.
            unsafe { panel.finish::<S>(starts, out, finish) };
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
    let most = if shape.weight_len() < HEAVY { COPIED.min(count) } else { count };
    let weigh = Weigh::new(from, to);
    weigh.with_sums(wanted.weights, |sums| {
        let each = |spread: Option<&Spread>| {
            scratch::with(most * (from.len + to.len), |buffer| {
                for first in (0..count).step_by(most) {
                    let rows = most.min(count - first);
                    let (inputs, copied) = buffer.split_at_mut(most * from.len);
                    let (inputs, copied) = (&mut inputs[..rows * from.len], &mut copied[..rows * to.len]);
                    copy_all(from, source, |row| seen(shape, first + row), inputs);
                    copy_all(to, gradients, |row| first + row, copied);
                    weigh.add(source, inputs, copied, sums, first > 0);
                    spread.iter().for_each(|spread| spread.rows(gradients, first, copied));
                }
            });
        };
        match wanted.inputs {
            Some(inputs) => Spread::with(shape, weights, inputs, most, |spread| each(Some(&spread))),
            None => each(None),
        }
    });
}

/// As [`super::input_gradients()`].
pub(super) fn input_gradients(shape: &ConvShape, weights: &[f32], gradients: &impl Source, wanted: Inputs) {
    let (rows, count) = (Rows::new(shape.out_channels), shape.batch * pixels(shape));
    let most = if shape.weight_len() < HEAVY { COPIED.min(count) } else { count };
    Spread::with(shape, weights, wanted, most, |spread| {
        scratch::with(most * rows.len, |copied| {
            for first in (0..count).step_by(most) {
                let copied = &mut copied[..most.min(count - first) * rows.len];
                copy_all(rows, gradients, |row| first + row, copied);
                spread.rows(gradients, first, copied);
            }
        });
    });
}

fn copy_all(rows: Rows, source: &impl Source, place: impl Fn(usize) -> usize + Sync, out: &mut [f32]) {
    out.par_chunks_mut(COPIED_EACH * rows.len).enumerate().for_each(|(index, out)| {
        source.dispatch(CopyTask { source, rows, first: index * COPIED_EACH, place: &place, out });
    });
}

/// The gradients `[out][in]` of the weights: those of the outputs, transposed, times the inputs.
#[derive(Clone, Copy)]
struct Weigh {
    from: Rows,
    to: Rows,
    /// Input channels, padded.
    columns: usize,
}

impl Weigh {
    fn new(from: Rows, to: Rows) -> Self {
        Self { from, to, columns: round_up(from.channels, lanes()) }
    }

    /// Hands `work` where to leave its sums, which are the gradients of the `weights` in the end.
    fn with_sums(self, weights: &mut [f32], work: impl FnOnce(Target)) {
        let Self { from, to, columns } = self;
        if columns == from.channels {
            return work(Target::new(weights));
        }
        scratch::with(to.channels * columns, |padded| {
            work(Target::new(padded));
            for (weights, padded) in weights.chunks_exact_mut(from.channels).zip(padded.chunks_exact(columns)) {
                weights.copy_from_slice(&padded[..from.channels]);
            }
        });
    }

    /// Writes the sums over these pixels, or adds them to those of the pixels before.
    fn add(self, source: &impl Source, inputs: &[f32], gradients: &[f32], out: Target, add: bool) {
        let Self { from, to, columns } = self;
        let (groups, panel) = (to.channels.div_ceil(CHANNELS), 2 * lanes());
        let step = columns.div_ceil(panel * TASKS.div_ceil(groups)) * panel;
        (0..groups * columns.div_ceil(step)).into_par_iter().with_max_len(1).for_each(|task| {
            let (group, first) = (task % groups * CHANNELS, task / groups * step);
            let rows = group..(group + CHANNELS).min(to.channels);
            source.dispatch(WeighTask { gradients, to, rows, inputs, from, first, step, columns, out, add });
        });
    }
}

/// The gradients of the weights between some output channels, the `rows`, and up to `step` input channels from `first` on.
struct WeighTask<'a> {
    gradients: &'a [f32],
    to: Rows,
    rows: Range<usize>,
    inputs: &'a [f32],
    from: Rows,
    first: usize,
    step: usize,
    /// Input channels, padded.
    columns: usize,
    out: Target,
    /// Whether there are sums of earlier pixels.
    add: bool,
}

impl Work for WeighTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { gradients, to, rows, inputs, from, first, step, columns, out, add } = self;
        let count = inputs.len() / from.len;
        for pixel in (0..count).step_by(PIXELS) {
            // SAFETY: both have a row for every pixel, that of the inputs padded to whole vectors, which are zero there; the
            // gradients of these weights are this task's.
            unsafe {
                S::call(Matmul {
                    left: gradients.as_ptr().add(pixel * to.len + rows.start),
                    left_row: 1,
                    left_step: to.len,
                    right: inputs.as_ptr().add(pixel * from.len + first),
                    right_step: from.len,
                    out: out.start.add(rows.start * columns + first),
                    out_row: columns,
                    rows: rows.len(),
                    columns: step.min(columns - first),
                    depth: PIXELS.min(count - pixel),
                    add: add || pixel > 0,
                    fetch: true,
                });
            }
        }
    }
}

/// The gradients of the inputs: those of the outputs times the weights, transposed. Pixels that no output sees have none.
struct Spread<'a> {
    shape: &'a ConvShape,
    products: Products<'a>,
    /// Whether they are added to what is there.
    accumulate: bool,
    follow: Option<&'a dyn Follow>,
}

impl Spread<'_> {
    /// Makes the weights ready for `work`, which gives every row to [`Self::rows`], `most` of them at a time.
    fn with(shape: &ConvShape, weights: &[f32], wanted: Inputs, most: usize, work: impl FnOnce(Spread<'_>)) {
        let Inputs { gradients: inputs, accumulate, follow } = wanted;
        if shape.stride > 1 && !accumulate {
            inputs.par_chunks_mut(CLEARED).for_each(|inputs| inputs.fill(0.0));
        }
        let (rows, out) = (Rows::new(shape.out_channels), Target::new(inputs));
        let by_columns = Self::cut(shape, most).by_columns;
        Packing::transposed(shape, weights).panels(by_columns, |weights| {
            let products = Products { rows, weights, columns: shape.in_channels, out };
            work(Spread { shape, products, accumulate, follow });
        });
    }

    fn cut(shape: &ConvShape, rows: usize) -> Cut {
        Cut::every(SPREAD, rows, shape.in_channels, shape.weight_len())
    }

    /// Those that come from these rows of `gradients`, the first of which is the row `first` of all.
    fn rows(&self, gradients: &impl Source, first: usize, copied: &[f32]) {
        if self.accumulate {
            let add = Accumulate { base: self.products.out.start };
            self.finished(gradients, first, copied, |_| add);
        } else {
            self.finished(gradients, first, copied, |_| Keep);
        }
    }

    fn finished<F: Finish + Send>(
        &self,
        gradients: &impl Source,
        first: usize,
        copied: &[f32],
        finish: impl Fn(usize) -> F + Sync,
    ) {
        let Self { shape, products, .. } = self;
        let (len, columns) = (products.rows.len, products.columns);
        let cut = Self::cut(shape, copied.len() / len);
        cut.each(finish, |task, finish| {
            let left = &copied[task.images.start * len..task.images.end * len];
            let place = |row: usize| seen(shape, row) * columns;
            products.compute(gradients, left, task, first + task.images.start, place, finish);
            if !cut.by_columns && shape.stride == 1 {
                let [start, end] = [task.images.start, task.images.end].map(|row| place(first + row));
                // SAFETY: the task has written these rows, and nobody else reads or writes them before it is done.
                let part = unsafe { products.out.part(start..end) };
                Following::new(self.follow, start).until(part, part.len());
            }
        });
    }
}
