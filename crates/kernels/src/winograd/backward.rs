//! Backward: from one pass over a block of output gradients to the gradients of its inputs and its share of the
//! gradients of the weights.

use rayon::prelude::*;

use super::grid::{Grid, POINTS, Planes, TILE};
use super::planes::{Gather, InputGradients, Products, Weigh};
use super::transform::Place;
use super::{weights, wide};
use crate::block::{Block, split_wanted};
use crate::map::Source;
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::{Simd, Work, dispatch};

/// Differentiates a convolution of `source` with `weights`, given the gradients of its outputs.
pub(crate) fn backward(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let grid = Grid::new(shape);
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let blocks = grid.blocks(shape.batch, POINTS * (2 * outputs + inputs));
    if wide::pays(&grid, shape, inputs + 2 * outputs) {
        wide::backward(&grid, shape, source, weights, gradients, &blocks, wanted);
        return;
    }
    let part_len = weights::gradients_len(inputs, outputs);
    let chunks = blocks.len().min(if part_len > 64 * 1024 { 8 } else { 16 });
    let per_chunk = blocks.len().div_ceil(chunks);
    let chunks = blocks.len().div_ceil(per_chunk);
    let wants_inputs = wanted.inputs.is_some();
    let ranges = blocks.iter().map(|block| block.range(grid.height, grid.width * inputs, TILE));
    let mut maps = split_wanted(wanted.inputs, ranges);
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
                            grid: &grid,
                            block,
                            shape,
                            source,
                            gradients,
                            packed,
                            inputs: map.as_deref_mut(),
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
    grid: &'a Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    source: &'a A,
    gradients: &'a G,
    packed: &'a [f32],
    inputs: Option<&'a mut [f32]>,
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
                let middle = middle_planes.as_mut_ptr().add(tile * to.row);
                let patch = patch_planes.as_mut_ptr().add(tile * to.row);
                let patch = self.inputs.is_some().then_some(patch);
                Place::new(grid, place, shape.out_channels).gradients::<S, G>(self.gradients, patch, middle, &to);
                let tile = from_planes.as_mut_ptr().add(tile * from.row);
                Place::new(grid, place, shape.in_channels).input::<S, A>(self.source, tile, &from);
            }
        }
        let matrix = weights::point_len(shape.in_channels, to.channels);
        for (point, part) in self.part.chunks_exact_mut(matrix).enumerate() {
            let inputs = &from_planes[point * from.stride..][..from.stride];
            let gradients = &middle_planes[point * to.stride..][..to.stride];
            let (channels, add) = (shape.in_channels, !self.first);
            // SAFETY: these are the planes of one point, filled above.
            unsafe { Weigh { inputs, from, gradients, to, part, channels, tiles, add }.run::<S>() };
        }
        let Some(out) = self.inputs else { return };
        // The inputs' planes have served; the products of the backward convolution take their place.
        let products = Products { packed: self.packed, from: to, to: from, tiles, depth: shape.out_channels };
        // SAFETY: as above.
        unsafe {
            products.compute::<S>(patch_planes, from_planes);
            let channels = shape.in_channels;
            let gather = Gather { grid, block, products: from_planes, planes: from, first: 0, out, channels };
            InputGradients { gather, accumulate: self.accumulate }.run::<S>();
        }
    }
}
