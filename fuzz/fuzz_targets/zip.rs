//! A zip archive of folders.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("set.zip", bytes));
