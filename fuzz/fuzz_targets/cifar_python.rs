//! CIFAR's files for Python.

#![no_main]

const FILES: [(&str, &[u8]); 3] = [
    ("data_batch_1", include_bytes!("../whole/cifar_python/data_batch_1")),
    ("test_batch", include_bytes!("../whole/cifar_python/test_batch")),
    ("batches.meta", include_bytes!("../whole/cifar_python/batches.meta")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
