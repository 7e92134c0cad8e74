//! A table of labels beside pictures.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder("table", bytes));
