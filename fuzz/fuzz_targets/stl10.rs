//! STL-10's files.

#![no_main]

const FILES: [(&str, &[u8]); 3] = [
    ("train_y.bin", include_bytes!("../whole/stl10/train_y.bin")),
    ("train_X.bin", include_bytes!("../whole/stl10/train_X.bin")),
    ("class_names.txt", include_bytes!("../whole/stl10/class_names.txt")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
