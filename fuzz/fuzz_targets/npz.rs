//! NumPy's arrays in a zip file.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("set.npz", bytes));
