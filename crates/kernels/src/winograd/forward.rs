//! Forward: one block of tiles from input to output.

use rayon::prelude::*;

use super::transform::Place;
use super::{Grid, POINTS, Planes, TILE, weights, wide};
use crate::map::{Finish, Source};
use crate::matmul::{Matmul, panel_width};
use crate::scratch;
use crate::shape::{Block, ConvShape, split};
use crate::simd::{Simd, Work, dispatch};

/// Convolves `source` with `weights` `[out][in][3][3]` into `out`. `finish` makes what finishes the values of a
/// block, given its number; what it holds at the end comes back in the order of the blocks.
pub fn forward<F: Finish + Send>(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let grid = Grid::new(shape);
    let (inputs, outputs) = (shape.in_channels, shape.out_channels);
    let blocks = grid.blocks(shape.batch, POINTS * (inputs + outputs));
    let row_len = grid.width * outputs;
    let parts = split(out, blocks.iter().map(|block| block.range(grid.height, row_len, TILE)));
    scratch::with(weights::packed_len(inputs, outputs), |packed| {
        weights::pack(weights, outputs, inputs, false, packed);
        let packed = &*packed;
        if wide::pays(&grid, shape, inputs + outputs) {
            return wide::forward(&grid, shape, source, packed, &blocks, parts, finish);
        }
        blocks
            .par_iter()
            .zip(parts)
            .enumerate()
            .with_max_len(1)
            .map(|(index, (block, out))| {
                let tiles = grid.tiles_in(block);
                let (from, to) = (Planes::new(tiles, inputs), Planes::new(tiles, outputs));
                let mut finish = finish(index);
                scratch::with(from.len() + to.len(), |planes| {
                    let base = block.range(grid.height, row_len, TILE).start;
                    let finish = &mut finish;
                    dispatch(BlockForward { grid, block, shape, source, packed, out, base, finish, from, to, planes });
                });
                finish
            })
            .collect()
    })
}

struct BlockForward<'a, A, F> {
    grid: Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    source: &'a A,
    packed: &'a [f32],
    out: &'a mut [f32],
    base: usize,
    finish: &'a mut F,
    from: Planes,
    to: Planes,
    planes: &'a mut [f32],
}

impl<A: Source, F: Finish> Work for BlockForward<'_, A, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (from_planes, to_planes) = self.planes.split_at_mut(self.from.len());
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(&self.grid, place, self.shape.in_channels);
            // SAFETY: the planes have room for every tile of the block.
            unsafe {
                let tile = from_planes.as_mut_ptr().add(tile * self.from.channels);
                place.input::<S, A>(self.source, tile, &self.from);
            }
        }
        // SAFETY: planes and packed weights have the sizes that their owners computed.
        unsafe {
            multiply::<S>(
                from_planes,
                &self.from,
                self.packed,
                to_planes,
                &self.to,
                self.grid.tiles_in(self.block),
                self.shape.in_channels,
            );
        }
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(&self.grid, place, self.shape.out_channels);
            // SAFETY: as above.
            unsafe {
                let tile = to_planes.as_ptr().add(tile * self.to.channels);
                place.output::<S>(tile, &self.to, self.out, self.base, self.finish);
            }
        }
    }
}

/// Multiplies each of the 36 planes by its matrix of packed weights.
#[inline(always)]
pub unsafe fn multiply<S: Simd>(
    from_planes: &[f32],
    from: &Planes,
    packed: &[f32],
    to_planes: &mut [f32],
    to: &Planes,
    tiles: usize,
    depth: usize,
) {
    for (point, plane) in to_planes.chunks_exact_mut(to.stride).enumerate() {
        let from_plane = &from_planes[point * from.stride..][..from.stride];
        // SAFETY: passed on to the caller.
        unsafe { multiply_point::<S>(point, from_plane, from, packed, plane, to, tiles, depth) };
    }
}

/// Multiplies the plane of one point by its matrix of packed weights.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three matrices with their shapes")]
pub unsafe fn multiply_point<S: Simd>(
    point: usize,
    from_plane: &[f32],
    from: &Planes,
    packed: &[f32],
    to_plane: &mut [f32],
    to: &Planes,
    tiles: usize,
    depth: usize,
) {
    let mut column = 0;
    while column < to.channels {
        let width = panel_width(S::LANES, column, to.channels);
        // SAFETY: the planes have room for the tiles' channels, the packed weights `depth` rows for every point.
        unsafe {
            S::call(Matmul {
                left: from_plane.as_ptr(),
                left_row: from.channels,
                left_step: 1,
                right: packed.as_ptr().add((column * POINTS + point * width) * depth),
                right_step: width,
                out: to_plane.as_mut_ptr().add(column),
                out_row: to.channels,
                rows: tiles,
                columns: width,
                depth,
                add: false,
            });
        }
        column += width;
    }
}
