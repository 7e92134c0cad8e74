//! Convolutions of 3×3, stride 1, padding 1 by Winograd's F(4×4, 3×3): four by four outputs at a time from six
//! by six inputs, with 36 multiplications instead of 144 (Lavin and Gray 2015, "Fast algorithms for
//! convolutional neural networks").
//!
//! A block of tiles is transformed into 36 planes `[tile][channel]`, each plane is multiplied by its own matrix
//! of transformed weights, and the products are transformed back. Blocks are small enough for their planes to
//! stay in the second-level cache.

mod backward;
mod factors;
mod forward;
mod grid;
mod planes;
mod transform;
mod weights;
mod wide;

pub(crate) use backward::backward;
pub(crate) use factors::Factors;
pub(crate) use forward::forward;
pub(crate) use grid::supports;
