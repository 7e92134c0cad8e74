//! Backward: the output gradients of some images are padded once and feed both the gradients of the inputs and those of
//! the weights.

use rayon::prelude::*;

use super::ahead::{Ahead, Part};
use super::inputs::{InputsTask, padded_gradients};
use super::padded::{ImageSize, Padded, SCRATCH_BUDGET, padded_input, padded_outputs};
use super::weights::phase_offsets;
use super::{pointwise, small, weights};
use crate::block::{Block, blocks, joined, split_wanted};
use crate::follow::Following;
use crate::map::Source;
use crate::matmul::{SLIM, TALL, panel_width, tile};
use crate::scratch;
use crate::shape::{Backward, ConvShape, Inputs};
use crate::simd::{MOST_LANES, Simd, Work};

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
        let (inputs, accumulate, follow) = Inputs::apart(wanted.inputs);
        let range = |block: &Block| block.range(1, image_len, 1);
        let maps = split_wanted(inputs, blocks.chunks(per_chunk).map(|blocks| joined(blocks, range)));
        parts.par_chunks_mut(part_len).zip(blocks.par_chunks(per_chunk)).zip(maps).with_max_len(1).for_each(
            |((part, blocks), mut map)| {
                part.fill(0.0);
                let first = joined(blocks, range).start;
                let mut following = Following::new(follow, first);
                let next = blocks.iter().skip(1).map(Some).chain([None]);
                for (block, next) in blocks.iter().zip(next) {
                    let own = range(block).start - first..range(block).end - first;
                    scratch::with(block.images.len() * (from.len() + to.len()), |scratch| {
                        source.dispatch(BlockBackward {
                            shape,
                            block,
                            next,
                            source,
                            gradients,
                            packed,
                            offsets: &offsets,
                            inputs: map.as_deref_mut().map(|map| &mut map[own.clone()]),
                            accumulate,
                            part,
                            from,
                            to,
                            scratch,
                        });
                    });
                    if let Some(map) = &mut map {
                        following.until(map, own.end);
                    }
                }
            },
        );
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
            let (packed, offsets, accumulate) = (self.packed, self.offsets, self.accumulate);
            for (gradients, out) in gradients
                .chunks_exact(to.len())
                .zip(out.chunks_exact_mut(shape.height * shape.width * shape.in_channels))
            {
                // SAFETY: as above.
                unsafe { InputsTask { shape, gradients, to, packed, offsets, out }.run::<S>(accumulate) };
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
