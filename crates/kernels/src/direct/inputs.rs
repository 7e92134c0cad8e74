//! The gradients of the inputs from a padded copy of those of the outputs, phase by phase of the stride.

use rayon::prelude::*;

use super::padded::{ImageSize, Padded, SCRATCH_BUDGET, padded_outputs};
use super::weights::{Taps, pack_backward, phase_offsets};
use super::{pointwise, small};
use crate::block::{Block, blocks, split};
use crate::follow::Following;
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::matmul::{SLIM, TALL, panel_width, tile};
use crate::scratch;
use crate::shape::{ConvShape, Inputs};
use crate::simd::{Simd, Work, prefetch, store_up_to};

/// The gradients of a convolution's inputs alone, given those of its outputs.
pub(crate) fn input_gradients(shape: &ConvShape, weights: &[f32], gradients: &impl Source, wanted: Inputs) {
    if pointwise::pays(shape) {
        return pointwise::input_gradients(shape, weights, gradients, wanted);
    }
    if small::pays(shape) {
        return small::input_gradients(shape, weights, gradients, wanted);
    }
    let to = padded_gradients(shape);
    let blocks = blocks(shape.batch, 1, (SCRATCH_BUDGET / to.len()).clamp(1, 16));
    let image_len = shape.height * shape.width * shape.in_channels;
    let Inputs { gradients: inputs, accumulate, follow } = wanted;
    let maps = split(inputs, blocks.iter().map(|block| block.range(1, image_len, 1)));
    let offsets = phase_offsets(shape);
    scratch::with(offsets[offsets.len() - 1], |packed| {
        pack_backward(shape, weights, packed);
        let (packed, offsets) = (&*packed, &offsets);
        blocks.par_iter().zip(maps).with_max_len(1).for_each(|(block, inputs)| {
            scratch::with(to.len(), |copy| {
                let inputs = &mut *inputs;
                gradients.dispatch(BlockInputs {
                    shape,
                    block,
                    gradients,
                    to,
                    packed,
                    offsets,
                    inputs,
                    accumulate,
                    copy,
                });
            });
            let written = inputs.len();
            Following::new(follow, block.images.start * image_len).until(inputs, written);
        });
    });
}

struct BlockInputs<'a, G> {
    shape: &'a ConvShape,
    block: &'a Block,
    gradients: &'a G,
    to: Padded,
    packed: &'a [f32],
    offsets: &'a [usize],
    inputs: &'a mut [f32],
    accumulate: bool,
    /// For one image's gradients.
    copy: &'a mut [f32],
}

impl<G: Source> Work for BlockInputs<'_, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { shape, block, to, packed, offsets, copy, .. } = self;
        let image_len = shape.height * shape.width * shape.in_channels;
        for (image, out) in block.images.clone().zip(self.inputs.chunks_exact_mut(image_len)) {
            // SAFETY: the copy is filled for its image, the width is the dispatched one.
            unsafe {
                to.fill::<S>(self.gradients, image, -to.left.cast_signed(), ImageSize::outputs(shape), copy);
                InputsTask { shape, gradients: copy, to, packed, offsets, out }.run::<S>(self.accumulate);
            }
        }
    }
}

/// The padded copy of an image's output gradients: as many zeros on each side as taps of a phase can reach.
pub(super) fn padded_gradients(shape: &ConvShape) -> Padded {
    let before = shape.kernel.div_ceil(shape.stride) - 1;
    let last = |extent: usize, outputs: usize| ((extent - 1 + shape.padding) / shape.stride + 1).max(outputs);
    Padded {
        rows: before + last(shape.height, shape.out_height()),
        columns: before + last(shape.width, shape.out_width()),
        channels: padded_outputs(shape),
        left: before,
    }
}

/// The gradients of one image's inputs. Input pixels fall into `stride²` phases, each of which meets its own taps.
pub(super) struct InputsTask<'a> {
    pub shape: &'a ConvShape,
    /// A padded copy.
    pub gradients: &'a [f32],
    pub to: Padded,
    pub packed: &'a [f32],
    /// Where the weights of each phase start.
    pub offsets: &'a [usize],
    pub out: &'a mut [f32],
}

impl InputsTask<'_> {
    /// Computes them, and adds to what is there if `accumulate` is set.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched, and the copy be filled.
    #[inline(always)]
    pub unsafe fn run<S: Simd>(self, accumulate: bool) {
        // SAFETY: passed on to the caller.
        unsafe {
            if accumulate {
                let finish = Accumulate { base: self.out.as_ptr() };
                S::call(Finished { task: self, finish });
            } else {
                S::call(Finished { task: self, finish: Keep });
            }
        }
    }
}

/// The same; `finish` indices count from the start of the image.
struct Finished<'a, F> {
    task: InputsTask<'a>,
    finish: F,
}

