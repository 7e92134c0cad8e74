//! MATLAB's arrays, as of SVHN.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::file("train_32x32.mat", bytes));
