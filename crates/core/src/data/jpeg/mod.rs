//! What a JPEG decoder should have said: whether a file is whole. Decoders differ in what they forgive, and fill up
//! what is missing with gray, which a network would then be trained on.
//!
//! [`tidy`] brings the segments of a file into the order of the book, as libjpeg reads them; [`check`] then goes
//! through the entropy-coded data and counts what is there. Neither makes pixels; [`reduced`] makes few of them.

mod bits;
mod check;
mod flaw;
mod frame;
mod reduced;
mod segments;

pub(super) use check::check;
pub(super) use flaw::Flaw;
pub(super) use reduced::reduced;
pub(super) use segments::{START, tidy};
