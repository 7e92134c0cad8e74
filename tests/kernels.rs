//! The fused operations, forward and backward, against their twins in double precision, against burn's own
//! operations, and against themselves on other numbers of threads and with other instructions.

#![allow(clippy::many_single_char_names, reason = "the letters of the formulas")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "kernels/against_burn.rs"]
mod against_burn;
#[path = "kernels/against_twins.rs"]
mod against_twins;
#[path = "kernels/finite_differences.rs"]
mod finite_differences;
#[path = "kernels/instructions.rs"]
mod instructions;
#[path = "kernels/support.rs"]
mod support;
#[path = "kernels/threads.rs"]
mod threads;
