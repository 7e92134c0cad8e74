//! Backward: the output gradients of some images are padded once and feed both the gradients of the inputs,
//! phase by phase of the stride, and those of the weights.

use rayon::prelude::*;

use super::ahead::{Ahead, Part};
use super::padded::{ImageSize, Padded, SCRATCH_BUDGET, padded_input, padded_outputs};
use super::weights::{Taps, phase_offsets};
use super::{pointwise, small, weights};
use crate::block::{Block, blocks, split_wanted};
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::matmul::{SLIM, TALL, panel_width, tile};
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::{MOST_LANES, Simd, Work, prefetch, store_up_to};

/// Differentiates a convolution of `source` with `weights`, given the gradients of its outputs.
pub(crate) fn backward(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    if pointwise::pays(shape) {
        pointwise::backward(shape, source, weights, gradients, wanted);
        return;
    }
    if small::pays(shape) {
        small::backward(shape, source, weights, gradients, wanted);
        return;
    }
    let shape = &in_small_images(shape);
    let from = padded_input(shape, shape.out_height().max(1));
    let to = padded_gradients(shape);
    let images = (SCRATCH_BUDGET / (from.len() + to.len())).clamp(1, 16);
    let blocks = blocks(shape.batch, 1, images);
    let part_len = weights::packed_len(shape);
    let most = match part_len {
        0..0x1_0000 => 16,
        0x1_0000..0x10_0000 => 8,
        _ => 4,
    };
    let per_chunk = blocks.len().div_ceil(most);
    let chunks = blocks.len().div_ceil(per_chunk);
    let image_len = shape.height * shape.width * shape.in_channels;
    let offsets = phase_offsets(shape);
    let packed_len = if wanted.inputs.is_some() { offsets[offsets.len() - 1] } else { 0 };
    scratch::with(packed_len + chunks * part_len, |buffer| {
        let (packed, parts) = buffer.split_at_mut(packed_len);
        if wanted.inputs.is_some() {
            weights::pack_backward(shape, weights, packed);
        }
        let packed = &*packed;
        let mut maps = split_wanted(wanted.inputs, blocks.iter().map(|block| block.range(1, image_len, 1)));
        parts
            .par_chunks_mut(part_len)
            .zip(blocks.par_chunks(per_chunk))
            .zip(maps.par_chunks_mut(per_chunk))
            .with_max_len(1)
            .for_each(|((part, blocks), maps)| {
                part.fill(0.0);
                let next = blocks.iter().skip(1).map(Some).chain([None]);
                for ((block, map), next) in blocks.iter().zip(maps).zip(next) {
                    scratch::with(block.images.len() * (from.len() + to.len()), |scratch| {
                        source.dispatch(BlockBackward {
                            shape,
                            block,
                            next,
                            source,
                            gradients,
                            packed,
                            offsets: &offsets,
                            inputs: map.as_deref_mut(),
                            accumulate: wanted.accumulate,
                            part,
                            from,
                            to,
                            scratch,
                        });
                    });
                }
            });
        weights::unpack(shape, parts, wanted.weights);
    });
}

/// Rows and columns of images that are small enough for several to stay in the second-level cache with what becomes of them.
const SMALL: usize = 8;

/// The same convolution over more and smaller images, where pixels know nothing of their neighbours.
fn in_small_images(shape: &ConvShape) -> ConvShape {
    let pixels = shape.height * shape.width;
    if shape.kernel > 1 || shape.stride > 1 || shape.padding > 0 || !pixels.is_multiple_of(SMALL * SMALL) {
        return *shape;
    }
    ConvShape { batch: shape.batch * pixels / (SMALL * SMALL), height: SMALL, width: SMALL, ..*shape }
}

/// The padded copy of an image's output gradients: as many zeros on each side as taps of a phase can reach.
fn padded_gradients(shape: &ConvShape) -> Padded {
    let before = shape.kernel.div_ceil(shape.stride) - 1;
    let last = |extent: usize, outputs: usize| ((extent - 1 + shape.padding) / shape.stride + 1).max(outputs);
    Padded {
        rows: before + last(shape.height, shape.out_height()),
        columns: before + last(shape.width, shape.out_width()),
        channels: padded_outputs(shape),
        left: before,
    }
}

struct BlockBackward<'a, A, G> {
    shape: &'a ConvShape,
    block: &'a Block,
    /// The block that this thread computes after this one.
    next: Option<&'a Block>,
    source: &'a A,
    gradients: &'a G,
    packed: &'a [f32],
    offsets: &'a [usize],
    inputs: Option<&'a mut [f32]>,
    accumulate: bool,
    part: &'a mut [f32],
    from: Padded,
    to: Padded,
    scratch: &'a mut [f32],
}

