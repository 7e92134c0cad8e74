//! This program, started again for what a process of its own does better. Must not know what for.

use lab_core::protocol::STOPPED;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{Builder, JoinHandle};

/// This program, if it can find itself.
#[derive(Clone, Debug, Default)]
pub struct OwnProgram(Option<PathBuf>);

/// What a process says of its failure: the last line that begins with `error: `, once it has ended.
pub type Complaint = JoinHandle<Option<String>>;

impl OwnProgram {
    /// The program in this file.
    #[must_use]
    pub fn new(program: Option<PathBuf>) -> Self {
        Self(program)
    }

    /// A call of it with these words, which nobody answers.
    ///
    /// # Errors
    /// Nobody knows where it is.
    pub fn call(&self, words: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
        let program = self.0.as_ref().ok_or("this program cannot find itself, to start itself again")?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(command)
    }
}

/// Starts a call, and listens to what it complains of.
///
/// # Errors
/// Why it does not start.
pub fn start(command: &mut Command) -> Result<(Child, Complaint), String> {
    let program = command.get_program().to_owned();
    let mut process = command.spawn().map_err(|error| format!("{} does not start: {error}", program.display()))?;
    let errors = process.stderr.take();
    let listen = move || errors.map(last_error).unwrap_or_default();
    match Builder::new().name("complaints".into()).spawn(listen) {
        Ok(complaint) => Ok((process, complaint)),
        Err(error) => {
            // Without somebody who listens it would wait for ever. One that has ended by itself needs no end.
            let _ = process.kill();
            let _ = process.wait();
            Err(format!("no thread can be started: {error}"))
        }
    }
}

/// Why a process has failed, if it has: from how it ended and what it said.
#[must_use]
pub fn failure(status: ExitStatus, complaint: Option<String>) -> Option<String> {
    let fine = status.success() || status.code() == Some(STOPPED.into());
    (!fine).then(|| complaint.unwrap_or_else(|| format!("the process ended unexpectedly ({status})")))
}

fn last_error(errors: impl Read) -> Option<String> {
    let lines = BufReader::new(errors).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("error: ").map(str::to_owned)).last()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn ended(script: &str) -> Option<String> {
        let shell = OwnProgram::new(Some("/bin/sh".into()));
        let mut command = shell.call(["-c".into(), script.into()]).unwrap();
        let (mut process, complaint) = start(&mut command).unwrap();
        let status = process.wait().unwrap();
        failure(status, complaint.join().unwrap())
    }

    #[test]
    fn whoever_failed_says_why_however_it_ended() {
        let why = "echo 'note: first' >&2; echo 'error: the images are gone; name them' >&2; exit 2";
        assert_eq!(ended(why), Some("the images are gone; name them".into()));
        assert_eq!(ended("echo 'error: stopped' >&2; exit 75"), None);
        assert_eq!(ended("exit 0"), None);
        assert!(ended("kill -9 $$").unwrap().contains("signal"), "killed by the system, as for want of memory");
        // More than a pipe holds, before anything else.
        assert_eq!(ended("yes note | head -c 300000 >&2; exit 0"), None);
        let lost = OwnProgram::default().call([]).unwrap_err();
        assert!(lost.contains("cannot find itself"), "{lost}");
    }
}
