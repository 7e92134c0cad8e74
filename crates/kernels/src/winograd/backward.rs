//! Backward: from one pass over a block of output gradients to the gradients of its inputs and its share of the
//! gradients of the weights.

use rayon::prelude::*;

use super::factors::Factors;
use super::grid::{Grid, Layout, POINTS, TILE};
use super::planes::{Gather, InputGradients, Products, Weigh};
use super::transform::Place;
use super::{weights, wide};
use crate::block::{Block, joined, split_wanted};
use crate::follow::Following;
use crate::map::Source;
use crate::scratch;
use crate::shape::{Backward, ConvShape, Inputs};
use crate::simd::{Simd, Work};

/// Differentiates a convolution of `source` with `weights`, given the gradients of its outputs.
pub(crate) fn backward(
    shape: &ConvShape,
    factors: Factors,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let grid = Grid::new(shape, factors);
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
    let (map, accumulate, follow) = Inputs::apart(wanted.inputs);
    let range = |block: &Block| block.range(grid.height, grid.width * inputs, TILE);
    let maps = split_wanted(map, blocks.chunks(per_chunk).map(|blocks| joined(blocks, range)));
    let packed_len = if wants_inputs { weights::packed_len(factors.lanes(outputs), inputs) } else { 0 };
    scratch::with(packed_len + chunks * part_len, |buffer| {
        let (packed, parts) = buffer.split_at_mut(packed_len);
        if wants_inputs {
            weights::pack(factors, weights, outputs, inputs, true, packed);
        }
        let packed = &*packed;
        parts.par_chunks_mut(part_len).zip(blocks.par_chunks(per_chunk)).zip(maps).with_max_len(1).for_each(
            |((part, blocks), mut map)| {
                let first = joined(blocks, range).start;
                let mut following = Following::new(follow, first);
                for (index, block) in blocks.iter().enumerate() {
                    let own = range(block).start - first..range(block).end - first;
                    let layout = Layout::new(factors, grid.tiles_of(block).len(), inputs, outputs);
                    scratch::with(layout.len(), |planes| {
                        factors.dispatch(BlockBackward {
                            grid: &grid,
                            block,
                            shape,
                            source,
                            gradients,
                            packed,
                            inputs: map.as_deref_mut().map(|map| &mut map[own.clone()]),
                            accumulate,
                            part,
                            first: index == 0,
                            layout,
                            planes,
                        });
                    });
                    if let Some(map) = &mut map {
                        following.until(map, own.end);
                    }
                }
            },
        );
        weights::unpack(factors, parts, outputs, inputs, wanted.weights);
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
    layout: Layout,
    planes: &'a mut [f32],
}

impl<A: Source, G: Source> Work for BlockBackward<'_, A, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { grid, block, shape, layout, .. } = self;
        let (factors, tiles) = (grid.factors, grid.tiles_of(block));
        let [from_planes, patch_planes, middle_planes] = layout.split(self.planes);
        for (tile, place) in grid.tiles(tiles.clone()).enumerate() {
            // SAFETY: the planes have room for every tile of the block.
            unsafe {
                let middle = layout.middles.slot(middle_planes.as_mut_ptr(), tile);
                let patch = self.inputs.is_some().then(|| layout.patches.slot(patch_planes.as_mut_ptr(), tile));
                Place::new(grid, place, shape.out_channels).gradients::<S, G>(self.gradients, patch, middle);
                let slot = layout.inputs.slot(from_planes.as_mut_ptr(), tile);
                Place::new(grid, place, shape.in_channels).input::<S, A>(self.source, slot);
            }
        }
        let (from, to, depth) = (layout.inputs, layout.middles, factors.lanes(tiles.len()));
        let matrix = weights::point_len(shape.in_channels, to.channels);
        for (point, part) in self.part.chunks_exact_mut(matrix).enumerate() {
            let inputs = &from_planes[point * from.stride..][..from.stride];
            let gradients = &middle_planes[point * to.stride..][..to.stride];
            let (channels, add) = (shape.in_channels, !self.first);
            // SAFETY: these are the planes of one point, filled above.
            unsafe { Weigh { inputs, from, gradients, to, part, channels, depth, add }.run::<S>() };
        }
        let Some(out) = self.inputs else { return };
        let (from, to, depth) = (layout.patches, layout.products, factors.lanes(shape.out_channels));
        let products = Products { packed: self.packed, from, to, tiles: tiles.len(), depth, factors };
        // SAFETY: as above.
        unsafe {
            products.compute::<S>(patch_planes, from_planes);
            let channels = shape.in_channels;
            let gather = Gather { grid, block, products: from_planes, planes: to, first: 0, out, channels };
            InputGradients { gather, accumulate: self.accumulate }.run::<S>();
        }
    }
}
