//! CIFAR's binary files.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder("cifar", bytes));
