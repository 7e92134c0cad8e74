//! How each kind of input is given to the program. A target in `fuzz_targets` is one call of this.

#[path = "../../crates/engine/src/nn/array.rs"]
mod array;
#[path = "../../crates/engine/src/nn/foreign.rs"]
mod foreign;
#[path = "../../crates/engine/src/nn/torch_file.rs"]
mod torch_file;
#[allow(dead_code, reason = "only reading is of interest here")]
#[path = "../../crates/engine/src/nn/weights.rs"]
mod weights;

use lab_core::data::{Dataset, decode_picture};
use lab_core::experiment::{Data, Experiment, Plan, Source};
use lab_core::export::{bundle, report};
use lab_core::runs;
use lab_core::study::{Study, StudyPlan};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn place() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

fn load(path: &Path) {
    let data = Data { source: Source::Path(path.to_owned()), ..Data::default() };
    drop(Dataset::load(&data, 0));
}

/// A picture of any format.
pub fn picture(bytes: &[u8]) {
    drop(decode_picture(bytes));
}

/// A data set in one file.
pub fn file(name: &str, bytes: &[u8]) {
    let place = place();
    let path = place.path().join(name);
    fs::write(&path, bytes).expect("room");
    load(&path);
}

/// A data set in several files, those in `whole/NAME`, of which the input's first byte says which one the rest takes the
/// place of.
pub fn folder(name: &str, bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let place = place();
    let mut files = Vec::new();
    copied(&here().join("whole").join(name), place.path(), &mut files);
    files.sort();
    fs::write(&files[usize::from(*which) % files.len()], bytes).expect("room");
    load(place.path());
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Weights of any format.
pub fn weights(bytes: &[u8]) {
    let place = place();
    let path = place.path().join("net");
    fs::write(&path, bytes).expect("room");
    drop(weights::read(&path));
}

/// An experiment's text.
pub fn experiment(bytes: &[u8]) {
    if let Ok(plan) = Plan::from_toml(&String::from_utf8_lossy(bytes)) {
        drop(Experiment::check(plan));
    }
}

/// A study's text.
pub fn study(bytes: &[u8]) {
    if let Ok(plan) = StudyPlan::from_toml(&String::from_utf8_lossy(bytes)) {
        drop(Study::check(plan));
    }
}

/// A run as a zip file from elsewhere.
pub fn bundled(bytes: &[u8]) {
    let place = place();
    let archive = place.path().join("run.zip");
    fs::write(&archive, bytes).expect("room");
    if bundle::is_one(&archive) {
        drop(bundle::open(&archive, &place.path().join("runs"), &place.path().join("studies")));
    }
}

/// A run of which one file was changed: it is opened, read and reported.
pub fn run(name: &str, bytes: &[u8]) {
    let place = place();
    let copy = place.path().join("run");
    copied(&here().join("../tests/data/kept-run-0.1/half"), &copy, &mut Vec::new());
    fs::write(copy.join(name), bytes).expect("room");
    let Ok(run) = runs::open(&copy) else { return };
    for arm in 0..run.info.arms.len() {
        drop((run.metrics(arm), run.gradients(arm), run.validations(arm), run.events()));
    }
    drop(report::html(&run, Err(String::new())));
}

/// Copies a folder, and names the copies of its files.
fn copied(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir_all(to).expect("room");
    for entry in fs::read_dir(from).expect("a folder that is kept here").flatten() {
        let target = to.join(entry.file_name());
        match entry.path() {
            // Nothing that is asked here looks at weights.
            path if path.ends_with("checkpoints") => {}
            path if path.is_dir() => copied(&path, &target, files),
            path => {
                // Unlike `fs::copy`, these two go on when the fuzzer's timer interrupts them.
                let bytes = fs::read(path).expect("a file that is kept here");
                fs::write(&target, bytes).expect("room");
                files.push(target);
            }
        }
    }
}
