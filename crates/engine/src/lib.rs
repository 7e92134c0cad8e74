//! Everything that computes with networks: building, training and looking into them.
//!
//! Watchers need [`train::engine::Engine`] and the protocol of `lab_core` only. Knows nothing of windows or terminals.

#![recursion_limit = "256"]

pub mod inspect;
pub mod kept;
pub mod nn;
pub mod train;