impl<A: Source, G: Source> Work for BlockBackward<'_, A, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { shape, block, from, to, .. } = self;
        let (inputs, gradients) = self.scratch.split_at_mut(block.images.len() * from.len());
        let (size, out_size) = (ImageSize::inputs(shape), ImageSize::outputs(shape));
        for (index, image) in block.images.clone().enumerate() {
            let top = -shape.padding.cast_signed();
            // SAFETY: the scratch was made for these copies.
            unsafe {
                let inputs = &mut inputs[index * from.len()..][..from.len()];
                from.fill::<S>(self.source, image, top, size, inputs);
                let gradients = &mut gradients[index * to.len()..][..to.len()];
                to.fill::<S>(self.gradients, image, -to.left.cast_signed(), out_size, gradients);
            }
        }
        let images = block.images.len();
        let next = self.next.map_or(0..0, |next| next.images.clone());
        let values = |size: ImageSize| {
            let len = size.height * size.width * size.channels;
            next.start * len..next.end * len
        };
        let times = tiles::<S>(shape, images);
        let (read, next) = (Part { map: self.source, values: values(size) }, values(out_size));
        let ahead = Ahead::new(read, Part { map: self.gradients, values: next }, times);
        let task = WeightsTask { shape, inputs, gradients, from, to, images, part: self.part, ahead };
        // SAFETY: the width is the dispatched one, the copies are filled.
        unsafe { S::call(task) };
        if let Some(out) = self.inputs {
            let (packed, offsets) = (self.packed, self.offsets);
            for (gradients, out) in gradients
                .chunks_exact(to.len())
                .zip(out.chunks_exact_mut(shape.height * shape.width * shape.in_channels))
            {
                // SAFETY: as above.
                unsafe {
                    if self.accumulate {
                        let finish = Accumulate { base: out.as_ptr() };
                        S::call(InputsTask { shape, gradients, to, packed, offsets, out, finish });
                    } else {
                        S::call(InputsTask { shape, gradients, to, packed, offsets, out, finish: Keep });
                    }
                }
            }
        }
    }
}

/// Tiles that the weights' gradients of some images are computed in.
fn tiles<S: Simd>(shape: &ConvShape, images: usize) -> usize {
    let pixels = images * shape.out_height() * shape.out_width();
    let panels = padded_outputs(shape).div_ceil(2 * S::LANES);
    pixels.div_ceil(PIXELS) * panels * shape.kernel * (shape.kernel * shape.in_channels).div_ceil(TALL)
}

/// Adds the products of some images' inputs and gradients to a part of the weights' gradients.
struct WeightsTask<'a, A, G> {
    shape: &'a ConvShape,
    inputs: &'a [f32],
    gradients: &'a [f32],
    from: Padded,
    to: Padded,
    images: usize,
    part: &'a mut [f32],
    /// What the next block reads.
    ahead: Ahead<'a, A, G>,
}

/// Output pixels that are summed over in one go: a panel of their gradients and what they see of a cache line of
/// channels fit the first-level cache together.
const PIXELS: usize = 128;

/// Some output pixels: where their gradients are, and where the inputs of their first taps are.
struct Pixels {
    count: usize,
    inputs: [usize; PIXELS],
    gradients: [usize; PIXELS],
}

impl<A: Source, G: Source> Work for WeightsTask<'_, A, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let outputs = padded_outputs(self.shape);
        let total = self.images * self.shape.out_height() * self.shape.out_width();
        let mut panel = [[0.0_f32; 2 * MOST_LANES]; PIXELS];
        let panel = panel.as_flattened_mut();
        for first in (0..total).step_by(PIXELS) {
            let pixels = self.pixels(first, PIXELS.min(total - first));
            let mut column = 0;
            while column < outputs {
                let width = panel_width(S::LANES, column, outputs);
                // SAFETY: the gradients have `outputs` channels, and the panel has room for two vectors a pixel.
                unsafe {
                    for (&from, to) in pixels.gradients[..pixels.count].iter().zip(panel.chunks_exact_mut(width)) {
                        for lane in (0..width).step_by(S::LANES) {
                            let value = S::load(self.gradients.as_ptr().add(from + column + lane));
                            S::store(to.as_mut_ptr().add(lane), value);
                        }
                    }
                    if width == S::LANES {
                        self.panel::<S, 1>(SLIM, &pixels, panel, column);
                    } else {
                        self.panel::<S, 2>(TALL, &pixels, panel, column);
                    }
                }
                column += width;
            }
        }
    }
}

