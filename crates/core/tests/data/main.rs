//! Images from disk: every format read back exactly, bad input refused in one clear line, batches that depend on
//! their position only.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod archives;
mod arrays;
mod bad_input;
mod batches;
mod file_names;
mod folders;
mod formats;
mod jpeg;
mod keeping;
mod kin;
mod labelled;
mod layouts;
mod left_out;
mod make;
mod parquet;
mod part_lists;
mod pictures;
mod pixels;
mod python;
mod scoring;
mod sizes;
mod survey;
mod tables;
