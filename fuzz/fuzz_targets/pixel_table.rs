//! A table of pixels.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("train.csv", bytes));
