//! Residual Lab: train plain and residual networks side by side and look inside them.
//!
//! Modules depend on each other in one direction only:
//! `experiment ← data ← nn ← train ← {inspect, runs} ← {app, cli}`; `random`, `files` and `instrument` are below them
//! all.

#![recursion_limit = "256"]

pub mod app;
pub mod cli;
pub mod data;
pub mod experiment;
pub mod files;
pub mod inspect;
pub mod instrument;
pub mod nn;
pub mod random;
pub mod runs;
pub mod train;
