//! CIFAR's binary files.

#![no_main]

const FILES: [(&str, &[u8]); 3] = [
    ("data_batch_1.bin", include_bytes!("../whole/cifar/data_batch_1.bin")),
    ("test_batch.bin", include_bytes!("../whole/cifar/test_batch.bin")),
    ("batches.meta.txt", include_bytes!("../whole/cifar/batches.meta.txt")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lab_fuzz::folder(&FILES, bytes));
