//! A learning rate and a batch size to begin with, each with what they were chosen by. Must not know other panels.

mod batch;
mod panel;
mod rate;
mod view;

pub use panel::FindPanel;
