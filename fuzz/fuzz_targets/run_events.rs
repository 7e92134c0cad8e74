//! A run's list of events.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::run("events.jsonl", bytes));
