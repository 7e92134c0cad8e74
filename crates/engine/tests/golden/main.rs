//! The product's numbers held against PyTorch's. `tests/golden/README.md` says where those come from.

#![allow(deprecated, reason = "burn-ndarray is deprecated upstream, but is the independent reference here")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it stands")]

mod case;
mod counts;
mod initialisation;
mod instruments;
mod networks;
mod optimizers;
mod schedules;
mod torchvision_nets;

use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::path::PathBuf;

/// Where a golden file lies.
fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

fn json<T: DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(golden(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The largest of many distances, and what it was measured on.
struct Worst {
    of: &'static str,
    limit: f64,
    distance: f64,
    at: String,
}

impl Worst {
    fn new(of: &'static str, limit: f64) -> Self {
        Self { of, limit, distance: 0.0, at: "-".into() }
    }

    fn note(&mut self, distance: f64, at: impl Display) {
        let distance = if distance.is_nan() { f64::INFINITY } else { distance };
        if distance > self.limit {
            println!("{} off by {distance:.1e}, at {at}", self.of);
        }
        if distance > self.distance {
            (self.distance, self.at) = (distance, at.to_string());
        }
    }

    /// Prints the worst and fails if it is beyond the limit.
    fn judge(&self) {
        println!("{}: {:.1e} at most, at {}", self.of, self.distance, self.at);
        assert!(self.distance <= self.limit, "{} off by {:.2e}, at {}", self.of, self.distance, self.at);
    }
}

/// How far apart two numbers are, as a share of the expected one.
fn relative(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(1e-12)
}

/// How far apart two arrays are: ‖found − expected‖ / ‖expected‖.
fn apart(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len(), "lengths");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let pairs = found.iter().zip(expected);
    let difference = norm(&mut pairs.map(|(&a, &b)| f64::from(a) - f64::from(b)));
    difference / norm(&mut expected.iter().map(|&b| f64::from(b))).max(1e-12)
}
