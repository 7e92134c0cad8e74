//! Weights that PyTorch trained, on images that PyTorch never saw in this program: the counts must be PyTorch's.

use crate::lab::Lab;
use std::path::PathBuf;

/// Weights and images are too large for the repository; a folder `shared/data` beside it or in it may have them.
pub fn shared(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("../shared/data"), root.join("../../shared/data"), root.join("shared/data")];
    let found = places.into_iter().map(|place| place.join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: there is no {name} in a folder shared/data beside the repository");
    }
    found
}

fn correct(weights: &str, preset: &str, device: &str) -> Option<u64> {
    let (weights, data) = (shared(&format!("pretrained/{weights}"))?, shared("cifar10")?);
    let lab = Lab::new();
    let found = lab.json(&[
        "evaluate",
        "--weights",
        weights.to_str().unwrap(),
        "--preset",
        preset,
        "--data",
        data.to_str().unwrap(),
        "--mean",
        "0.485,0.456,0.406",
        "--std",
        "0.229,0.224,0.225",
        "--device",
        device,
        "--json",
    ]);
    assert_eq!(found["total"], 2000);
    let (correct, top1) = (found["correct"].as_u64().unwrap(), found["top1"].as_f64().unwrap());
    assert!((top1 - correct as f64 / 2000.0).abs() < 1e-12);
    assert!(found["top5"].as_f64().unwrap() > top1 && found["loss"].as_f64().unwrap() < 1.0, "{found}");
    Some(correct)
}

#[test]
fn resnet20_gets_as_many_images_right_as_in_pytorch() {
    if let Some(correct) = correct("resnet20-12fca82f.th", "resnet20", "flex") {
        assert_eq!(correct, 1850);
    }
}

#[test]
fn resnet56_gets_as_many_images_right_as_in_pytorch() {
    if let Some(correct) = correct("resnet56-4bfd9763.th", "resnet56", "flex") {
        assert_eq!(correct, 1885);
    }
}

#[test]
fn resnet20_gets_the_same_images_right_on_the_reference_backend() {
    if let Some(correct) = correct("resnet20-12fca82f.th", "resnet20", "ndarray") {
        assert_eq!(correct, 1850);
    }
}
