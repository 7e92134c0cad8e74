//! Pictures with their classes in a tar archive.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("set.tar", bytes));
