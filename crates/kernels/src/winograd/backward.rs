//! Backward: from one pass over a block of output gradients to the gradients of its inputs and its share of the
//! gradients of the weights.

use rayon::prelude::*;

use super::forward::multiply;
use super::transform::Place;
use super::{Grid, POINTS, Planes, TILE, weights, wide};
use crate::conv::Backward;
use crate::map::{Accumulate, Keep, Source};
use crate::matmul::Matmul;
use crate::scratch;
use crate::shape::{Block, ConvShape, split};
use crate::simd::{Simd, Work, dispatch};

/// Differentiates a convolution of `source` with `weights`, given the gradients of its outputs.
pub fn backward(shape: &ConvShape, source: &impl Source, weights: &[f32], gradients: &impl Source, wanted: Backward) {
    let grid = Grid::new(shape);
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let blocks = grid.blocks(shape.batch, POINTS * (2 * outputs + inputs));
    if wide::pays(&grid, shape, inputs + 2 * outputs) {
        wide::backward(&grid, shape, source, weights, gradients, &blocks, wanted);
        return;
    }
    let part_len = weights::packed_len(inputs, outputs);
    let chunks = blocks.len().min(if part_len > 64 * 1024 { 8 } else { 16 });
    let per_chunk = blocks.len().div_ceil(chunks);
    let chunks = blocks.len().div_ceil(per_chunk);
    let row_len = grid.width * inputs;
    let wants_inputs = wanted.inputs.is_some();
    let mut maps: Vec<Option<&mut [f32]>> = match wanted.inputs {
        Some(map) => split(map, blocks.iter().map(|block| block.range(grid.height, row_len, TILE)))
            .into_iter()
            .map(Some)
            .collect(),
        None => blocks.iter().map(|_| None).collect(),
    };
    let packed_len = if wants_inputs { weights::packed_len(outputs, inputs) } else { 0 };
    scratch::with(packed_len + chunks * part_len, |buffer| {
        let (packed, parts) = buffer.split_at_mut(packed_len);
        if wants_inputs {
            weights::pack(weights, outputs, inputs, true, packed);
        }
        let packed = &*packed;
        parts
            .par_chunks_mut(part_len)
            .zip(blocks.par_chunks(per_chunk))
            .zip(maps.par_chunks_mut(per_chunk))
            .with_max_len(1)
            .for_each(|((part, blocks), maps)| {
                for (index, (block, map)) in blocks.iter().zip(maps).enumerate() {
                    let tiles = grid.tiles_in(block);
                    let (from, to) = (Planes::new(tiles, inputs), Planes::new(tiles, outputs));
                    scratch::with(from.len() + 2 * to.len(), |planes| {
                        dispatch(BlockBackward {
                            grid,
                            block,
                            shape,
                            source,
                            gradients,
                            packed,
                            inputs: map.as_deref_mut(),
                            base: block.range(grid.height, row_len, TILE).start,
                            accumulate: wanted.accumulate,
                            part,
                            first: index == 0,
                            from,
                            to,
                            planes,
                        });
                    });
                }
            });
        weights::unpack(parts, outputs, inputs, wanted.weights);
    });
}

struct BlockBackward<'a, A, G> {
    grid: Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    source: &'a A,
    gradients: &'a G,
    packed: &'a [f32],
    inputs: Option<&'a mut [f32]>,
    base: usize,
    accumulate: bool,
    part: &'a mut [f32],
    first: bool,
    from: Planes,
    to: Planes,
    planes: &'a mut [f32],
}

impl<A: Source, G: Source> Work for BlockBackward<'_, A, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { grid, block, shape, from, to, .. } = self;
        let tiles = grid.tiles_in(block);
        let (from_planes, to_planes) = self.planes.split_at_mut(from.len());
        let (patch_planes, middle_planes) = to_planes.split_at_mut(to.len());
        for (tile, place) in grid.tiles(block).enumerate() {
            // SAFETY: the planes have room for every tile of the block.
            unsafe {
                let middle = middle_planes.as_mut_ptr().add(tile * to.channels);
                let patch = patch_planes.as_mut_ptr().add(tile * to.channels);
                let patch = self.inputs.is_some().then_some(patch);
                Place::new(&grid, place, shape.out_channels).gradients::<S, G>(self.gradients, patch, middle, &to);
                let tile = from_planes.as_mut_ptr().add(tile * from.channels);
                Place::new(&grid, place, shape.in_channels).input::<S, A>(self.source, tile, &from);
            }
        }
        let matrix = shape.in_channels * to.channels;
        for (point, part) in self.part.chunks_exact_mut(matrix).enumerate() {
            let inputs = &from_planes[point * from.stride..][..from.stride];
            let gradients = &middle_planes[point * to.stride..][..to.stride];
            // SAFETY: these are the planes of one point, filled above.
            unsafe { weigh::<S>(inputs, &from, gradients, &to, part, shape.in_channels, tiles, !self.first) };
        }
        let Some(out) = self.inputs else { return };
        // The inputs' planes have served; the products of the backward convolution take their place.
        // SAFETY: as above.
        unsafe { multiply::<S>(patch_planes, &to, self.packed, from_planes, &from, tiles, shape.out_channels) };
        for (tile, place) in grid.tiles(block).enumerate() {
            // SAFETY: as above.
            unsafe {
                let tile = from_planes.as_ptr().add(tile * from.channels);
                let place = Place::new(&grid, place, shape.in_channels);
                put::<S>(&place, tile, &from, out, self.base, self.accumulate);
            }
        }
    }
}

/// Transforms the products of one tile back into the inputs' gradients.
#[inline(always)]
pub unsafe fn put<S: Simd>(
    place: &Place,
    tile: *const f32,
    planes: &Planes,
    out: &mut [f32],
    base: usize,
    accumulate: bool,
) {
    // SAFETY: passed on to the caller.
    unsafe {
        if accumulate {
            let mut finish = Accumulate { base: out.as_ptr().wrapping_sub(base) };
            place.output::<S>(tile, planes, out, base, &mut finish);
        } else {
            place.output::<S>(tile, planes, out, base, &mut Keep);
        }
    }
}

/// The weights' gradients at one point: inputs, transposed, times gradients, added to `part` if `add` is set.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three matrices with their shapes")]
pub unsafe fn weigh<S: Simd>(
    inputs: &[f32],
    from: &Planes,
    gradients: &[f32],
    to: &Planes,
    part: &mut [f32],
    channels: usize,
    tiles: usize,
    add: bool,
) {
    // SAFETY: the planes hold the tiles' channels, the part a row of gradients for each input channel.
    unsafe {
        S::call(Matmul {
            left: inputs.as_ptr(),
            left_row: 1,
            left_step: from.channels,
            right: gradients.as_ptr(),
            right_step: to.channels,
            out: part.as_mut_ptr(),
            out_row: to.channels,
            rows: channels,
            columns: to.channels,
            depth: tiles,
            add,
        });
    }
}
