//! From an offer to what lies in its place: every file brought, checked, unpacked, and only then given its name.

use super::catalogue::{Kind, Offer, Remote};
use super::error::FetchError;
use super::place::Origin;
use super::transfer::{Client, Patience, copy, remove};
use crate::data;
use crate::watch::{Progress, Watch};
use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Says what is wrong with what was fetched.
type Fault<'a> = &'a dyn Fn() -> Result<Option<String>, FetchError>;

/// What is to be got, and how.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    pub offer: &'a Offer,
    /// From where.
    pub from: Origin,
    /// The folder that it goes into, under the offer's own name; made if it is not there.
    pub folder: &'a Path,
    /// How long servers are waited for.
    pub patience: Patience,
    /// Who waits.
    pub watch: Option<Watch<'a>>,
}

/// What was got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub path: PathBuf,
    /// Whether it lay there before.
    pub was_there: bool,
}

impl<'a> Fetch<'a> {
    /// What was published, into a folder.
    #[must_use]
    pub fn new(offer: &'a Offer, folder: &'a Path) -> Self {
        Self { offer, from: Origin::default(), folder, patience: Patience::default(), watch: None }
    }

    /// Gets it. What lies in its place already is not got again; what was begun goes on.
    ///
    /// # Errors
    /// Why it could not be got. What has come so far stays beside its place for another try.
    pub fn get(&self) -> Result<Got, FetchError> {
        let path = self.folder.join(self.offer.target());
        let is_right_kind = if self.offer.kind == Kind::Images { path.is_dir() } else { path.is_file() };
        if is_right_kind {
            return Ok(Got { path, was_there: true });
        }
        if path.exists() {
            return Err(FetchError::Taken(path));
        }
        let begun = self.folder.join(format!(".{}.part", self.offer.name));
        fs::create_dir_all(&begun).map_err(FetchError::disk(&begun))?;
        let lock = begun.join("lock");
        let locked = File::create(&lock).map_err(FetchError::disk(&lock))?;
        match locked.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy(self.folder.to_owned())),
            // A file system without locks has none that another process holds.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let before = Cell::new(0);
        for file in self.offer.files {
            self.file(file, &begun, before.get())?;
            before.set(before.get() + file.size.bytes());
        }
        self.settle(&begun, &path)?;
        drop(locked);
        // What stays behind is harmless, and the next try removes it.
        let _ = fs::remove_dir_all(&begun);
        Ok(Got { path, was_there: false })
    }

    /// Brings one file into the folder of what was begun, and checks it. `before` are the bytes of the files before it.
    fn file(&self, file: &Remote, begun: &Path, before: u64) -> Result<(), FetchError> {
        let whole = begun.join(file.name);
        let of = self.offer.bytes();
        let report =
            |done: u64| self.watch.is_none_or(|watch| (watch.0)(Progress { done: (before + done).min(of), of }));
        if whole.exists() {
            return if report(file.size.bytes()) { Ok(()) } else { Err(FetchError::Stopped) };
        }
        let part = begun.join(format!("{}.part", file.name));
        let fault = || file.check.fault(&part).map_err(FetchError::disk(&part));
        if let Origin::Disk(place) = &self.from {
            let source = if place.is_dir() { place.join(file.name) } else { place.clone() };
            if !source.is_file() || place.is_file() && self.offer.files.len() > 1 {
                return Err(FetchError::Lacking { file: file.name.to_owned(), folder: place.clone() });
            }
            copy(&source, &part, &report)?;
            if let Some(problem) = fault()? {
                remove(&part)?;
                return Err(wrong(file, place.display().to_string(), problem));
            }
        } else {
            self.over_http(file, &part, &fault, &report)?;
        }
        fs::rename(&part, &whole).map_err(FetchError::disk(&whole))
    }

    /// Tries one address after the other.
    fn over_http(
        &self,
        file: &Remote,
        part: &Path,
        fault: Fault<'_>,
        report: &dyn Fn(u64) -> bool,
    ) -> Result<(), FetchError> {
        let client = Client::new(self.patience);
        let mut failed = None;
        for url in self.from.addresses(self.offer.published, file) {
            // A part that somebody else's bytes may stand in is worth one more try from the start.
            for goes_on in [part.exists(), false] {
                let came = client.bring(&url, file, part, report).and_then(|()| fault());
                match came {
                    Ok(None) => return Ok(()),
                    Ok(Some(problem)) => {
                        remove(part)?;
                        failed = Some(wrong(file, url.clone(), problem));
                    }
                    Err(FetchError::Stopped) => return Err(FetchError::Stopped),
                    Err(error) => failed = Some(error),
                }
                if !goes_on || !matches!(failed, Some(FetchError::Wrong { .. })) {
                    break;
                }
            }
        }
        Err(failed.unwrap_or_else(|| FetchError::Unreachable {
            url: file.name.to_owned(),
            reason: "nobody has published it".to_owned(),
        }))
    }

    /// Gives what was brought its place: under its name there is all of it, or nothing.
    fn settle(&self, begun: &Path, target: &Path) -> Result<(), FetchError> {
        let disk = || FetchError::disk(target);
        if self.offer.kind == Kind::Weights {
            return fs::rename(begun.join(self.offer.target()), target).map_err(disk());
        }
        let made = begun.join("whole");
        if made.exists() {
            fs::remove_dir_all(&made).map_err(disk())?;
        }
        fs::create_dir(&made).map_err(disk())?;
        for file in self.offer.files {
            let from = begun.join(file.name);
            if is_archive(file.name) {
                data::unpack(&from, &made)?;
            } else {
                fs::hard_link(&from, made.join(file.name))
                    .or_else(|_| fs::copy(&from, made.join(file.name)).map(|_| ()))
                    .map_err(disk())?;
            }
        }
        crate::files::replace_folder(&made, target).map_err(|error| FetchError::Disk(error.to_string()))
    }
}

fn is_archive(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".zip"].iter().any(|ending| name.ends_with(ending))
}

fn wrong(file: &Remote, from: String, problem: String) -> FetchError {
    FetchError::Wrong { file: file.name.to_owned(), from, problem }
}
