//! The same for many channels on small maps, where the transformed weights do not fit a cache beside the tiles:
//! all tiles of the batch are transformed first, then each point has one product with its own matrix, which
//! stays in the cache, and then all are transformed back.

use rayon::prelude::*;

use super::backward::{put, weigh};
use super::forward::multiply_point;
use super::transform::Place;
use super::{Grid, POINTS, Planes, TILE, weights};
use crate::conv::Backward;
use crate::map::{Finish, Source};
use crate::scratch;
use crate::shape::{Block, ConvShape, split};
use crate::simd::{Simd, Work, dispatch};

/// Products of channels from which on the weights are too large for the other way.
const MANY: usize = 96 * 96;
/// Floats that the planes of a whole batch may take.
const MOST: usize = 16 << 20;

/// Whether this way is the faster one, for planes of `channels` channels in all.
pub fn pays(grid: &Grid, shape: &ConvShape, channels: usize) -> bool {
    let tiles = shape.batch * grid.rows * grid.columns;
    shape.in_channels * shape.out_channels >= MANY && tiles * channels * POINTS <= MOST
}

/// Planes that tasks fill together: each writes the rows of its own tiles.
#[derive(Clone, Copy)]
struct Shared {
    start: *mut f32,
    planes: Planes,
}

// SAFETY: tasks write the rows of different tiles, and nobody reads before all have finished.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn new(planes: Planes, memory: &mut [f32]) -> Self {
        assert_eq!(memory.len(), planes.len());
        Self { start: memory.as_mut_ptr(), planes }
    }

    fn tile(&self, tile: usize) -> *mut f32 {
        self.start.wrapping_add(tile * self.planes.channels)
    }
}

/// As [`super::forward()`], with packed weights and the output cut into the parts of the blocks.
pub fn forward<F: Finish + Send>(
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
        let inputs = Shared::new(from, from_planes);
        let channels = shape.in_channels;
        blocks.par_iter().with_max_len(1).for_each(|block| dispatch(Spread { grid, block, source, channels, inputs }));
        let depth = shape.in_channels;
        multiply_all(from_planes, &from, packed, to_planes, &to, tiles, depth);
        blocks
            .par_iter()
            .zip(parts)
            .enumerate()
            .with_max_len(1)
            .map(|(index, (block, out))| {
                let mut finish = finish(index);
                dispatch(Gather { grid, block, shape, products: to_planes, planes: to, out, finish: &mut finish });
                finish
            })
            .collect()
    })
}

/// As [`super::backward()`].
pub fn backward(
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
    let part_len = weights::packed_len(inputs, outputs);
    scratch::with(from.len() + 2 * to.len() + part_len, |buffer| {
        let (from_planes, rest) = buffer.split_at_mut(from.len());
        let (patch_planes, rest) = rest.split_at_mut(to.len());
        let (middle_planes, part) = rest.split_at_mut(to.len());
        let planes = (Shared::new(from, from_planes), Shared::new(to, patch_planes), Shared::new(to, middle_planes));
        let wants_inputs = wanted.inputs.is_some();
        blocks.par_iter().with_max_len(1).for_each(|block| {
            dispatch(Spread { grid, block, source, channels: inputs, inputs: planes.0 });
            let patches = wants_inputs.then_some(planes.1);
            dispatch(SpreadGradients { grid, block, source: gradients, channels: outputs, patches, middles: planes.2 });
        });
        part.par_chunks_mut(inputs * to.channels).enumerate().with_max_len(1).for_each(|(point, part)| {
            let inputs = &from_planes[point * from.stride..][..from.stride];
            let gradients = &middle_planes[point * to.stride..][..to.stride];
            dispatch(Weigh { inputs, from, gradients, to, part, channels: shape.in_channels, tiles });
        });
        weights::unpack(part, outputs, inputs, wanted.weights);
        let Some(out) = wanted.inputs else { return };
        // The weights' gradients are done: the packed weights take their place, the products that of the inputs.
        scratch::with(weights::packed_len(outputs, inputs), |packed| {
            weights::pack(weights, outputs, inputs, true, packed);
            multiply_all(patch_planes, &to, packed, from_planes, &from, tiles, outputs);
        });
        let row_len = grid.width * inputs;
        let parts = split(out, blocks.iter().map(|block| block.range(grid.height, row_len, TILE)));
        blocks.par_iter().zip(parts).with_max_len(1).for_each(|(block, out)| {
            let accumulate = wanted.accumulate;
            dispatch(Put { grid, block, shape, products: from_planes, planes: from, out, accumulate });
        });
    });
}

