//! Images from disk: every format read back exactly, bad input refused in one clear line, batches that depend on
//! their position only.

mod bad_input;
mod batches;
mod folders;
mod formats;
mod make;
mod pictures;
