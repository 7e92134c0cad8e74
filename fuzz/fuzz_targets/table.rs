//! A table of labels beside pictures.

#![no_main]

const FILES: [(&str, &[u8]); 5] = [
    ("labels.csv", include_bytes!("../whole/table/labels.csv")),
    ("pictures/0.png", include_bytes!("../whole/table/pictures/0.png")),
    ("pictures/1.png", include_bytes!("../whole/table/pictures/1.png")),
    ("pictures/2.png", include_bytes!("../whole/table/pictures/2.png")),
    ("pictures/3.png", include_bytes!("../whole/table/pictures/3.png")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
