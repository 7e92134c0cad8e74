//! CIFAR's files for Python.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder("cifar_python", bytes));
