//! Every command of README.md is run as it stands there, in a folder that has what a reader would have.

use crate::lab::{Lab, TINY, picture};
use crate::pretrained::shared;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a command may go without a sign.
const PATIENCE: Duration = Duration::from_mins(4);

/// The commands in a page's `sh` blocks, lines that end in a backslash put together, comments left out.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut inside, mut begun) = (false, String::new());
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        if !inside {
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line).trim();
        if let Some(part) = line.strip_suffix('\\') {
            begun += part;
        } else if !line.is_empty() && !line.starts_with('#') {
            found.push(std::mem::take(&mut begun) + line);
        }
    }
    found
}

/// A folder with what the commands name.
fn prepared() -> Lab {
    let lab = Lab::new();
    let bin = lab.path("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = env!("CARGO_BIN_EXE_residual-lab");
    symlink(program, bin.join("residual-lab")).unwrap();
    // What cargo would build is built: this test is a part of it.
    fs::write(bin.join("cargo"), format!("#!/bin/sh\nshift 2\n[ \"$1\" = -- ] && shift\nexec {program} \"$@\"\n"))
        .unwrap();
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    lab.pictures("my-pictures", &["cat", "dog"], 12);
    lab.pictures("my-flowers", &["daisy", "rose", "tulip"], 24);
    lab.pictures("other-pictures", &["cat", "dog"], 3);
    lab.write("picture.png", &picture(20, 20));
    let small = |arm: usize| format!("arms[{arm}].network.body.cifar={{depth=8,width=2}}");
    let size = ["--set", "data.resize={height=12,width=12}", "--set", &small(0), "--set", &small(1)];
    let train = ["train", "--data", "my-pictures", "--epochs", "100000", "--out", "RUN_FOLDER"];
    let mut run = Started::new(lab.command(&[&train[..], TINY, &size].concat()));
    run.wait_for("epoch 1");
    run.interrupt();
    assert!(run.ended(), "the run that others go on from did not end well");
    for (name, from) in [("resnet20.th", "pretrained/resnet20-12fca82f.th"), ("cifar-10-batches-bin", "cifar10")] {
        if let Some(from) = shared(from) {
            symlink(fs::canonicalize(from).unwrap(), lab.path(name)).unwrap();
        }
    }
    lab
}

/// A command under way, and what it says.
struct Started {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Started {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
            });
        }
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that holds this.
    fn wait_for(&mut self, part: &str) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.said.push(line);
                    if self.said.last().is_some_and(|line| line.contains(part)) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("no \"{part}\" in {:?}", self.said),
            }
        }
    }

    /// What Ctrl-C does.
    fn interrupt(&self) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
    }

    /// Reads to the end; whether it ended well, or was stopped with a checkpoint.
    fn ended(&mut self) -> bool {
        self.wait_for("\0");
        matches!(self.child.wait().unwrap().code(), Some(0 | 75))
    }
}

#[test]
fn every_command_of_the_readme_works_as_it_stands_there() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let commands = commands(&page);
    assert!(commands.len() > 10, "{commands:?}");
    let lab = prepared();
    let path = format!("{}:{}", lab.path("bin").display(), std::env::var("PATH").unwrap());
    for line in commands {
        let missing = ["resnet20.th", "cifar-10-batches-bin", "my-network"]
            .into_iter()
            .find(|name| line.contains(name) && !line.contains(&format!("--out {name}")) && !lab.path(name).exists());
        if let Some(missing) = missing {
            eprintln!("SKIPPED: {line}: there is no {missing}");
            continue;
        }
        // What is got comes from servers that this test does without; `fetch` has one of its own.
        if line.contains(" get cifar-10") {
            eprintln!("SKIPPED: {line}: it takes the internet");
            continue;
        }
        // The window is opened by `tests/real_window.rs`.
        if line == "cargo run --release" {
            continue;
        }
        let mut shell = lab.command(&[]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec {line}")).current_dir(shell.get_current_dir().unwrap());
        for (key, value) in shell.env("PATH", &path).get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command.stdin(Stdio::null());
        let mut started = Started::new(command);
        if line.contains(" train") && !line.contains("--help") {
            // A whole training takes minutes; that it goes on is what other tests see to.
            started.wait_for("run folder: ");
            started.interrupt();
        }
        assert!(started.ended(), "{line}\n{}", started.said.join("\n"));
        assert!(!started.said.iter().any(|said| said.contains("panicked")), "{line}");
    }
}
