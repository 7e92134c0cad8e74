//! What Residual Lab talks about, in plain values: experiments, networks as blueprints, images, questions and answers,
//! the protocol between the engine and whoever watches it, and run folders.
//!
//! Everybody may know this crate. It knows nothing of tensors, windows or terminals.

pub mod behind;
pub mod blueprint;
pub mod checkpoint;
pub mod checksum;
pub mod data;
pub mod experiment;
pub mod export;
pub mod fetch;
pub mod files;
pub mod finder;
pub mod instrument;
pub mod learn;
pub mod machine;
pub mod memory;
pub mod names;
pub mod number;
pub mod png;
pub mod protocol;
pub mod quantity;
pub mod random;
pub mod runs;
pub mod search;
pub mod statistics;
pub mod study;
pub mod table;
pub mod verdict;
pub mod watch;
