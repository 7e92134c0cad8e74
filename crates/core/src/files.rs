//! Files and folders that are either as they were or as they should be, never half-written.
//!
//! Contents go to a temporary name beside the target, are synced to the disk and then renamed. Knows nothing of
//! what it writes. Names for files are made here, too.

use serde::Serialize;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

fn user() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "residual-lab")
}

/// The folder for what the program keeps of a user's; `None` where the user has no folder at all.
pub(crate) fn user_data() -> Option<PathBuf> {
    user().map(|folders| folders.data_dir().to_owned())
}

/// The folder for what can be made again, likewise.
pub(crate) fn user_cache() -> Option<PathBuf> {
    user().map(|folders| folders.cache_dir().to_owned())
}

/// Replaces a file's contents as a whole, or leaves the file as it was.
///
/// # Errors
/// What went wrong, with the path: no such folder, no permission, no space.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path, "tmp");
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_folder(parent(path)));
    if placed.is_err() {
        // The first error is the one to report; a temporary file that stays behind is harmless.
        let _ = fs::remove_file(&temporary);
    }
    placed.map_err(|error| naming("cannot write", path, &error))
}

/// A value as every file of ours has it: JSON, indented, with a line feed at the end.
pub(crate) fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Removes a file; one that is not there already is no error.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Writes a file that must not be there yet: of several that try at once, on whatever machines, with different bytes, one
/// is given `true`.
///
/// # Errors
/// What went wrong, with the path; a file that is there already is none.
pub fn create_first(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let write = |path: &Path| {
        File::create_new(path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
    };
    let temporary = beside(path, "tmp");
    // A second name for a file that is whole already: nobody can see half of it, and the second of two fails.
    let linked = write(&temporary).and_then(|()| match fs::hard_link(&temporary, path) {
        // A file system without hard links, such as FAT; there, a reader may see the file unfinished for a moment.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            write(path)
        }
        linked => linked,
    });
    let placed = linked.and_then(|()| sync_folder(parent(path)));
    // A temporary file that stays behind is harmless.
    let _ = fs::remove_file(&temporary);
    match placed {
        Ok(()) => Ok(true),
        // A network file system may have done it, lost its answer, and done it again.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(fs::read(path).is_ok_and(|there| there == bytes))
        }
        Err(error) => Err(naming("cannot write", path, &error)),
    }
}

/// Makes a folder that holds what `fill` puts into it, or makes none at all.
///
/// # Errors
/// What went wrong, with the path; something of this name that is there already.
pub fn create_folder(target: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let taken = || io::Error::new(io::ErrorKind::AlreadyExists, "there is something of this name already");
    let temporary = beside(target, "tmp");
    let free = if target.exists() { Err(taken()) } else { fs::create_dir(&temporary) };
    let filled = free.and_then(|()| fill(&temporary)).and_then(|()| sync_tree(&temporary));
    // A name that was taken meanwhile is not overwritten: folders are only renamed to what is free or empty.
    let placed = filled.and_then(|()| fs::rename(&temporary, target)).and_then(|()| sync_folder(parent(target)));
    if placed.is_err() {
        // The first error is the one to report; a temporary folder that stays behind is harmless.
        let _ = fs::remove_dir_all(&temporary);
    }
    placed.map_err(|error| naming("cannot make the folder", target, &error))
}

/// Puts the folder `new` in the place of `target`, which need not exist. Both must be on one file system; `new` and
/// all that it holds are synced first. Where the system can exchange two names, whoever looks finds the old folder or the
/// new one, whenever this process is killed; elsewhere a crash in between leaves the old one where [`settle_folder`]
/// finds it.
///
/// # Errors
/// What went wrong, with the path; the old folder is then back in its place.
pub fn replace_folder(new: &Path, target: &Path) -> io::Result<()> {
    let old = superseded(target);
    let replaced = sync_tree(new).and_then(|()| settle_folder(target)).and_then(|()| {
        let had_one = target.exists();
        if had_one && exchange(new, target)? {
            sync_folder(parent(target))?;
            // It has the old contents now; what stays of them is swept by the next writer.
            let _ = fs::remove_dir_all(new);
            return Ok(());
        }
        if had_one {
            fs::rename(target, &old)?;
        }
        fs::rename(new, target).inspect_err(|_| {
            if had_one {
                // Best effort: should this fail too, `settle_folder` tries again.
                let _ = fs::rename(&old, target);
            }
        })?;
        sync_folder(parent(target))?;
        if had_one { fs::remove_dir_all(&old) } else { Ok(()) }
    });
    replaced.map_err(|error| naming("cannot replace the folder", target, &error))
}

