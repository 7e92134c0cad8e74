//! STL-10's files.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder("stl10", bytes));
