//! Tables of pictures.

#![no_main]

libfuzzer_sys::fuzz_target!(
    // What the library throws is caught by the program; only what gets past it ends a run.
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| lab_fuzz::file("set.parquet", bytes)
);