impl<A: Source, G: Source> WeightsTask<'_, A, G> {
    /// `count` of the images' output pixels from the one numbered `first` on.
    fn pixels(&self, first: usize, count: usize) -> Pixels {
        let Self { shape, from, to, .. } = self;
        let (rows, columns) = (shape.out_height(), shape.out_width());
        let mut pixels = Pixels { count, inputs: [0; PIXELS], gradients: [0; PIXELS] };
        let (mut image, mut y, mut x) = (first / (rows * columns), first / columns % rows, first % columns);
        for index in 0..count {
            let input = y * shape.stride * from.columns + x * shape.stride;
            let gradient = (y + to.left) * to.columns + x + to.left;
            pixels.inputs[index] = image * from.len() + input * from.channels;
            pixels.gradients[index] = image * to.len() + gradient * to.channels;
            x += 1;
            if x == columns {
                x = 0;
                y += 1;
            }
            if y == rows {
                y = 0;
                image += 1;
            }
        }
        pixels
    }

    /// All rows of a panel of columns. The taps of a kernel row are neighbours in the padded input, so a tile's rows
    /// lie side by side as long as it stays inside a kernel row.
    #[inline(always)]
    unsafe fn panel<S: Simd, const N: usize>(&mut self, most: usize, pixels: &Pixels, panel: &[f32], column: usize) {
        let run = self.shape.kernel * self.shape.in_channels;
        for kernel_row in 0..self.shape.kernel {
            let mut row = 0;
            while row < run {
                // Tiles of about the same size: a small one at the end would have too few sums.
                let rows = (run - row).div_ceil((run - row).div_ceil(most));
                let (left, out) = (kernel_row * self.from.row_len() + row, kernel_row * run + row);
                self.ahead.fetch();
                // SAFETY: the copy holds every tap of every pixel, the panel a row for each pixel, the part one for
                // each tap.
                unsafe {
                    let task = TapsTask::<N> {
                        rows,
                        left: self.inputs.as_ptr().add(left),
                        steps: &pixels.inputs[..pixels.count],
                        right: panel.as_ptr(),
                        out: self.part.as_mut_ptr().add(out * self.to.channels + column),
                        out_row: self.to.channels,
                    };
                    S::call(task);
                }
                row += rows;
            }
        }
    }
}

/// Adds `Σ_j left[steps[j] + r] · right[j]` to row `r` of `out`, for up to eight rows `N` vectors wide.
struct TapsTask<'a, const N: usize> {
    rows: usize,
    left: *const f32,
    steps: &'a [usize],
    right: *const f32,
    out: *mut f32,
    out_row: usize,
}

impl<const N: usize> Work for TapsTask<'_, N> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the caller vouches for all rows.
        unsafe {
            match self.rows {
                1 => self.rows::<S, 1>(),
                2 => self.rows::<S, 2>(),
                3 => self.rows::<S, 3>(),
                4 => self.rows::<S, 4>(),
                5 => self.rows::<S, 5>(),
                6 => self.rows::<S, 6>(),
                7 => self.rows::<S, 7>(),
                _ => self.rows::<S, 8>(),
            }
        }
    }
}

impl<const N: usize> TapsTask<'_, N> {
    #[inline(always)]
    unsafe fn rows<S: Simd, const R: usize>(self) {
        let rows = std::array::from_fn(|r| r);
        // SAFETY: passed on to the caller.
        unsafe {
            let mut sums = [[S::splat(0.0); N]; R];
            for (r, sums) in sums.iter_mut().enumerate() {
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = S::load(self.out.add(r * self.out_row + n * S::LANES));
                }
            }
            let mut right = self.right;
            for &step in self.steps {
                tile::<S, R, N>(&mut sums, self.left.add(step), &rows, 0, right, 0, 1);
                right = right.wrapping_add(N * S::LANES);
            }
            for (r, sums) in sums.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    S::store(self.out.add(r * self.out_row + n * S::LANES), *sum);
                }
            }
        }
    }
}

/// The gradients of one image's inputs. Input pixels fall into `stride²` phases, each of which meets its own
/// taps; `finish` indices count from the start of the image.
struct InputsTask<'a, F> {
    shape: &'a ConvShape,
    gradients: &'a [f32],
    to: Padded,
    packed: &'a [f32],
    offsets: &'a [usize],
    out: &'a mut [f32],
    finish: F,
}

impl<F: Finish> Work for InputsTask<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let stride = self.shape.stride;
        let columns = self.shape.in_channels.div_ceil(S::LANES) * S::LANES;
        for phase in 0..stride * stride {
            let phase = Phase::new(self.shape, phase / stride, phase % stride, self.offsets[phase]);
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

impl<F: Finish> InputsTask<'_, F> {
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const N: usize>(&mut self, phase: &Phase, column: usize) {
        let (shape, to) = (self.shape, self.to);
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
        let run = phase.xs.count * self.to.channels;
        let inputs = self.shape.in_channels;
        places.iter().for_each(|place| prefetch(self.out.as_ptr().wrapping_add(place + column)));
        // SAFETY: see `panel`; the packed weights of the phase have a run for each of its tap rows.
        unsafe {
            let mut sums = [[S::splat(0.0); N]; R];
            let mut left = self.gradients.as_ptr();
            let mut right = self.packed.as_ptr().add(phase.packed + column * phase.ys.count * run);
            for _ in 0..phase.ys.count {
                tile::<S, R, N>(&mut sums, left, rows, 1, right, width, run);
                left = left.wrapping_add(self.to.row_len());
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
                        debug_assert!(index + count.min(S::LANES) <= self.out.len());
                        store_up_to::<S>(self.out.as_mut_ptr().add(index), value, count);
                    }
                    self.finish.end::<S>(held, channel);
                }
            }
        }
    }
}
