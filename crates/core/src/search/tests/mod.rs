//! What a search promises: Optuna's numbers, the same proposals whenever it is asked, better points than chance.

mod golden;
mod making;
mod proposals;
mod quality;
mod spaces;
mod stopping;
mod tails;
