//! How maps are cut into tiles, and how the transformed tiles lie in memory.

use crate::block::{Block, blocks};
use crate::scratch::{plane_len, round_up};
use crate::shape::ConvShape;
use crate::simd::lanes;

/// Rows and columns of outputs in a tile.
pub(super) const TILE: usize = 4;
/// Rows and columns of inputs that a tile reads.
pub(super) const PATCH: usize = 6;
/// Values of a transformed patch.
pub(super) const POINTS: usize = PATCH * PATCH;

/// Whether tiles can compute a convolution of that shape.
pub(crate) fn supports(shape: &ConvShape) -> bool {
    shape.kernel == 3 && shape.stride == 1 && shape.padding == 1
}

/// Floats that the planes of a block may take together: most of a second-level cache of half a megabyte.
const PLANES_BUDGET: usize = 96 * 1024;

/// How the maps of a convolution are cut into tiles.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub height: usize,
    pub width: usize,
    /// Rows of tiles in an image.
    pub rows: usize,
    /// Tiles in a row.
    pub columns: usize,
}

/// A tile among those of a batch.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub image: usize,
    /// Counted in tiles, as the column is.
    pub row: usize,
    pub column: usize,
}

impl Grid {
    pub fn new(shape: &ConvShape) -> Self {
        Self {
            height: shape.height,
            width: shape.width,
            rows: shape.height.div_ceil(TILE),
            columns: shape.width.div_ceil(TILE),
        }
    }

    /// Blocks whose planes take about `floats_per_tile` floats a tile.
    pub fn blocks(&self, batch: usize, floats_per_tile: usize) -> Vec<Block> {
        let budget = PLANES_BUDGET / floats_per_tile;
        let tiles = budget.clamp(24, 64);
        blocks(batch, self.rows, tiles / self.columns.max(1))
    }

    /// The tiles of a block in the order of their planes.
    pub fn tiles(&self, block: &Block) -> impl Iterator<Item = Tile> {
        let (images, rows, columns) = (block.images.clone(), block.groups.clone(), self.columns);
        images.flat_map(move |image| {
            rows.clone().flat_map(move |row| (0..columns).map(move |column| Tile { image, row, column }))
        })
    }

    /// The place of a block's first tile among all tiles of the batch.
    pub fn first_tile(&self, block: &Block) -> usize {
        (block.images.start * self.rows + block.groups.start) * self.columns
    }

    pub fn tiles_in(&self, block: &Block) -> usize {
        block.len() * self.columns
    }
}

/// The planes of one map's block.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    /// Channels with the padding that fills the last vector.
    pub channels: usize,
    /// From one tile to the next.
    pub row: usize,
    /// From one plane to the next.
    pub stride: usize,
}

/// Channels from which on tiles lie an odd number of cache lines apart: a product takes the same channels of many tiles,
/// which a power of two apart push each other out of the cache.
const MANY: usize = 128;

impl Planes {
    pub fn new(tiles: usize, channels: usize) -> Self {
        let channels = round_up(channels, lanes());
        let row = if channels < MANY { channels } else { plane_len(channels) };
        Self { channels, row, stride: plane_len(tiles * row) }
    }

    pub fn len(&self) -> usize {
        self.stride * POINTS
    }
}
