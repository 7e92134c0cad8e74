//! A run's table of gradients.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("arms/plain/gradients.csv", bytes));