/// Lets two folders change places in one step; `false` where the system or the file system has no such thing.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Gives every file of a folder a second name in the folder `to`, which is made, or copies it where a file has one name
/// only.
///
/// # Errors
/// What the system says.
pub fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_folder(&entry.path(), &target)?;
        } else if fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes what a writer that was killed left half-done in a folder. To be called by whoever alone may write there.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Version 0.1 began checkpoints under the second of these names.
        if (name.starts_with('.') && name.ends_with(".tmp")) || name.starts_with(".new-") {
            let path = entry.path();
            // What cannot be removed does no harm, and is tried again by the next one who writes here.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// Finishes or takes back a [`replace_folder`] that a crash interrupted. Call it before reading such a folder.
///
/// # Errors
/// What went wrong, with the path.
pub fn settle_folder(target: &Path) -> io::Result<()> {
    let old = superseded(target);
    if !old.exists() {
        return Ok(());
    }
    let settled = if target.exists() { fs::remove_dir_all(&old) } else { fs::rename(&old, target) };
    settled.map_err(|error| naming("cannot restore the folder", target, &error))
}

/// A name beside `path` that nothing else uses, in this process or another one, on this machine or another one.
#[must_use]
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.{ending}", process_token()));
    path.with_file_name(name)
}

/// What tells this process from every other: its id, which another machine may have too, and random digits.
#[must_use]
pub(crate) fn process_token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        // The standard library's only source of randomness.
        let random = RandomState::new().build_hasher().finish();
        format!("{}-{random:016x}", std::process::id())
    })
}

/// A text as part of a name: what is not to be kept becomes a dash.
pub fn dashed(text: &str, keep: impl Fn(char) -> bool) -> String {
    text.chars().map(|letter| if keep(letter) { letter } else { '-' }).collect()
}

/// A name that every file system takes: letters, digits, dashes, lines and dots.
#[must_use]
pub fn safe_name(name: &str) -> String {
    dashed(name, |letter| letter.is_alphanumeric() || "-_.".contains(letter))
}

/// A name in lower case with single dashes for all that is neither letter nor digit, at most 60 characters.
#[must_use]
pub fn slug(name: &str) -> String {
    let lower: String = name.chars().flat_map(char::to_lowercase).collect();
    let words = dashed(&lower, char::is_alphanumeric);
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let short: String = words.join("-").chars().take(60).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "unnamed".to_owned() } else { short.to_owned() }
}

/// Where a folder is kept while another one takes its place.
fn superseded(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".old");
    target.with_file_name(name)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            // Windows syncs only what is open for writing.
            File::options().append(true).open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder)
}

/// Makes names in a folder durable, where the system has a way to ask for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The files directly in a folder, by name; hidden ones are left out.
///
/// # Errors
/// What the system says.
pub fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let is_shown = |entry: &fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    let mut files: Vec<PathBuf> = entries.iter().filter(|entry| is_shown(entry)).map(fs::DirEntry::path).collect();
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// Whether something can be written in a folder, which need not be there yet.
///
/// # Errors
/// What the system says, with the path.
pub fn can_hold(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|above| above.exists()).filter(|above| !above.as_os_str().is_empty());
    let tried = tempfile::tempdir_in(there.unwrap_or(Path::new("."))).and_then(tempfile::TempDir::close);
    tried.map_err(|error| naming("cannot write", folder, &error))
}

/// Whether this process may open so many more files at once, tried on one that is there.
///
/// # Errors
/// What the system says, and what can be done about it.
pub(crate) fn can_open_more(count: usize, file: &Path) -> io::Result<()> {
    let opened: io::Result<Vec<File>> = (0..count).map(|_| File::open(file)).collect();
    opened.map(drop).map_err(|error| {
        let advice = "let this program have more files open at once, as with `ulimit -n 256`";
        io::Error::new(error.kind(), format!("{error}; {advice}"))
    })
}

/// Whether an error says that there is no room left.
pub(crate) fn lacks_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether the disk of a folder has no room for some kilobytes. Other trouble is not looked for.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    let tried = tempfile::tempfile_in(folder).and_then(|mut file| {
        file.write_all(&vec![0; 64 << 10])?;
        file.sync_all()
    });
    tried.is_err_and(|error| lacks_room(&error))
}

/// How many bytes this user may still write to a folder's disk, where the system tells.
#[cfg(unix)]
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// How many bytes this user may still write to a folder's disk, where the system tells.
#[cfg(not(unix))]
#[must_use]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Why a folder cannot be written to, and what can be done about it.
#[must_use]
pub fn in_words(folder: &Path, error: &io::Error) -> String {
    use io::ErrorKind::{
        NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StaleNetworkFileHandle,
        StorageFull,
    };
    let folder = folder.display();
    match error.kind() {
        StorageFull => format!("the disk of {folder} is full; make room there"),
        QuotaExceeded => {
            format!("your share of the disk of {folder} is used up; make room there")
        }
        NotFound | NotADirectory | StaleNetworkFileHandle => {
            format!("the folder {folder} is gone; bring it back")
        }
        PermissionDenied => format!("this user may not write to {folder}; allow it"),
        ReadOnlyFilesystem => {
            format!("the disk of {folder} can only be read; make it writable")
        }
        _ => format!("{folder} cannot be written to ({error}); mend it"),
    }
}

