//! A small balanced data set in one file, as the program makes it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("subset.bin", bytes));
