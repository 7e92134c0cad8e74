//! Weights of every format, changed at random, as the core's test of this name does it with all other files.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../../../core/tests/mutated/hold.rs"]
mod hold;

use hold::{hold, peak, times};
use lab_engine::nn::weights;
use std::fs;
use std::path::Path;

/// One number that a kilobyte of file repeats a billion times.
#[test]
fn weights_that_repeat_what_is_stored_once_are_refused() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutated");
    let why = weights::read(&here.join("expanded.pth")).unwrap_err().to_string();
    assert!(why.contains("expanded.pth"), "{why}");
    assert!(peak().is_none_or(|peak| peak < 512 << 20), "{:?} bytes", peak());
}

/// Files of PyTorch in its new and its old format, and the same weights as safetensors.
#[test]
fn weights_of_any_format() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutated");
    let place = tempfile::tempdir().unwrap();
    let state = weights::read(&here.join("net.pth")).unwrap();
    let names: Vec<&str> = state.keys().map(|name| name.rsplit("module.").next().unwrap()).collect();
    assert_eq!(names, ["bn1.running_var", "conv1.weight", "fc.bias", "fc.weight"]);
    assert_eq!(weights::read(&here.join("old.pth")).unwrap().len(), state.len());
    let ours = place.path().join("net.safetensors");
    weights::write(&ours, &state).unwrap();
    for file in [here.join("net.pth"), here.join("old.pth"), ours] {
        let changed = place.path().join("changed");
        hold(&file.display().to_string(), &fs::read(&file).unwrap(), times(500), |bytes| {
            fs::write(&changed, bytes).unwrap();
            drop(weights::read(&changed));
        });
    }
}
