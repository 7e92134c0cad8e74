//! MNIST's files.

#![no_main]

const FILES: [(&str, &[u8]); 4] = [
    ("train-images-idx3-ubyte", include_bytes!("../whole/idx/train-images-idx3-ubyte")),
    ("train-labels-idx1-ubyte", include_bytes!("../whole/idx/train-labels-idx1-ubyte")),
    ("t10k-images-idx3-ubyte", include_bytes!("../whole/idx/t10k-images-idx3-ubyte")),
    ("t10k-labels-idx1-ubyte", include_bytes!("../whole/idx/t10k-labels-idx1-ubyte")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
