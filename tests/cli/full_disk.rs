//! Disks without room: training goes on in memory, and nothing is lost or half-written.

use crate::crash::{differences, go_on, train};
use crate::lab::Lab;
use crate::studies::{SMALL, assert_same_runs, work};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A disk of 2 MB, as long as it lives.
struct Disk(PathBuf);

impl Disk {
    /// None, and why, where this user may not.
    fn mount(place: PathBuf) -> Option<Self> {
        fs::create_dir_all(&place).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&place).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(place));
        }
        eprintln!("SKIPPED: only root may mount a disk of 2 MB");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    while file.write_all(&[1]).is_ok() {}
}

/// A command whose notices are read while it runs.
struct Heard {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Heard {
    fn new(mut child: Child) -> Self {
        let said = Arc::new(Mutex::new(String::new()));
        let (errors, heard) = (child.stderr.take().unwrap(), Arc::clone(&said));
        let lines = BufReader::new(errors).lines().map_while(Result::ok);
        let reader = thread::spawn(move || lines.for_each(|line| *heard.lock().unwrap() += &(line + "\n")));
        Self { child, said, reader }
    }

    /// Waits until it has said one of these.
    fn wait_for(&mut self, lab: &Lab, parts: &[&str]) {
        let said = &self.said;
        lab.wait_for(&mut self.child, || parts.iter().any(|part| said.lock().unwrap().contains(part)));
    }

    /// How it ended, and all that it has said.
    fn ended(self) -> (Output, String) {
        let output = self.child.wait_with_output().unwrap();
        self.reader.join().unwrap();
        let said = self.said.lock().unwrap().clone();
        (output, said)
    }
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_nothing() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.path("disk")) else { return };
    lab.ok(&train("whole"));
    let mut child = lab.command(&train("disk/run")).env("RUST_LOG", "off").spawn().unwrap();
    lab.wait_for(&mut child, || disk.0.join("run/arms/plain/checkpoints").exists());
    fill(&disk.0.join("ballast"));
    let mut heard = Heard::new(child);
    heard.wait_for(&lab, &["training is done; waiting for room"]);
    fs::remove_file(disk.0.join("ballast")).unwrap();
    let (output, said) = heard.ended();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is full; make room there") && said.contains("everything has been written"), "{said}");
    assert_eq!(differences(&lab.path("disk/run"), &lab.path("whole")), [""; 0]);
}

#[test]
fn a_disk_that_stays_full_is_not_waited_for_without_an_end() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.path("disk")) else { return };
    lab.ok(&train("whole"));
    let patience = ["--wait-for-room", "0", "--json"];
    let mut child = lab.command(&[&train("disk/run")[..], &patience].concat()).spawn().unwrap();
    lab.wait_for(&mut child, || disk.0.join("run/arms/plain/checkpoints").exists());
    fill(&disk.0.join("ballast"));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{said}");
    for part in ["error: the end of the run is not written", "disk/run needs up to", "free", "train --resume disk/run"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["arms"].is_array());
    assert!(!disk.0.join("run/outcome.json").exists());
    fs::remove_file(disk.0.join("ballast")).unwrap();
    go_on(&lab, "disk/run");
    assert_eq!(differences(&lab.path("disk/run"), &lab.path("whole")), [""; 0]);
}

/// A training on a disk that is full from then on, with somebody to type; `whole` is the same one elsewhere.
fn filled(lab: &Lab, disk: &Disk) -> Child {
    lab.ok(&train("whole"));
    let mut child = lab.command(&train("disk/run")).stdin(Stdio::piped()).spawn().unwrap();
    lab.wait_for(&mut child, || disk.0.join("run/arms/plain/checkpoints").exists());
    fill(&disk.0.join("ballast"));
    child
}

#[test]
fn a_full_disk_can_be_left_for_another_folder() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.path("disk")) else { return };
    let mut child = filled(&lab, &disk);
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "elsewhere").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(differences(&lab.path("elsewhere"), &lab.path("whole")), [""; 0]);
}

#[test]
fn a_disk_that_has_room_for_an_end_and_none_for_the_networks_is_left_after_the_end() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.path("disk")) else { return };
    let mut child = filled(&lab, &disk);
    let ballast = fs::OpenOptions::new().write(true).open(disk.0.join("ballast")).unwrap();
    ballast.set_len(ballast.metadata().unwrap().len() - 24 * 1024).unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut heard = Heard::new(child);
    heard.wait_for(&lab, &["training is done; waiting for room"]);
    assert!(!disk.0.join("run/outcome.json").exists(), "no networks have come of it yet");
    writeln!(input, "elsewhere").unwrap();
    let (output, told) = heard.ended();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(said.trim_end().lines().any(|line| line == "run folder: elsewhere"), "{said}");
    assert_eq!(differences(&lab.path("elsewhere"), &lab.path("whole")), [""; 0]);
    assert!(!disk.0.join("run/outcome.json").exists(), "the folder that was left is not whole");
}

/// What cannot be written of a trial waits, whatever has come of it, and so does the next one.
#[test]
fn a_study_outlives_a_full_disk() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.path("disk")) else { return };
    let rates = |folder: &str| {
        let two = ["--vary", "recipe.optimizer.learning_rate=0.01,0.1", "--epochs", "2"];
        lab.ok(&[&["study", "new", folder], SMALL, &two].concat());
    };
    rates("whole");
    lab.ok(&["study", "work", "whole", "--device", "flex"]);
    rates("disk/study");
    let mut worker = work(&lab, "disk/study");
    lab.wait_for(&mut worker, || {
        let trials = fs::read_dir(disk.0.join("study/trials")).unwrap();
        trials.flatten().any(|trial| trial.path().join("arms/plain/checkpoints").exists())
    });
    fill(&disk.0.join("ballast"));
    let mut heard = Heard::new(worker);
    heard.wait_for(&lab, &["training is done; waiting for room", "waits to be written", "and the study goes on"]);
    fs::remove_file(disk.0.join("ballast")).unwrap();
    let (output, said) = heard.ended();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is full; make room there") && !said.contains("another folder"), "{said}");
    assert_same_runs(&lab, "disk/study", "whole");
    let results = |folder| lab.ok(&["study", "results", folder, "--csv"]);
    assert_eq!(results("disk/study"), results("whole"));
    let mut claims: Vec<_> =
        fs::read_dir(disk.0.join("study/claims")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    claims.sort();
    assert_eq!(claims, ["0001-0001.json", "0002-0001.json"], "nobody took over, and nothing is left over");
}
