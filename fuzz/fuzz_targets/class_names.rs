//! Names of classes beside folders.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder("class_names", bytes));
