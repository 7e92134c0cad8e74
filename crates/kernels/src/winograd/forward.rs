//! Forward: one block of tiles from input to output.

use super::factors::Factors;
use super::grid::{Grid, POINTS, Planes, TILE};
use super::planes::{Gather, Outputs, Products, Shared, Spread};
use super::{weights, wide};
use crate::block::{Block, each_block, split};
use crate::filters::{Algorithm, Filters};
use crate::map::{Finish, Source};
use crate::scratch;
use crate::shape::ConvShape;
use crate::simd::{Simd, Work};

/// Convolves `source` with `weights` `[out][in][3][3]` into `out`. `finish` makes what finishes the values of a
/// block, given its number; what it holds at the end comes back in the order of the blocks.
pub(crate) fn forward<F: Finish + Send>(
    shape: &ConvShape,
    factors: Factors,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let grid = Grid::new(shape, factors);
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let blocks = grid.blocks(shape.batch, POINTS * (inputs + outputs));
    let row_len = grid.width * outputs;
    let parts = split(out, blocks.iter().map(|block| block.range(grid.height, row_len, TILE)));
    let pack = |weights: &[f32], packed: &mut [f32]| weights::pack(factors, weights, outputs, inputs, false, packed);
    let packed_len = weights::packed_len(factors.lanes(inputs), outputs);
    weights.packed(Algorithm::Tiles, packed_len, pack, |packed| {
        if wide::pays(&grid, shape, inputs + outputs) {
            return wide::forward(&grid, shape, source, packed, &blocks, parts, finish);
        }
        each_block(&blocks, parts, finish, |block, out, finish| {
            let tiles = grid.tiles_of(block).len();
            let (from, to) = (Planes::over_channels(factors, tiles, inputs), Planes::new(tiles, outputs));
            scratch::with(from.len() + to.len(), |planes| {
                let grid = &grid;
                factors.dispatch(BlockForward { grid, block, shape, source, packed, out, finish, from, to, planes });
            });
        })
    })
}

struct BlockForward<'a, A, F> {
    grid: &'a Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    source: &'a A,
    packed: &'a [f32],
    out: &'a mut [f32],
    finish: &'a mut F,
    from: Planes,
    to: Planes,
    planes: &'a mut [f32],
}

impl<A: Source, F: Finish> Work for BlockForward<'_, A, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { grid, block, shape, source, packed, out, finish, from, to, planes } = self;
        let (from_planes, to_planes) = planes.split_at_mut(from.len());
        let (factors, tiles) = (grid.factors, grid.tiles_of(block));
        let depth = factors.lanes(shape.in_channels);
        let products = Products { packed, from, to, tiles: tiles.len(), depth, factors };
        // SAFETY: the width is the dispatched one; planes and packed weights have the sizes that their owners computed.
        unsafe {
            let planes = Shared::new(from, from_planes);
            Spread { grid, tiles, source, channels: shape.in_channels, planes, first: 0 }.run::<S>();
            products.compute::<S>(from_planes, to_planes);
            let channels = shape.out_channels;
            let gather = Gather { grid, block, products: to_planes, planes: to, first: 0, out, channels };
            Outputs { gather, finish }.run::<S>();
        }
    }
}
