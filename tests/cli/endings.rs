//! How training ends and goes on: what is said of it, and what is not called a success.

use crate::lab::{Lab, TINY};
use std::process::Command;

const SMALL: [&str; 4] = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}"];

/// What the line of the last validation says of training, from "training: " to "validation".
fn training(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().rfind(|line| line.contains("training: loss")).expect("a validation").to_owned();
    line.split("training: ").nth(1).and_then(|rest| rest.split("  validation").next()).unwrap().to_owned()
}

#[test]
fn the_mean_of_an_epoch_covers_what_came_before_an_interruption() {
    let lab = Lab::new();
    let train =
        ["train", "--epochs", "60", "--set", "recipe.evaluate_every.epochs=60", "--set", "recipe.probe_every=0"];
    let whole = lab.command(&[&train[..], TINY, &SMALL, &["--out", "whole"]].concat()).output().unwrap();
    let mut child = lab.command(&[&train[..], TINY, &SMALL, &["--out", "halved"]].concat()).spawn().unwrap();
    lab.wait_for(&mut child, || lab.path("halved/run.json").exists());
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let done = lab.metrics("halved", "resnet20").len();
    assert!(done < 480, "it was to be stopped before its end, and is at step {done}");
    let rest = lab.command(&["train", "--resume", "halved", "--device", "flex"]).output().unwrap();
    assert!(rest.status.success(), "{}", String::from_utf8_lossy(&rest.stderr));
    assert_eq!(training(&rest.stdout), training(&whole.stdout), "stopped at step {done}");
}

#[test]
fn weights_that_overflow_are_told_and_no_success() {
    let lab = Lab::new();
    let constant = ["--set", "recipe.schedule={curve={name='constant'}}"];
    let rate = ["--set", "recipe.optimizer.learning_rate=1000", "--set", "recipe.optimizer.weight_decay=10"];
    let train = ["train", "--steps", "4", "--out", "wild"];
    let output = lab.command(&[&train[..], TINY, &SMALL, &constant, &rate].concat()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("resnet20: not saved at step 4") && said.contains("error: the weights of resnet20"),
        "{said}"
    );
    assert!(!lab.path("wild/arms/resnet20/checkpoints/last").exists());
    let outcome = std::fs::read_to_string(lab.path("wild/outcome.json")).unwrap();
    assert!(outcome.contains("\"unsaved\": true"), "{outcome}");
}
