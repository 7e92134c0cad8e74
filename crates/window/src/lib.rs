//! The window of Residual Lab: plans, commands and events go in and out as plain values. It must not know burn, the
//! engine or the kernels: whoever opens it hands in a [`Link`](lab_core::protocol::link::Link) to whatever trains.
//!
//! Each frame [`App`] takes in the engine's events (`state`), draws the form, the bar and the panels, and carries out
//! what a person asked for (`action`). Nothing here waits: dialogs and the engine answer by messages.

mod action;
mod collection;
pub mod dialogs;
mod export;
mod finder;
mod form;
mod give_away;
mod kit;
mod laboratory;
mod own_program;
mod panel;
mod panels;
mod scene;
mod shelf;
mod shell;
mod state;

pub use shell::start::{AppError, Connect, Options, Renderer, Wake, run};
pub use shell::{App, AppParts};
