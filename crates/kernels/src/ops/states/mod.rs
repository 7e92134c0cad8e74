//! What each fused operation keeps between its two passes, and its backward pass. Nothing here knows how burn
//! records operations.

mod conv;
mod norm;
mod pool;

pub(super) use conv::{ConvNormState, ConvState};
pub(super) use norm::{AddState, AffineState, NormState};
pub(super) use pool::{GlobalState, PadState, PoolState, SmoothState};
