//! How maps are cut into tiles, and how the transformed tiles lie in memory.

use std::ops::Range;

use super::factors::Factors;
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
    pub factors: Factors,
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
    pub fn new(shape: &ConvShape, factors: Factors) -> Self {
        Self {
            height: shape.height,
            width: shape.width,
            rows: shape.height.div_ceil(TILE),
            columns: shape.width.div_ceil(TILE),
            factors,
        }
    }

    /// Blocks whose planes take about `floats_per_tile` floats a tile.
    pub fn blocks(&self, batch: usize, floats_per_tile: usize) -> Vec<Block> {
        let budget = PLANES_BUDGET / floats_per_tile;
        let tiles = budget.clamp(24, 64);
        blocks(batch, self.rows, tiles / self.columns.max(1))
    }

    /// Some tiles of the batch.
    pub fn tiles(&self, range: Range<usize>) -> impl Iterator<Item = Tile> {
        let (rows, columns) = (self.rows, self.columns);
        let (row, column) = (range.start / columns, range.start % columns);
        let mut next = Tile { image: row / rows, row: row % rows, column };
        range.map(move |_| {
            let tile = next;
            next.column += 1;
            if next.column == columns {
                next = Tile { image: tile.image, row: tile.row + 1, column: 0 };
            }
            if next.row == rows {
                next = Tile { image: tile.image + 1, row: 0, column: 0 };
            }
            tile
        })
    }

    /// How many there are.
    pub fn count(&self, batch: usize) -> usize {
        batch * self.rows * self.columns
    }

    /// The tiles of a block among those of the batch.
    pub fn tiles_of(&self, block: &Block) -> Range<usize> {
        let first = (block.images.start * self.rows + block.groups.start) * self.columns;
        first..first + block.len() * self.columns
    }
}

/// Which values share a lane.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Nothing,
    /// A channel and the next one: what a convolution sums over.
    Channels,
    /// A tile and the next one: what the gradients of weights sum over.
    Tiles,
}

/// The planes of one map's tiles.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    /// Channels with the padding that fills the last vector.
    pub channels: usize,
    /// From one row of a plane, which is a tile or a pair of them, to the next.
    pub row: usize,
    /// From one plane to the next.
    pub stride: usize,
    tiles: usize,
    sharing: Sharing,
}

/// Where the transformed values of one tile go.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// Its row in the first plane.
    pub row: *mut f32,
    /// From one plane to the next.
    pub stride: usize,
    pub part: Part,
}

/// What of its lanes a tile fills.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Lanes,
    /// Each lane with two channels.
    Pairs,
    /// The first half of each lane; the lanes hold single precision until the second half comes.
    First,
    Second,
    /// The first half of each lane beside nothing.
    Last,
}

/// Channels from which on tiles lie an odd number of cache lines apart: a product takes the same channels of many tiles,
/// which a power of two apart push each other out of the cache.
const MANY: usize = 128;

impl Planes {
    /// Of products.
    pub fn new(tiles: usize, channels: usize) -> Self {
        Self::sharing(Sharing::Nothing, tiles, channels)
    }

    /// Of factors whose products are summed over channels.
    pub fn over_channels(factors: Factors, tiles: usize, channels: usize) -> Self {
        let sharing = if matches!(factors, Factors::Paired(_)) { Sharing::Channels } else { Sharing::Nothing };
        Self::sharing(sharing, tiles, channels)
    }

    /// Of factors whose products are summed over tiles.
    pub fn over_tiles(factors: Factors, tiles: usize, channels: usize) -> Self {
        let sharing = if matches!(factors, Factors::Paired(_)) { Sharing::Tiles } else { Sharing::Nothing };
        Self::sharing(sharing, tiles, channels)
    }

    fn sharing(sharing: Sharing, tiles: usize, channels: usize) -> Self {
        let channels = round_up(channels, lanes());
        let floats = if sharing == Sharing::Channels { channels / 2 } else { channels };
        let row = if floats < MANY { floats } else { plane_len(floats) };
        let rows = if sharing == Sharing::Tiles { tiles.div_ceil(2) } else { tiles };
        Self { channels, row, stride: plane_len(rows * row), tiles, sharing }
    }

    pub fn len(&self) -> usize {
        self.stride * POINTS
    }

    /// The slot of a tile in planes that start at `start`.
    #[inline(always)]
    pub fn slot(&self, start: *mut f32, tile: usize) -> Slot {
        let (row, part) = match self.sharing {
            Sharing::Nothing => (tile, Part::Lanes),
            Sharing::Channels => (tile, Part::Pairs),
            Sharing::Tiles if tile % 2 == 1 => (tile / 2, Part::Second),
            Sharing::Tiles if tile + 1 == self.tiles => (tile / 2, Part::Last),
            Sharing::Tiles => (tile / 2, Part::First),
        };
        Slot { row: start.wrapping_add(row * self.row), stride: self.stride, part }
    }
}

/// The planes of some tiles on the way back.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Inputs, for the gradients of the weights.
    pub inputs: Planes,
    /// Gradients, for those of the inputs.
    pub patches: Planes,
    /// Gradients, for those of the weights.
    pub middles: Planes,
    /// Products that become the inputs' gradients; they take the place of the inputs, which have served by then.
    pub products: Planes,
}

impl Layout {
    pub fn new(factors: Factors, tiles: usize, inputs: usize, outputs: usize) -> Self {
        Self {
            inputs: Planes::over_tiles(factors, tiles, inputs),
            patches: Planes::over_channels(factors, tiles, outputs),
            middles: Planes::over_tiles(factors, tiles, outputs),
            products: Planes::new(tiles, inputs),
        }
    }

    pub fn len(&self) -> usize {
        self.products.len() + self.patches.len() + self.middles.len()
    }

    /// Memory of that length for the inputs or the products, the patches and the middles.
    pub fn split<'a>(&self, planes: &'a mut [f32]) -> [&'a mut [f32]; 3] {
        let (products, rest) = planes.split_at_mut(self.products.len());
        let (patches, middles) = rest.split_at_mut(self.patches.len());
        [products, patches, middles]
    }
}
