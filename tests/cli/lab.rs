//! A fresh folder with the program in it, and files such as people have.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Settings with which a step takes a moment.
pub const TINY: &[&str] = &[
    "--device",
    "flex",
    "--set",
    "recipe.batch_size=8",
    "--set",
    "data.train_limit=64",
    "--set",
    "data.validation_limit=20",
];

/// How long anything here may take on a slow and busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

pub struct Lab {
    place: TempDir,
}

impl Lab {
    pub fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The program with these arguments, as somebody without a display would start it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_residual-lab"));
        command.args(args).current_dir(self.place.path());
        for gone in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "RUST_LOG", "RUST_BACKTRACE"] {
            command.env_remove(gone);
        }
        command.env("HOME", self.place.path()).env("XDG_DATA_HOME", self.path(".data"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The standard output of a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} failed: {errors}");
        assert!(!errors.contains("panicked"), "{args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The standard output as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?} printed no JSON ({error}): {text}"))
    }

    /// Checks that a command refuses its input: one clear line, the exit code, nothing written anywhere.
    pub fn refuses(&self, code: i32, says: &[&str], args: &[&str]) {
        let before = self.files();
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
        let failures: Vec<&str> = errors.lines().filter(|line| !line.starts_with("note: ")).collect();
        assert_eq!(failures.len(), 1, "{args:?} says it in one line: {errors}");
        assert!(failures[0].starts_with("error: ") && !errors.contains("panicked"), "{args:?}: {errors}");
        for part in says {
            assert!(failures[0].contains(part), "{args:?} does not say \"{part}\": {errors}");
        }
        assert_eq!(self.files(), before, "{args:?} left something behind");
    }

    /// All files and folders with their sizes.
    fn files(&self) -> BTreeMap<PathBuf, u64> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.place.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let (path, about) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
                found.insert(path.clone(), if about.is_dir() { 0 } else { about.len() });
                if about.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }

    /// Waits for something that a running command does.
    #[allow(clippy::unused_self, reason = "it reads as something the laboratory does")]
    pub fn wait_for(&self, child: &mut Child, happened: impl Fn() -> bool) {
        let start = Instant::now();
        while !happened() {
            assert!(start.elapsed() < PATIENCE, "waited in vain");
            assert!(child.try_wait().unwrap().is_none(), "the command ended too early");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The rows of an arm's table, by the names of the columns.
    pub fn metrics(&self, run: &str, arm: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(run).join("arms").join(arm).join("metrics.csv")).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// The rows without what a clock decides.
    pub fn numbers(&self, run: &str, arm: &str) -> Vec<BTreeMap<String, String>> {
        let mut rows = self.metrics(run, arm);
        for row in &mut rows {
            row.retain(|column, _| column != "seconds" && column != "images_per_second");
        }
        rows
    }

    /// A folder with IDX files of two classes, 6×6 pixels.
    pub fn idx(&self, folder: &str, train: u32, test: u32) {
        let folder = self.path(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, count) in [("train", train), ("t10k", test)] {
            let mut images: Vec<u8> = [0x803u32, count, 6, 6].iter().flat_map(|n| n.to_be_bytes()).collect();
            images.extend((0..count * 36).map(|i| (i % 251) as u8));
            let mut labels: Vec<u8> = [0x801u32, count].iter().flat_map(|n| n.to_be_bytes()).collect();
            labels.extend((0..count).map(|i| (i % 2) as u8));
            std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
            std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
        }
    }

    /// A folder with one folder of pictures for each class.
    pub fn pictures(&self, folder: &str, classes: &[&str], each: u32) {
        for (class, name) in classes.iter().enumerate() {
            let folder = self.path(folder).join(name);
            std::fs::create_dir_all(&folder).unwrap();
            for index in 0..each {
                std::fs::write(folder.join(format!("{index}.png")), picture(12 + class as u32, 12)).unwrap();
            }
        }
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// A PNG with a pattern in it.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
