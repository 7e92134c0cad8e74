//! A run's file for TensorBoard.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("arms/plain/events.out.tfevents.0.residual-lab", bytes));
