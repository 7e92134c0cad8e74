//! Training with bfloat16 products.

use crate::lab::{Lab, TINY};
use std::fs;

const PLAN: &[&str] = &[
    "--preset",
    "resnet20",
    "--steps",
    "6",
    "--set",
    "recipe.precision=bf16",
    "--set",
    "arms[0].network.body.cifar={depth=8,width=4}",
    "--set",
    "recipe.evaluate_every.steps=3",
];

#[test]
fn a_run_in_bfloat16_says_so_learns_other_numbers_and_is_scored_as_it_was_validated() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--out", "brain"], PLAN, TINY].concat());
    lab.ok(&[&["train", "--out", "single"], PLAN, TINY, &["--set", "recipe.precision=f32"]].concat());
    let plan = |run: &str| fs::read_to_string(lab.path(run).join("experiment.toml")).unwrap();
    assert!(plan("brain").contains("precision = \"bf16\"") && !plan("single").contains("precision"));
    assert_ne!(lab.numbers("brain", "resnet20"), lab.numbers("single", "resnet20"));

    let scored = |run: &str| {
        lab.json(&["evaluate", run, "--checkpoint", "last", "--device", "flex", "--json"])["loss"].as_f64().unwrap()
    };
    let table = fs::read_to_string(lab.path("brain/arms/resnet20/metrics.csv")).unwrap();
    let mut lines = table.lines();
    let column = lines.next().unwrap().split(',').position(|name| name == "validation_loss").unwrap();
    let validated: f64 = lines.next_back().unwrap().split(',').nth(column).unwrap().parse().unwrap();
    assert!((scored("brain") - validated).abs() < 1e-6 * validated, "{} for {validated}", scored("brain"));
    // The same weights in single precision answer otherwise.
    fs::write(lab.path("brain/experiment.toml"), plan("brain").replace("precision = \"bf16\"\n", "")).unwrap();
    assert!((scored("brain") - validated).abs() > 1e-6 * validated);
}

#[test]
fn a_study_varies_the_precision() {
    let lab = Lab::new();
    let vary = ["study", "new", "digits", "--vary", "recipe.precision=f32,bf16"];
    lab.ok(&[&vary, &PLAN[..4], &PLAN[6..], &TINY[2..]].concat());
    lab.ok(&["study", "work", "digits", "--device", "flex"]);
    let results = lab.ok(&["study", "results", "digits"]);
    assert!(results.contains("bf16") && results.contains("f32"), "{results}");
}

#[cfg(unix)]
#[test]
fn stopped_and_gone_on_with_it_gives_the_same_numbers() {
    let lab = Lab::new();
    let plan = [PLAN, &["--steps", "40"][..], TINY].concat();
    let plan: Vec<&str> =
        plan.iter().enumerate().filter(|(at, _)| !(2..4).contains(at)).map(|(_, &word)| word).collect();
    lab.ok(&[&["train", "--out", "whole"], &plan[..]].concat());
    let mut child = lab.command(&[&["train", "--out", "stopped"], &plan[..]].concat()).spawn().unwrap();
    lab.wait_for(&mut child, || lab.path("stopped/arms/resnet20/metrics.csv").exists());
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let done = lab.metrics("stopped", "resnet20").len();
    assert!(done < 40, "it was not stopped in time to tell");
    lab.ok(&["train", "--resume", "stopped", "--device", "flex"]);
    assert_eq!(lab.numbers("stopped", "resnet20"), lab.numbers("whole", "resnet20"), "stopped after {done}");
}
