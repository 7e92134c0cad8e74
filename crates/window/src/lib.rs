//! The window. It sees plain values only: plans, commands and events, never a tensor or a model.
//!
//! Each frame [`App`] takes in the engine's events (`state`), draws the form, the bar and the panels, and carries out
//! what a person asked for (`action`). Nothing here waits: dialogs and the engine answer by messages.

pub mod action;
pub mod dialogs;
pub mod export;
pub mod form;
mod give_away;
mod kit;
pub mod panel;
pub mod panels;
mod scene;
mod shelf;
mod shell;
pub mod state;

pub use shell::start::{AppError, Connect, Options, Renderer, Wake, run};
pub use shell::{App, Parts};
