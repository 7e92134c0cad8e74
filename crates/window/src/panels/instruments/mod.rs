//! The instruments' panels: what is asked of the networks, and what comes back, arm beside arm on shared scales. What
//! they have in common is in `bench`; which weights are asked is one choice for all of them. Must not know other
//! panels.

mod bench;
mod by_block;
pub mod explain;
mod histograms;
mod histories;
pub mod inside;
pub mod landscape;
pub mod lesions;
mod maps;
mod overlay;
mod paper;
pub mod predictions;
mod range;
mod revealing;
mod several;
mod sieve;
mod span;
mod tiles;
mod verdict;
