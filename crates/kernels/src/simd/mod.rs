//! Vectors of `f32` of the machine's own width, chosen when the program runs.
//!
//! Every kernel is written once, generic over [`Simd`], and entered through [`dispatch`], which compiles its
//! body for AVX-512, for AVX2 with FMA, for NEON and for plain Rust, and takes the best that the processor offers.
//! Nothing here knows what a convolution is.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod vector;

pub(crate) use dispatch::{Pairs, dispatch, lanes};
pub(crate) use vector::{MOST_LANES, Simd, Work, load_up_to, prefetch, store_up_to};
