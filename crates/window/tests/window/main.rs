//! What a person does in the window, by the names that a screen reader reads out, against a scripted engine.

#![allow(
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests"
)]

mod arms;
mod asked;
mod classify;
mod collection;
mod conclusions;
mod confusion;
mod diagram;
mod dialogs;
mod doing;
mod explain;
mod exports;
mod find;
mod form;
mod given;
mod inside;
mod landscape;
mod large;
mod lesions;
mod lines;
mod live;
mod made;
mod pictures;
mod plots;
mod predictions;
mod presenting;
mod remembered;
mod room;
mod runs;
mod scripted;
mod shell;
mod studies;
mod unasked;
