//! Fused operations of residual networks on the processor: convolution, norm, shortcut and activation, forward
//! and backward, on burn's Flex backend.
//!
//! [`ops`] is what networks call: functions on tensors `[n, c, h, w]` that burn differentiates. Below it are
//! plain functions on slices, which know nothing of tensors. Their maps are channels-last, `[n][h][w][c]`; the
//! tensors of [`ops`] keep that memory and show it as `[n, c, h, w]`, so that fused operations hand maps to each
//! other without a copy and every other operation still sees what it expects.
//!
//! Work is cut by the shape alone, and partial sums are added in a fixed order: results are the same bit for
//! bit, whatever the number of threads. All code that is not checked by the compiler is in this crate; every
//! operation has a plain twin in [`twin`], which is its definition and what the tests compare it with.

#![expect(
    clippy::inline_always,
    reason = "a register kernel that is not inlined into its instruction set's function spills every register"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::many_single_char_names,
    clippy::needless_range_loop,
    reason = "kernels are written in the letters of their formulas, over indices, and in single precision"
)]
#![expect(unsafe_code, reason = "inner loops that the compiler cannot check; each says why it is sound")]

pub mod activation;
mod affine;
mod block;
mod conv;
mod descent;
mod direct;
mod filters;
mod follow;
mod group;
mod layout;
mod map;
mod matmul;
mod norm;
pub mod ops;
mod pages;
mod pairs;
pub mod pooling;
pub mod precision;
mod scratch;
pub mod shape;
pub mod shortcut;
mod simd;
mod statistics;
mod sums;
mod turn;
pub mod twin;
mod winograd;
