//! The fused operations, forward and backward, against their twins in double precision, against burn's own
//! operations, and against themselves on other numbers of threads and with other instructions.

#![allow(clippy::many_single_char_names, reason = "the letters of the formulas")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod against_burn;
mod against_twins;
mod descent;
mod finite_differences;
mod followed;
mod instructions;
mod not_finite;
mod pairs;
mod precision;
mod support;
mod threads;