fn multiply_all(
    from_planes: &[f32],
    from: &Planes,
    packed: &[f32],
    to_planes: &mut [f32],
    to: &Planes,
    tiles: usize,
    depth: usize,
) {
    to_planes.par_chunks_mut(to.stride).enumerate().with_max_len(1).for_each(|(point, to_plane)| {
        let from_plane = &from_planes[point * from.stride..][..from.stride];
        dispatch(Multiply { point, from_plane, from: *from, packed, to_plane, to: *to, tiles, depth });
    });
}

/// Transforms the input patches of a block.
struct Spread<'a, A> {
    grid: &'a Grid,
    block: &'a Block,
    source: &'a A,
    channels: usize,
    inputs: Shared,
}

impl<A: Source> Work for Spread<'_, A> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let first = self.grid.first_tile(self.block);
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(self.grid, place, self.channels);
            // SAFETY: the planes have room for every tile of the batch.
            unsafe { place.input::<S, A>(self.source, self.inputs.tile(first + tile), &self.inputs.planes) };
        }
    }
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
            // SAFETY: as for `Spread`.
            unsafe { place.gradients::<S, G>(self.source, patch, middle, &self.middles.planes) };
        }
    }
}

/// The product of one point.
struct Multiply<'a> {
    point: usize,
    from_plane: &'a [f32],
    from: Planes,
    packed: &'a [f32],
    to_plane: &'a mut [f32],
    to: Planes,
    tiles: usize,
    depth: usize,
}

impl Work for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { point, from_plane, from, packed, to_plane, to, tiles, depth } = self;
        // SAFETY: planes and packed weights have the sizes that their owners computed.
        unsafe { multiply_point::<S>(point, from_plane, &from, packed, to_plane, &to, tiles, depth) };
    }
}

/// The weights' gradients of one point.
struct Weigh<'a> {
    inputs: &'a [f32],
    from: Planes,
    gradients: &'a [f32],
    to: Planes,
    part: &'a mut [f32],
    channels: usize,
    tiles: usize,
}

impl Work for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { inputs, from, gradients, to, part, channels, tiles } = self;
        // SAFETY: as for `Multiply`.
        unsafe { weigh::<S>(inputs, &from, gradients, &to, part, channels, tiles, false) };
    }
}

/// Transforms the products of a block back into outputs.
struct Gather<'a, F> {
    grid: &'a Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    products: &'a [f32],
    planes: Planes,
    out: &'a mut [f32],
    finish: &'a mut F,
}

impl<F: Finish> Work for Gather<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let channels = self.shape.out_channels;
        let base = self.block.range(self.grid.height, self.grid.width * channels, TILE).start;
        let first = self.grid.first_tile(self.block);
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(self.grid, place, channels);
            // SAFETY: the planes hold every tile of the batch.
            unsafe {
                let tile = self.products.as_ptr().add((first + tile) * self.planes.channels);
                place.output::<S>(tile, &self.planes, self.out, base, self.finish);
            }
        }
    }
}

/// Transforms the products of a block back into gradients of the inputs.
struct Put<'a> {
    grid: &'a Grid,
    block: &'a Block,
    shape: &'a ConvShape,
    products: &'a [f32],
    planes: Planes,
    out: &'a mut [f32],
    accumulate: bool,
}

impl Work for Put<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let channels = self.shape.in_channels;
        let base = self.block.range(self.grid.height, self.grid.width * channels, TILE).start;
        let first = self.grid.first_tile(self.block);
        for (tile, place) in self.grid.tiles(self.block).enumerate() {
            let place = Place::new(self.grid, place, channels);
            // SAFETY: as for `Gather`.
            unsafe {
                let tile = self.products.as_ptr().add((first + tile) * self.planes.channels);
                put::<S>(&place, tile, &self.planes, self.out, base, self.accumulate);
            }
        }
    }
}
