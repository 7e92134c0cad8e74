//! What form and panels are made of: colours and sizes, plots, widgets, words. Must not know actions, state or panels.

pub mod background;
pub mod beyond;
pub mod canvas;
pub mod chart;
pub mod chips;
pub mod glossary;
pub mod legend;
pub mod line;
pub mod plot;
pub mod room;
pub mod samples;
pub mod stamps;
pub mod theme;
pub mod typed_path;
pub mod widgets;
