//! The window. It sees plain values only: plans, commands and events, never a tensor or a model.
//!
//! Each frame [`App`] takes in the engine's events (`state`), draws the form, the bar and the panels, and carries out
//! what a person asked for (`action`). Nothing here waits: dialogs and the engine answer by messages.

mod about;
pub mod action;
mod bar;
mod carry;
mod commands;
pub mod dialogs;
pub mod export;
pub mod form;
mod frames;
mod help;
mod keys;
mod latest;
pub mod link;
pub mod memory;
pub mod number;
mod palette;
pub mod panels;
mod plot;
mod prompt;
mod shelf;
mod shell;
mod start;
pub mod state;
pub mod theme;
mod toasts;
mod weights;

pub use shell::{App, Parts};
pub use start::{AppError, Options, Renderer, run};
