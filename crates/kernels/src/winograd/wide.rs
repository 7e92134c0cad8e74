//! The same for many channels on small maps, where the transformed weights do not fit a cache beside the tiles:
//! all tiles of the batch are transformed first, then each point has one product with its own matrix, which
//! stays in the cache, and then all are transformed back.

use rayon::prelude::*;

use super::grid::{Grid, POINTS, Planes, TILE};
use super::planes::{Gather, InputGradients, Outputs, Products, Shared, Spread, Weigh};
use super::transform::Place;
use super::weights;
use crate::block::{Block, each_block, split};
use crate::map::{Finish, Source};
use crate::scratch;
use crate::shape::{Backward, ConvShape};
use crate::simd::{Simd, Work, dispatch};

/// Products of channels from which on the weights are too large for the other way.
const MANY: usize = 96 * 96;
/// Floats that the planes of a whole batch may take.
const MOST: usize = 16 << 20;

/// Whether this way is the faster one, for planes of `channels` channels in all.
pub(super) fn pays(grid: &Grid, shape: &ConvShape, channels: usize) -> bool {
    let tiles = shape.batch * grid.rows * grid.columns;
    shape.in_channels * shape.out_channels >= MANY && tiles * channels * POINTS <= MOST
}

/// As [`super::forward()`], with packed weights and the output cut into the parts of the blocks.
pub(super) fn forward<F: Finish + Send>(
    grid: &Grid,
    shape: &ConvShape,
    source: &impl Source,
    packed: &[f32],
    blocks: &[Block],
    parts: Vec<&mut [f32]>,
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let tiles = shape.batch * grid.rows * grid.columns;
    let (from, to) = (Planes::new(tiles, shape.in_channels), Planes::new(tiles, shape.out_channels));
    scratch::with(from.len() + to.len(), |planes| {
        let (from_planes, to_planes) = planes.split_at_mut(from.len());
        let shared = Shared::new(from, from_planes);
        let depth = shape.in_channels;
        blocks.par_iter().with_max_len(1).for_each(|block| {
            let first = grid.first_tile(block);
            dispatch(Spread { grid, block, source, channels: depth, planes: shared, first });
        });
        Products { packed, from, to, tiles, depth }.compute_side_by_side(from_planes, to_planes);
        each_block(blocks, parts, finish, |block, out, finish| {
            let (first, channels) = (grid.first_tile(block), shape.out_channels);
            let gather = Gather { grid, block, products: to_planes, planes: to, first, out, channels };
            dispatch(Outputs { gather, finish });
        })
    })
}

/// As [`super::backward()`].
pub(super) fn backward(
    grid: &Grid,
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    blocks: &[Block],
    wanted: Backward,
) {
    let tiles = shape.batch * grid.rows * grid.columns;
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let (from, to) = (Planes::new(tiles, inputs), Planes::new(tiles, outputs));
    let part_len = weights::gradients_len(inputs, outputs);
    scratch::with(from.len() + 2 * to.len() + part_len, |buffer| {
        let (from_planes, rest) = buffer.split_at_mut(from.len());
        let (patch_planes, rest) = rest.split_at_mut(to.len());
        let (middle_planes, part) = rest.split_at_mut(to.len());
        let (shared_inputs, middles) = (Shared::new(from, from_planes), Shared::new(to, middle_planes));
        let patches = wanted.inputs.is_some().then(|| Shared::new(to, patch_planes));
        blocks.par_iter().with_max_len(1).for_each(|block| {
            let first = grid.first_tile(block);
            dispatch(Spread { grid, block, source, channels: inputs, planes: shared_inputs, first });
            dispatch(SpreadGradients { grid, block, source: gradients, channels: outputs, patches, middles });
        });
        part.par_chunks_mut(weights::point_len(inputs, to.channels)).enumerate().with_max_len(1).for_each(
            |(point, part)| {
                let gradients = &middle_planes[point * to.stride..][..to.stride];
                let channels = inputs;
                let inputs = &from_planes[point * from.stride..][..from.stride];
                dispatch(Weigh { inputs, from, gradients, to, part, channels, tiles, add: false });
            },
        );
        weights::unpack(part, outputs, inputs, wanted.weights);
        let Some(out) = wanted.inputs else { return };
        // The weights' gradients are done: the packed weights take their place, the products that of the inputs.
        scratch::with(weights::packed_len(outputs, inputs), |packed| {
            weights::pack(weights, outputs, inputs, true, packed);
            let products = Products { packed, from: to, to: from, tiles, depth: outputs };
            products.compute_side_by_side(patch_planes, from_planes);
        });
        let products = &*from_planes;
        let parts = split(out, blocks.iter().map(|block| block.range(grid.height, grid.width * inputs, TILE)));
        blocks.par_iter().zip(parts).with_max_len(1).for_each(|(block, out)| {
            let first = grid.first_tile(block);
            let gather = Gather { grid, block, products, planes: from, first, out, channels: inputs };
            dispatch(InputGradients { gather, accumulate: wanted.accumulate });
        });
    });
}

/// Transforms the gradients of a block, as patches and as the tiles in their middle.
struct SpreadGradients<'a, G> {
    grid: &'a Grid,
    block: &'a Block,
    source: &'a G,
    channels: usize,
    patches: Option<Shared>,
    middles: Shared,
}

impl<G: Source> Work for SpreadGradients<'_, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let first = self.grid.first_tile(self.block);
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(self.grid, place, self.channels);
            let patch = self.patches.map(|patches| patches.tile(first + tile));
            let middle = self.middles.tile(first + tile);
            // SAFETY: the planes have room for every tile of the batch.
            unsafe { place.gradients::<S, G>(self.source, patch, middle, &self.middles.planes) };
        }
    }
}
