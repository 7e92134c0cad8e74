//! What signals do to a run: a checkpoint and an exit code by which a scheduler knows that there is more to do.

use crate::lab::{Lab, TINY};
use crate::studies::{SMALL, assert_same_runs, rates, signal, trials, work};
use std::io::{BufRead, BufReader, Read};
use std::process::Child;

const PLAN: &[&str] = &["--preset", "resnet20", "--steps", "24", "--set", "recipe.evaluate_every.steps=100"];

/// A training that has begun.
fn begun(lab: &Lab, run: &str) -> Child {
    let mut child = lab.command(&[&["train", "--out", run], PLAN, TINY].concat()).spawn().unwrap();
    lab.wait_for(&mut child, || lab.path(run).join("arms/resnet20/metrics.csv").exists());
    child
}

#[test]
fn schedulers_get_their_own_exit_code_and_going_on_gives_the_same_numbers() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--out", "whole"], PLAN, TINY].concat());
    for name in ["TERM", "USR1", "USR2"] {
        let mut child = begun(&lab, name);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(75), "{name}");
        let done = lab.metrics(name, "resnet20").len();
        assert!(done < 24 && lab.path(name).join("arms/resnet20/checkpoints").is_dir(), "{name} after {done}");
        lab.ok(&["train", "--resume", name, "--device", "flex"]);
        assert_eq!(lab.numbers(name, "resnet20"), lab.numbers("whole", "resnet20"), "{name} after {done}");
    }
}

/// A training in whose first step, which takes seconds, this signal has been noticed.
fn stopping(lab: &Lab, run: &str, name: &str) -> Child {
    let slow = ["--preset", "resnet110", "--set", "recipe.batch_size=256", "--set", "data.train_limit=512"];
    let mut child = lab.command(&[&["train", "--device", "flex", "--out", run], &slow[..]].concat()).spawn().unwrap();
    let says = |stream: &mut dyn Read, what: &str| {
        let said = BufReader::new(stream).lines().map_while(Result::ok).any(|line| line.contains(what));
        assert!(said, "it never said {what}");
    };
    says(child.stdout.as_mut().unwrap(), "run folder: ");
    signal(&child, name);
    says(child.stderr.as_mut().unwrap(), "stopping after this step");
    child
}

/// SLURM sends TERM twice, and only a person at the keyboard is in a hurry.
#[test]
fn a_second_term_waits_for_the_checkpoint_and_a_second_ctrl_c_does_not() {
    let lab = Lab::new();
    let mut child = stopping(&lab, "patient", "TERM");
    signal(&child, "TERM");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(75));
    assert!(lab.path("patient/arms/resnet110/checkpoints/last").is_dir());

    let mut child = stopping(&lab, "hasty", "INT");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(!lab.path("hasty/arms/resnet110/checkpoints/last").exists());
}

/// As in `train | head -4`.
#[test]
fn a_reader_that_goes_away_stops_training_and_that_is_no_success() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--out", "whole"], PLAN, TINY].concat());
    let mut args = [&["train", "--out", "unread"], PLAN, TINY].concat();
    args.extend(["--set", "recipe.evaluate_every.steps=1"]);
    let mut child = lab.command(&args).spawn().unwrap();
    let first = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.contains("training and"), "{first}");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("nobody reads the output") && said.contains("train --resume unread"), "{said}");
    assert!(lab.metrics("unread", "resnet20").len() < 24, "it was to stop");
    lab.ok(&["train", "--resume", "unread", "--device", "flex"]);
    let losses = |run| lab.metrics(run, "resnet20").iter().map(|row| row["train_loss"].clone()).collect::<Vec<_>>();
    assert_eq!(losses("unread"), losses("whole"));

    rates(&lab, "rates", &["--epochs", "12"]);
    let mut child = work(&lab, "rates");
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("study run rates"), "{said}");
}

/// A closed pipe changes nothing about how a study has ended, and to have trained nothing is no success.
#[test]
fn a_study_of_several_processes_that_nobody_reads_says_by_its_exit_code_how_it_ended() {
    let lab = Lab::new();
    let ended = |args: &[&str]| {
        let mut child = lab.command(&[args, &["--jobs", "2", "--device", "flex"]].concat()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    rates(&lab, "rates", &["--epochs", "12"]);
    let (code, said) = ended(&["study", "run", "rates"]);
    assert!(code == Some(75) && said.contains("study run rates"), "{code:?}: {said}");

    lab.pictures("gone", &["ape", "bee"], 12);
    rates(&lab, "failing", &["--data", "gone"]);
    std::fs::remove_dir_all(lab.path("gone")).unwrap();
    let (code, said) = ended(&["study", "run", "failing", "--json"]);
    assert!(code == Some(1) && said.contains("3 failed"), "{code:?}: {said}");
}

#[test]
fn a_worker_that_is_told_to_go_lets_go_of_its_trial_and_another_goes_on() {
    let lab = Lab::new();
    for name in ["whole", "moved"] {
        rates(&lab, name, &["--epochs", "12"]);
    }
    assert!(work(&lab, "whole").wait_with_output().unwrap().status.success());
    let mut child = work(&lab, "moved");
    let has_checkpoint =
        || trials(&lab, "moved").first().is_some_and(|run| lab.path(run).join("arms/plain/checkpoints/last").is_dir());
    lab.wait_for(&mut child, has_checkpoint);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let status = lab.json(&["study", "status", "moved", "--json"]);
    assert_ne!(status["trials"][0]["state"], "running", "{status}");
    for index in ["1", "2", "3", "3"] {
        lab.ok(&["study", "work", "moved", "--index", index, "--device", "flex"]);
    }
    assert_same_runs(&lab, "moved", "whole");
}

/// A task of one processor on a node of several must not start a thread for each.
#[test]
fn threads_are_those_of_the_allocation() {
    let lab = Lab::new();
    let args = [&["bench", "--steps", "1", "--batch", "2", "--device", "flex", "--json"], SMALL].concat();
    let threads = |known: &[(&str, &str)]| {
        let output = lab.command(&args).env_remove("RAYON_NUM_THREADS").envs(known.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))["threads"]
            .clone()
    };
    assert_eq!(threads(&[("SLURM_CPUS_PER_TASK", "1")]), 1);
    assert_eq!(
        threads(&[("SLURM_CPUS_PER_TASK", "1"), ("RAYON_NUM_THREADS", "3")]),
        3,
        "whoever says so has the last word"
    );
    let all = std::thread::available_parallelism().unwrap().get();
    assert_eq!(threads(&[("SLURM_CPUS_PER_TASK", "100000")]), all);
}
