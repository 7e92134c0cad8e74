//! Weights: safetensors, PyTorch's new and old files.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::weights(bytes));
