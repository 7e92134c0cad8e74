//! A run as a zip file from elsewhere.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::bundled(bytes));
