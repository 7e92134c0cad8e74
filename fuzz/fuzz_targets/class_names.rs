//! Names of classes beside folders.

#![no_main]

const FILES: [(&str, &[u8]); 5] = [
    ("class_names.json", include_bytes!("../whole/class_names/class_names.json")),
    ("ape/0.png", include_bytes!("../whole/class_names/ape/0.png")),
    ("ape/1.png", include_bytes!("../whole/class_names/ape/1.png")),
    ("bee/0.png", include_bytes!("../whole/class_names/bee/0.png")),
    ("bee/1.png", include_bytes!("../whole/class_names/bee/1.png")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
