//! A run that an earlier version began goes on with the very bits that that version would have gone on with.
//!
//! `tests/data/kept-run-0.1/half` was stopped by version 0.1.0 after 33 of 120 steps; `expected` is what the same version
//! made of the same experiment without a stop. Its numbers are those of a processor with AVX-512: vectors of another width
//! add in another order.

use crate::lab::Lab;
use std::fs;
use std::path::Path;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn adds_in_the_same_order() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn adds_in_the_same_order() -> bool {
    false
}

#[test]
fn a_run_of_version_0_1_goes_on_bit_by_bit() {
    let lab = Lab::new();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kept-run-0.1");
    copy(&kept.join("half"), &lab.path("run"));
    copy(&kept.join("expected"), &lab.path("expected"));
    let said = lab.ok(&["train", "--resume", "run", "--device", "flex"]);
    assert!(said.contains("all steps are done, 120 steps"), "{said}");
    for arm in ["plain", "residual"] {
        assert_eq!(lab.metrics("run", arm).len(), 120);
        if !adds_in_the_same_order() {
            eprintln!("SKIPPED: the numbers to compare with are those of AVX-512, which this processor does not have");
            continue;
        }
        assert_eq!(lab.numbers("run", arm), lab.numbers("expected", arm));
        let arm = Path::new("arms").join(arm);
        for file in [
            "gradients.csv",
            "confusion.csv",
            "predictions.bin",
            "checkpoints/last/weights.safetensors",
            "checkpoints/last/optimizer.safetensors",
        ] {
            let [ours, theirs] = ["run", "expected"].map(|run| fs::read(lab.path(run).join(&arm).join(file)).unwrap());
            assert!(ours == theirs, "{}/{file} has other bytes", arm.display());
        }
    }
}
