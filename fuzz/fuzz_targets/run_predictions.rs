//! What a run's validation images were taken for.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("arms/plain/predictions.bin", bytes));