/// The same error with what was done to which file.
pub(crate) fn naming(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_readable_folder_names() {
        assert_eq!(slug("Plain vs. Residual (56 layers)"), "plain-vs-residual-56-layers");
        assert_eq!(slug("  α = ½, Größe  "), "α-½-größe");
        assert_eq!(slug("---"), "unnamed");
        assert_eq!(slug(&"long name ".repeat(20)).len(), 59);
    }

    #[test]
    fn what_a_name_cannot_have_becomes_a_dash() {
        assert_eq!(safe_name("plain net: layer1.0_α/β"), "plain-net--layer1.0_α-β");
        assert_eq!(
            dashed("T-shirt/top_2.0 ½", |letter| letter.is_ascii_alphanumeric() || letter == '.'),
            "T-shirt-top-2.0--"
        );
    }

    #[test]
    fn a_folder_is_made_as_a_whole_and_never_over_another() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("album");
        let fill = |folder: &Path| fs::write(folder.join("a.txt"), "a");
        let failing = |folder: &Path| fill(folder).and_then(|()| Err(io::Error::other("the disk is full")));
        assert!(create_folder(&target, failing).unwrap_err().to_string().contains("the disk is full"));
        assert!(names(place.path()).is_empty(), "nothing stays behind");
        create_folder(&target, fill).unwrap();
        assert_eq!(names(&target), ["a.txt"]);
        let again = create_folder(&target, |folder| fs::write(folder.join("b.txt"), "b")).unwrap_err();
        assert!(again.to_string().contains("already"), "{again}");
        assert_eq!((names(&target), names(place.path())), (vec!["a.txt".to_owned()], vec!["album".to_owned()]));
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn folder_with(path: &Path, text: &str) {
        fs::create_dir_all(path.join("deep")).unwrap();
        fs::write(path.join("deep/file"), text).unwrap();
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_stays() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("table.csv");
        write_atomically(&path, b"a longer first text").unwrap();
        write_atomically(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(place.path()), ["table.csv"]);
    }

    #[test]
    fn of_many_that_create_a_file_one_is_first_and_its_contents_stay() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("claim");
        let winners: Vec<u8> = std::thread::scope(|scope| {
            let path = &path;
            let threads: Vec<_> =
                (0..16).map(|id| scope.spawn(move || create_first(path, &[id]).unwrap().then_some(id))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(winners, fs::read(&path).unwrap());
        assert_eq!(names(place.path()), ["claim"]);
        assert!(create_first(&place.path().join("nowhere/claim"), b"x").is_err());
    }

    #[test]
    fn a_file_that_cannot_be_written_says_which_and_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let taken = place.path().join("taken");
        folder_with(&taken, "here first");
        let message = write_atomically(&taken, b"x").unwrap_err().to_string();
        assert!(message.contains("taken"), "{message}");
        assert_eq!(names(place.path()), ["taken"]);
        assert!(write_atomically(&place.path().join("nowhere/file"), b"x").is_err());
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        let place = tempfile::tempdir().unwrap();
        let (new, target) = (place.path().join("new"), place.path().join("last"));
        for text in ["first", "second"] {
            folder_with(&new, text);
            replace_folder(&new, &target).unwrap();
            assert_eq!(fs::read_to_string(target.join("deep/file")).unwrap(), text);
            assert_eq!(names(place.path()), ["last"]);
        }
        assert!(replace_folder(&new, &target).is_err(), "there is no new folder any more");
        assert_eq!(fs::read_to_string(target.join("deep/file")).unwrap(), "second");
    }

    #[test]
    fn files_get_a_second_name_and_leftovers_of_killed_writers_go() {
        let place = tempfile::tempdir().unwrap();
        folder_with(&place.path().join("old"), "weights");
        link_folder(&place.path().join("old"), &place.path().join("kept")).unwrap();
        fs::remove_dir_all(place.path().join("old")).unwrap();
        folder_with(&place.path().join(".new-a7"), "half");
        fs::write(beside(&place.path().join("table.csv"), "tmp"), "half").unwrap();
        sweep(place.path());
        assert_eq!(names(place.path()), ["kept"]);
        assert_eq!(fs::read_to_string(place.path().join("kept/deep/file")).unwrap(), "weights");
    }

    #[test]
    fn what_a_crash_left_is_settled() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("last");
        folder_with(&place.path().join(".last.old"), "old");
        settle_folder(&target).unwrap();
        assert_eq!(fs::read_to_string(target.join("deep/file")).unwrap(), "old");
        folder_with(&place.path().join(".last.old"), "older");
        settle_folder(&target).unwrap();
        assert_eq!(fs::read_to_string(target.join("deep/file")).unwrap(), "old");
        assert_eq!(names(place.path()), ["last"]);
    }
}
