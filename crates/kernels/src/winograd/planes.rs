//! What happens to the transformed planes of some tiles: they are filled from maps, multiplied, and emptied into maps.
//! Whether the tiles are those of a block or of the whole batch, and which threads work on them, is their users' affair.

use std::ops::Range;

use rayon::prelude::*;

use super::factors::Factors;
use super::grid::{Grid, POINTS, Planes, Slot, TILE};
use super::transform::Place;
use super::weights::point_len;
use crate::block::Block;
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::matmul::{Matmul, panel_width};
use crate::simd::{Simd, Work};

/// Planes that tasks fill together: each writes the rows of its own tiles.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    start: *mut f32,
    pub planes: Planes,
}

// SAFETY: tasks write the rows of different tiles, and nobody reads before all have finished.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn new(planes: Planes, memory: &mut [f32]) -> Self {
        assert_eq!(memory.len(), planes.len());
        Self { start: memory.as_mut_ptr(), planes }
    }

    #[inline(always)]
    pub fn slot(&self, tile: usize) -> Slot {
        self.planes.slot(self.start, tile)
    }
}

/// Transforms the input patches of some tiles of the batch into `planes`, whose tile `first` is the first of them.
pub(super) struct Spread<'a, A> {
    pub grid: &'a Grid,
    pub tiles: Range<usize>,
    pub source: &'a A,
    pub channels: usize,
    pub planes: Shared,
    pub first: usize,
}

impl<A: Source> Work for Spread<'_, A> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for (tile, place) in self.grid.tiles(self.tiles).enumerate() {
            let place = Place::new(self.grid, place, self.channels);
            // SAFETY: the planes have room for every tile.
            unsafe { place.input::<S, A>(self.source, self.planes.slot(self.first + tile)) };
        }
    }
}

/// The products of the planes of `tiles` tiles, each with its own matrix of packed weights.
#[derive(Clone, Copy)]
pub(super) struct Products<'a> {
    pub packed: &'a [f32],
    pub from: Planes,
    pub to: Planes,
    pub tiles: usize,
    /// Lanes with the channels that are summed over.
    pub depth: usize,
    pub factors: Factors,
}

impl Products<'_> {
    /// Computes them point after point.
    ///
    /// # Safety
    /// `S` must be the width that was dispatched.
    #[inline(always)]
    pub unsafe fn compute<S: Simd>(&self, from: &[f32], to: &mut [f32]) {
        for (point, to) in to.chunks_exact_mut(self.to.stride).enumerate() {
            // SAFETY: passed on to the caller.
            unsafe { self.at(point, from, to).run::<S>() };
        }
    }

    /// Computes them all at a time.
    pub fn compute_side_by_side(&self, from: &[f32], to: &mut [f32]) {
        to.par_chunks_mut(self.to.stride)
            .enumerate()
            .with_max_len(1)
            .for_each(|(point, to)| self.factors.dispatch(self.at(point, from, to)));
    }

    #[inline(always)]
    fn at<'a>(&'a self, point: usize, from: &'a [f32], to: &'a mut [f32]) -> Product<'a> {
        Product { products: self, point, from: &from[point * self.from.stride..][..self.from.stride], to }
    }
}

/// The product of one point.
struct Product<'a> {
    products: &'a Products<'a>,
    point: usize,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Work for Product<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Products { packed, from, to, tiles, depth, .. } = *self.products;
        let mut column = 0;
        while column < to.channels {
            let width = panel_width(S::LANES, column, to.channels);
            let panel = column / (2 * S::LANES) * POINTS * point_len(depth, 2 * S::LANES);
            // SAFETY: the planes have room for the tiles' channels, the packed weights `depth` rows for every point.
            unsafe {
                S::call(Matmul {
                    left: self.from.as_ptr(),
                    left_row: from.row,
                    left_step: 1,
                    right: packed.as_ptr().add(panel + self.point * point_len(depth, width)),
                    right_step: width,
                    out: self.to.as_mut_ptr().add(column),
                    out_row: to.row,
                    rows: tiles,
                    columns: width,
                    depth,
                    add: false,
                    fetch: false,
                });
            }
            column += width;
        }
    }
}

/// The weights' gradients at one point: inputs, transposed, times gradients, added to `part` if `add` is set.
pub(super) struct Weigh<'a> {
    /// The plane of the inputs.
    pub inputs: &'a [f32],
    pub from: Planes,
    /// The plane of the gradients.
    pub gradients: &'a [f32],
    pub to: Planes,
    pub part: &'a mut [f32],
    /// Channels of the inputs.
    pub channels: usize,
    /// Rows of the planes: tiles or pairs of them.
    pub depth: usize,
    pub add: bool,
}

impl Work for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { inputs, from, gradients, to, part, channels, depth, add } = self;
        // SAFETY: the planes hold the tiles' channels, the part a row of gradients for each input channel.
        unsafe {
            S::call(Matmul {
                left: inputs.as_ptr(),
                left_row: 1,
                left_step: from.row,
                right: gradients.as_ptr(),
                right_step: to.row,
                out: part.as_mut_ptr(),
                out_row: to.channels,
                rows: channels,
                columns: to.channels,
                depth,
                add,
                fetch: true,
            });
        }
    }
}

/// Transforms the products of a block back into the block's part of a map.
pub(super) struct Gather<'a> {
    pub grid: &'a Grid,
    pub block: &'a Block,
    pub products: &'a [f32],
    pub planes: Planes,
    /// Which tile of the products is the block's first.
    pub first: usize,
    pub out: &'a mut [f32],
    pub channels: usize,
}

impl Gather<'_> {
    /// Index of the block's first value in the whole map.
    fn base(&self) -> usize {
        self.block.range(self.grid.height, self.grid.width * self.channels, TILE).start
    }

    /// # Safety
    /// `S` must be the width that was dispatched.
    #[inline(always)]
    unsafe fn finish<S: Simd>(self, finish: &mut impl Finish) {
        let base = self.base();
        for (tile, place) in self.grid.tiles(self.grid.tiles_of(self.block)).enumerate() {
            let place = Place::new(self.grid, place, self.channels);
            // SAFETY: the planes hold every tile of the block.
            unsafe {
                let tile = self.products.as_ptr().add((self.first + tile) * self.planes.row);
                place.output::<S>(tile, &self.planes, self.out, base, finish);
            }
        }
    }
}

/// [`Gather`] of outputs.
pub(super) struct Outputs<'a, F> {
    pub gather: Gather<'a>,
    pub finish: &'a mut F,
}

impl<F: Finish> Work for Outputs<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the width is the dispatched one.
        unsafe { self.gather.finish::<S>(self.finish) };
    }
}

/// [`Gather`] of the inputs' gradients.
pub(super) struct InputGradients<'a> {
    pub gather: Gather<'a>,
    /// Whether to add to what the map holds.
    pub accumulate: bool,
}

impl Work for InputGradients<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the width is the dispatched one.
        unsafe {
            if self.accumulate {
                let base = self.gather.out.as_ptr().wrapping_sub(self.gather.base());
                self.gather.finish::<S>(&mut Accumulate { base });
            } else {
                self.gather.finish::<S>(&mut Keep);
            }
        }
    }
}
