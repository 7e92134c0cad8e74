//! A run's table of steps.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("arms/plain/metrics.csv", bytes));
