//! The same for many channels on small maps, where the transformed weights do not fit a cache beside the tiles:
//! all tiles of the batch are transformed first, then each point has one product with its own matrix, which
//! stays in the cache, and then all are transformed back.

use std::ops::Range;

use rayon::prelude::*;

use super::grid::{Grid, Layout, POINTS, Planes, TILE};
use super::planes::{Gather, InputGradients, Outputs, Products, Shared, Spread, Weigh};
use super::transform::Place;
use super::weights;
use crate::block::{Block, each_block, split};
use crate::follow::Following;
use crate::map::{Finish, Source};
use crate::scratch;
use crate::shape::{Backward, ConvShape, Inputs};
use crate::simd::{Simd, Work};

/// Products of channels from which on the weights are too large for the other way.
const MANY: usize = 96 * 96;
/// Floats that the planes of a whole batch may take.
const MOST: usize = 16 << 20;
/// Tiles that one task transforms. Even: of two that share lanes both are its own.
const TOGETHER: usize = 32;

/// Whether this way is the faster one, for planes of `channels` channels in all.
pub(super) fn pays(grid: &Grid, shape: &ConvShape, channels: usize) -> bool {
    let tiles = grid.count(shape.batch);
    shape.in_channels * shape.out_channels >= MANY && tiles * channels * POINTS <= MOST
}

/// Some tiles after others, up to `tiles`.
fn each_range(tiles: usize, work: impl Fn(Range<usize>) + Send + Sync) {
    let ranges: Vec<_> = (0..tiles).step_by(TOGETHER).map(|first| first..(first + TOGETHER).min(tiles)).collect();
    ranges.into_par_iter().with_max_len(1).for_each(work);
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
    let (factors, tiles) = (grid.factors, grid.count(shape.batch));
    let channels = shape.in_channels;
    let (from, to) = (Planes::over_channels(factors, tiles, channels), Planes::new(tiles, shape.out_channels));
    scratch::with(from.len() + to.len(), |planes| {
        let (from_planes, to_planes) = planes.split_at_mut(from.len());
        let planes = Shared::new(from, from_planes);
        each_range(tiles, |tiles| {
            let first = tiles.start;
            factors.dispatch(Spread { grid, tiles, source, channels, planes, first });
        });
        let depth = factors.lanes(channels);
        Products { packed, from, to, tiles, depth, factors }.compute_side_by_side(from_planes, to_planes);
        each_block(blocks, parts, finish, |block, out, finish| {
            let (first, channels) = (grid.tiles_of(block).start, shape.out_channels);
            let gather = Gather { grid, block, products: to_planes, planes: to, first, out, channels };
            factors.dispatch(Outputs { gather, finish });
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
    let (factors, tiles) = (grid.factors, grid.count(shape.batch));
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let layout = Layout::new(factors, tiles, inputs, outputs);
    let part_len = weights::gradients_len(inputs, outputs);
    scratch::with(layout.len() + part_len, |buffer| {
        let (planes, part) = buffer.split_at_mut(layout.len());
        let [from_planes, patch_planes, middle_planes] = layout.split(planes);
        let planes = Shared::new(layout.inputs, &mut from_planes[..layout.inputs.len()]);
        let middles = Shared::new(layout.middles, middle_planes);
        let patches = wanted.inputs.is_some().then(|| Shared::new(layout.patches, patch_planes));
        each_range(tiles, |tiles| {
            let (spread, first) = (tiles.clone(), tiles.start);
            factors.dispatch(Spread { grid, tiles: spread, source, channels: inputs, planes, first });
            factors.dispatch(SpreadGradients { grid, tiles, source: gradients, channels: outputs, patches, middles });
        });
        let (from, to, depth) = (layout.inputs, layout.middles, factors.lanes(tiles));
        part.par_chunks_mut(weights::point_len(inputs, to.channels)).enumerate().with_max_len(1).for_each(
            |(point, part)| {
                let gradients = &middle_planes[point * to.stride..][..to.stride];
                let channels = inputs;
                let inputs = &from_planes[point * from.stride..][..from.stride];
                factors.dispatch(Weigh { inputs, from, gradients, to, part, channels, depth, add: false });
            },
        );
        weights::unpack(factors, part, outputs, inputs, wanted.weights);
        let Some(Inputs { gradients: out, accumulate, follow }) = wanted.inputs else { return };
        // The weights' gradients are done: the packed weights take their place, the products that of the inputs.
        let (from, to, depth) = (layout.patches, layout.products, factors.lanes(outputs));
        scratch::with(weights::packed_len(depth, inputs), |packed| {
            weights::pack(factors, weights, outputs, inputs, true, packed);
            let products = Products { packed, from, to, tiles, depth, factors };
            products.compute_side_by_side(patch_planes, from_planes);
        });
        let products = &*from_planes;
        let range = |block: &Block| block.range(grid.height, grid.width * inputs, TILE);
        let parts = split(out, blocks.iter().map(range));
        blocks.par_iter().zip(parts).with_max_len(1).for_each(|(block, out)| {
            let first = grid.tiles_of(block).start;
            let gather = Gather { grid, block, products, planes: to, first, out: &mut *out, channels: inputs };
            factors.dispatch(InputGradients { gather, accumulate });
            let written = out.len();
            Following::new(follow, range(block).start).until(out, written);
        });
    });
}

/// Transforms the gradients of some tiles, as patches and as the tiles in their middle.
struct SpreadGradients<'a, G> {
    grid: &'a Grid,
    tiles: Range<usize>,
    source: &'a G,
    channels: usize,
    patches: Option<Shared>,
    middles: Shared,
}

impl<G: Source> Work for SpreadGradients<'_, G> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let first = self.tiles.start;
        for (tile, place) in self.grid.tiles(self.tiles).enumerate() {
            let place = Place::new(self.grid, place, self.channels);
            let patch = self.patches.map(|patches| patches.slot(first + tile));
            let middle = self.middles.slot(first + tile);
            // SAFETY: the planes have room for every tile of the batch.
            unsafe { place.gradients::<S, G>(self.source, patch, middle) };
        }
    }
}
