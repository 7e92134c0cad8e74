//! A run's `run.json`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("run.json", bytes));
