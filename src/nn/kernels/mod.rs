//! Fused operations of residual networks on the processor: convolution, norm, shortcut and activation, forward
//! and backward, on burn's Flex backend.
//!
//! [`ops`] is what networks call: functions on tensors `[n, c, h, w]` that burn differentiates. Below it are
//! plain functions on slices, which know nothing of tensors. Their maps are channels-last, `[n][h][w][c]`; the
//! tensors of [`ops`] keep that memory and show it as `[n, c, h, w]`, so that fused operations hand maps to each
//! other without a copy and every other operation still sees what it expects.
//!
//! Work is cut by the shape alone, and partial sums are added in a fixed order: results are the same bit for
//! bit, whatever the number of threads. All code that is not checked by the compiler is in this folder; every
//! operation has a plain twin in [`twin`], which is its definition and what the tests compare it with.

#![allow(unsafe_code, reason = "inner loops that the compiler cannot check; each says why it is sound")]

pub mod activation;
pub mod conv;
mod direct;
pub mod group;
pub mod layout;
pub mod map;
mod matmul;
pub mod norm;
pub mod ops;
pub mod pooling;
mod scratch;
pub mod shape;
pub mod shortcut;
pub mod simd;
pub mod statistics;
pub mod twin;
mod winograd;
