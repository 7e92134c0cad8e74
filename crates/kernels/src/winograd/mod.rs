//! Convolutions of 3×3, stride 1, padding 1 by Winograd's F(4×4, 3×3): four by four outputs at a time from six
//! by six inputs, with 36 multiplications instead of 144 (Lavin and Gray 2015, "Fast algorithms for
//! convolutional neural networks").
//!
//! A block of tiles is transformed into 36 planes `[tile][channel]`, each plane is multiplied by its own matrix
//! of transformed weights, and the products are transformed back. Blocks are small enough for their planes to
//! stay in the second-level cache.

mod backward;
mod forward;
mod transform;
mod weights;
mod wide;

use crate::scratch::{plane_len, round_up};
use crate::shape::{Block, ConvShape, blocks};
use crate::simd::lanes;

pub use backward::backward;
pub use forward::forward;

/// Rows and columns of outputs in a tile.
const TILE: usize = 4;
/// Rows and columns of inputs that a tile reads.
const PATCH: usize = 6;
/// Values of a transformed patch.
const POINTS: usize = PATCH * PATCH;

/// Whether this module can compute a convolution of that shape.
#[must_use]
pub fn supports(shape: &ConvShape) -> bool {
    shape.kernel == 3 && shape.stride == 1 && shape.padding == 1
}

/// How the maps of a convolution are cut into tiles.
#[derive(Clone, Copy)]
struct Grid {
    height: usize,
    width: usize,
    /// Rows of tiles in an image.
    rows: usize,
    /// Tiles in a row.
    columns: usize,
}

impl Grid {
    fn new(shape: &ConvShape) -> Self {
        Self {
            height: shape.height,
            width: shape.width,
            rows: shape.height.div_ceil(TILE),
            columns: shape.width.div_ceil(TILE),
        }
    }

    /// Blocks whose planes take about `floats_per_tile` floats a tile.
    fn blocks(&self, batch: usize, floats_per_tile: usize) -> Vec<Block> {
        let budget = PLANES_BUDGET / floats_per_tile;
        let tiles = budget.clamp(24, 64);
        blocks(batch, self.rows, tiles / self.columns.max(1))
    }

    /// The tiles of a block in the order of their planes: image, row and column of tiles.
    fn tiles(&self, block: &Block) -> impl Iterator<Item = (usize, usize, usize)> {
        let (images, rows, columns) = (block.images.clone(), block.groups.clone(), self.columns);
        images.flat_map(move |image| {
            rows.clone().flat_map(move |row| (0..columns).map(move |column| (image, row, column)))
        })
    }

    /// The place of a block's first tile among all tiles of the batch.
    fn first_tile(&self, block: &Block) -> usize {
        (block.images.start * self.rows + block.groups.start) * self.columns
    }

    fn tiles_in(&self, block: &Block) -> usize {
        block.len() * self.columns
    }
}

/// Floats that the planes of a block may take together: most of a second-level cache of half a megabyte.
const PLANES_BUDGET: usize = 96 * 1024;

/// The planes of one map's block.
#[derive(Clone, Copy)]
struct Planes {
    /// Channels with the padding that fills the last vector.
    channels: usize,
    /// From one plane to the next.
    stride: usize,
}

impl Planes {
    fn new(tiles: usize, channels: usize) -> Self {
        let channels = round_up(channels, lanes());
        Self { channels, stride: plane_len(tiles * channels) }
    }

    fn len(&self) -> usize {
        self.stride * POINTS
    }
}