impl<F: Finish> Work for Finished<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let stride = self.task.shape.stride;
        let columns = self.task.shape.in_channels.div_ceil(S::LANES) * S::LANES;
        for phase in 0..stride * stride {
            let phase = Phase::new(self.task.shape, phase / stride, phase % stride, self.task.offsets[phase]);
            let mut column = 0;
            while column < columns {
                let width = panel_width(S::LANES, column, columns);
                // SAFETY: see `tile`.
                unsafe {
                    if width == S::LANES {
                        self.panel::<S, SLIM, 1>(&phase, column);
                    } else {
                        self.panel::<S, TALL, 2>(&phase, column);
                    }
                }
                column += width;
            }
        }
    }
}

/// The input pixels whose rows and columns leave the same remainders.
struct Phase {
    ys: Taps,
    xs: Taps,
    first_y: usize,
    first_x: usize,
    rows: usize,
    columns: usize,
    /// The last output row and column that the first pixel meets.
    output_y: usize,
    output_x: usize,
    packed: usize,
}

impl Phase {
    fn new(shape: &ConvShape, y: usize, x: usize, packed: usize) -> Self {
        // Pixel `i` meets tap `t` at output `(i + padding − t) / stride`.
        let first = |phase: usize| (phase + shape.stride - shape.padding % shape.stride) % shape.stride;
        let count = |extent: usize, first: usize| extent.saturating_sub(first).div_ceil(shape.stride);
        let (first_y, first_x) = (first(y), first(x));
        Self {
            ys: Taps::new(shape, y),
            xs: Taps::new(shape, x),
            first_y,
            first_x,
            rows: count(shape.height, first_y),
            columns: count(shape.width, first_x),
            output_y: (first_y + shape.padding).saturating_sub(y) / shape.stride,
            output_x: (first_x + shape.padding).saturating_sub(x) / shape.stride,
            packed,
        }
    }
}

impl<F: Finish> Finished<'_, F> {
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const N: usize>(&mut self, phase: &Phase, column: usize) {
        let (shape, to) = (self.task.shape, self.task.to);
        let pixels = phase.rows * phase.columns;
        let mut pixel = 0;
        let (mut y, mut x) = (0, 0);
        while pixel < pixels {
            let used = R.min(pixels - pixel);
            let mut rows = [0; R];
            let mut places = [0; R];
            for r in 0..R {
                // The first of the outputs that the pixel meets, in the padded copy.
                let row = phase.output_y + y + 1 + to.left - phase.ys.count;
                let col = phase.output_x + x + 1 + to.left - phase.xs.count;
                rows[r] = (row * to.columns + col) * to.channels;
                let (place_y, place_x) = (phase.first_y + y * shape.stride, phase.first_x + x * shape.stride);
                places[r] = (place_y * shape.width + place_x) * shape.in_channels;
                if r + 1 < used || pixel + used < pixels {
                    x += 1;
                    if x == phase.columns {
                        x = 0;
                        y += 1;
                    }
                }
            }
            // SAFETY: the copy has zeros wherever the taps reach beyond the outputs.
            unsafe { self.tile::<S, R, N>(phase, used, &rows, &places, column) };
            pixel += used;
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const R: usize, const N: usize>(
        &mut self,
        phase: &Phase,
        used: usize,
        rows: &[usize; R],
        places: &[usize; R],
        column: usize,
    ) {
        let width = N * S::LANES;
        let run = phase.xs.count * self.task.to.channels;
        let inputs = self.task.shape.in_channels;
        places.iter().for_each(|place| prefetch(self.task.out.as_ptr().wrapping_add(place + column)));
        // SAFETY: see `panel`; the packed weights of the phase have a run for each of its tap rows.
        unsafe {
            let mut sums = [[S::splat(0.0); N]; R];
            let mut left = self.task.gradients.as_ptr();
            let mut right = self.task.packed.as_ptr().add(phase.packed + column * phase.ys.count * run);
            for _ in 0..phase.ys.count {
                tile::<S, R, N>(&mut sums, left, rows, 1, right, width, run);
                left = left.wrapping_add(self.task.to.row_len());
                right = right.wrapping_add(run * width);
            }
            for n in 0..N {
                let channel = column + n * S::LANES;
                if channel < inputs {
                    let count = inputs - channel;
                    let mut held = self.finish.begin::<S>(channel, count);
                    for (r, sums) in sums.iter().enumerate().take(used) {
                        let index = places[r] + channel;
                        let value = self.finish.finish::<S>(&mut held, sums[n], index, count);
                        debug_assert!(index + count.min(S::LANES) <= self.task.out.len());
                        store_up_to::<S>(self.task.out.as_mut_ptr().add(index), value, count);
                    }
                    self.finish.end::<S>(held, channel);
                }
            }
        }
    }
}
