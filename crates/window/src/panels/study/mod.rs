//! A study of one's own: what is varied around the form's experiment, how it goes, what it has come to. Each way of looking
//! at the results is a file of its own.

mod bits;
mod cells;
mod curves;
mod dimension;
mod heat;
mod history;
mod importance;
mod ladder;
mod panel;
mod paper;
mod parallel;
mod plan;
mod queue;
mod results;
mod slice;
mod timeline;
mod trials;
mod verdict;
mod view;

pub use panel::StudyPanel;
