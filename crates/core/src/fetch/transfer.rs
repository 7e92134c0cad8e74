//! One file over HTTP: goes on where it stopped, tries again, and takes no more bytes than there can be.

use super::catalogue::{Remote, Size};
use super::error::FetchError;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

/// How often in a row a connection may fail without a new byte.
const ATTEMPTS: u32 = 4;

/// How long servers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without a byte, a connection is given up.
    pub silence: Duration,
    /// Between two attempts; doubled each time.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(20), pause: Duration::from_secs(1) }
    }
}

/// What an attempt came to.
enum Attempt {
    Whole,
    /// The connection broke off or stood still; why.
    Broken(String),
    /// The server cannot go on from there.
    AnotherPart,
}

/// Who gets files from servers.
pub(super) struct Client {
    agent: Agent,
    pause: Duration,
}

impl Client {
    pub fn new(patience: Patience) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(patience.silence))
            .timeout_recv_response(Some(patience.silence))
            .timeout_per_read(Some(patience.silence))
            .http_status_as_error(false)
            // Packed files are to come as they are.
            .accept_encoding("identity")
            .user_agent(concat!("residual-lab/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), pause: patience.pause }
    }

    /// Brings a file into `part`, where its beginning may lie already. `report` is given how many bytes are there, and
    /// returns whether to go on.
    pub fn bring(&self, url: &str, file: &Remote, part: &Path, report: &dyn Fn(u64) -> bool) -> Result<(), FetchError> {
        let (mut failures, mut pause) = (0, self.pause);
        loop {
            let before = length(part);
            match self.attempt(url, file, part, report)? {
                Attempt::Whole => return Ok(()),
                Attempt::AnotherPart if before > 0 => remove(part)?,
                Attempt::AnotherPart => return Err(refused(url, StatusCode::RANGE_NOT_SATISFIABLE)),
                Attempt::Broken(reason) => {
                    if length(part) > before {
                        (failures, pause) = (0, self.pause);
                    }
                    failures += 1;
                    if failures >= ATTEMPTS {
                        return Err(FetchError::Unreachable { url: url.to_owned(), reason });
                    }
                    std::thread::sleep(pause);
                    pause *= 2;
                }
            }
            if !report(length(part)) {
                return Err(FetchError::Stopped);
            }
        }
    }

    fn attempt(
        &self,
        url: &str,
        file: &Remote,
        part: &Path,
        report: &dyn Fn(u64) -> bool,
    ) -> Result<Attempt, FetchError> {
        let there = length(part);
        if there > 0 && file.size == Size::Exactly(there) {
            return Ok(Attempt::Whole);
        }
        if there > file.size.most() {
            remove(part)?;
            return Ok(Attempt::Broken("the part that was there is too long".to_owned()));
        }
        let mut request = self.agent.get(url);
        if there > 0 {
            request = request.header("Range", format!("bytes={there}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TooManyRedirects)) => {
                return Err(FetchError::Unreachable { url: url.to_owned(), reason: error.to_string() });
            }
            Err(error) => return Ok(Attempt::Broken(in_words(&error.into_io().to_string()))),
        };
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if starts_at(&response, there) => there,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => return Ok(Attempt::AnotherPart),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Ok(Attempt::Broken(format!("the server says {status}")));
            }
            status => return Err(refused(url, status)),
        };
        receive(url, file, part, response, start, report)
    }
}

/// Writes what comes behind the first `start` bytes of `part`.
fn receive(
    url: &str,
    file: &Remote,
    part: &Path,
    response: Response<Body>,
    start: u64,
    report: &dyn Fn(u64) -> bool,
) -> Result<Attempt, FetchError> {
    let wrong = |problem: String| FetchError::Wrong { file: file.name.to_owned(), from: url.to_owned(), problem };
    let said = response.body().content_length().map(|length| start + length);
    if let (Size::Exactly(expected), Some(said)) = (file.size, said)
        && said != expected
    {
        return Err(wrong(format!("it has {said} bytes and not {expected}")));
    }
    let disk = || FetchError::disk(part);
    let mut written = OpenOptions::new().create(true).append(true).open(part).map_err(disk())?;
    written.set_len(start).map_err(disk())?;
    let mut body = response.into_body().into_reader();
    let (mut buffer, mut done) = (vec![0; 1 << 16], start);
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => return Ok(Attempt::Broken(in_words(&error.to_string()))),
        };
        done += read as u64;
        if done > file.size.most() {
            drop(written);
            remove(part)?;
            return Err(wrong(format!("it has more than {} bytes", file.size.most())));
        }
        written.write_all(&buffer[..read]).map_err(disk())?;
        if !report(done) {
            return Err(FetchError::Stopped);
        }
    }
    written.sync_all().map_err(disk())?;
    let is_whole = match (file.size, said) {
        (Size::Exactly(expected), _) => done == expected,
        (Size::About(_), said) => said.is_none_or(|said| done == said),
    };
    Ok(if is_whole { Attempt::Whole } else { Attempt::Broken("the connection broke off".to_owned()) })
}

/// Whether a part of a file is the one that was asked for.
fn starts_at(response: &Response<Body>, start: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
    range.and_then(|range| range.strip_prefix("bytes ")).is_some_and(|range| range.starts_with(&format!("{start}-")))
}

/// What the client says, so that a person knows what it means.
fn in_words(error: &str) -> String {
    if error.contains("timeout") { "the server stands still".to_owned() } else { error.to_owned() }
}

fn refused(url: &str, status: StatusCode) -> FetchError {
    FetchError::Refused { url: url.to_owned(), status: status.as_u16() }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

/// Removes a file so that it is begun anew.
pub(super) fn remove(path: &Path) -> Result<(), FetchError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FetchError::disk(path)(error)),
        _ => Ok(()),
    }
}

/// Takes a file from this machine.
pub(super) fn copy(from: &Path, part: &Path, report: &dyn Fn(u64) -> bool) -> Result<(), FetchError> {
    let disk = || FetchError::disk(part);
    let failed = |error: std::io::Error| FetchError::Disk(format!("cannot read {}: {error}", from.display()));
    let mut source = File::open(from).map_err(failed)?;
    let mut written = File::create(part).map_err(disk())?;
    let (mut buffer, mut done) = (vec![0; 1 << 18], 0);
    loop {
        let read = source.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return written.sync_all().map_err(disk());
        }
        written.write_all(&buffer[..read]).map_err(disk())?;
        done += read as u64;
        if !report(done) {
            return Err(FetchError::Stopped);
        }
    }
}
