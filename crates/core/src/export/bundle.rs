//! A run's or a study's folder as one zip file, and back on another machine.

use crate::data::unpack;
use crate::runs::free;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Puts a run's or a study's folder, and all that it holds, into a zip file. What belongs to this machine alone is left
/// out: locks, and files that are being written.
///
/// # Errors
/// A file that cannot be read, or an archive that cannot be written.
pub fn write(folder: &Path, archive: impl Write + Seek) -> io::Result<()> {
    let mut zip = ZipWriter::new(archive);
    let written = fill(folder, &mut zip);
    if written.is_err() {
        // Dropping it would write once more, and print that this fails, too.
        std::mem::forget(zip);
        return written;
    }
    zip.finish()?;
    Ok(())
}

fn fill(folder: &Path, zip: &mut ZipWriter<impl Write + Seek>) -> io::Result<()> {
    let options = SimpleFileOptions::default().large_file(true);
    let name = folder.file_name().unwrap_or_default().to_owned();
    for path in files(folder)? {
        let within = path.strip_prefix(folder).map_err(io::Error::other)?;
        let parts = std::iter::once(name.to_string_lossy()).chain(within.iter().map(|part| part.to_string_lossy()));
        zip.start_file(parts.collect::<Vec<_>>().join("/"), options)?;
        io::copy(&mut File::open(&path)?, zip)?;
    }
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link could lead out of the folder.
            let kind = entry.file_type()?;
            if entry.file_name().to_string_lossy().starts_with('.') || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

/// What a zip file held, with where it lies now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Run(PathBuf),
    Study(PathBuf),
}

/// Whether a zip file holds a run or a study rather than pictures.
#[must_use]
pub fn is_one(archive: &Path) -> bool {
    matches!(mark(archive), Ok(Some(_)))
}

/// Which of the files that the folder of a run, and that of a study, cannot be without is in the archive's folder.
fn mark(archive: &Path) -> io::Result<Option<&'static str>> {
    let zip = ZipArchive::new(File::open(archive)?)?;
    let names: Vec<String> = zip.file_names().filter_map(Result::ok).map(|name| name.replace('\\', "/")).collect();
    let is_there = |mark: &&str| names.iter().any(|name| name.split('/').nth(1) == Some(mark));
    Ok([RUN, STUDY].into_iter().find(is_there))
}

const RUN: &str = "experiment.toml";
const STUDY: &str = "study.toml";

/// Unpacks a zip file that [`write`] made beside the other runs or studies, under its name or the next free one.
///
/// # Errors
/// What is wrong with the archive, or that the folder cannot be written.
pub fn open(archive: &Path, runs: &Path, studies: &Path) -> Result<Opened, String> {
    let name = archive.file_stem().unwrap_or_default().to_string_lossy();
    let mark = mark(archive).map_err(|error| format!("{} cannot be read: {error}", archive.display()))?;
    let mark = mark.ok_or_else(|| format!("{} holds neither a run nor a study", archive.display()))?;
    let place = if mark == RUN { runs } else { studies };
    let made = |error: io::Error| format!("{} cannot be written: {error}", place.display());
    fs::create_dir_all(place).map_err(made)?;
    // What is there as a whole gets its name; what breaks off is hidden, and removed.
    let hidden = free(place, &format!(".{name}"));
    fs::create_dir(&hidden).map_err(made)?;
    let opened = unpack(archive, &hidden).map_err(|error| error.to_string()).and_then(|()| {
        let folder = free(place, &name);
        fs::rename(&hidden, &folder).map_err(made)?;
        Ok(if mark == RUN { Opened::Run(folder) } else { Opened::Study(folder) })
    });
    if opened.is_err() {
        // What is left of it is of no use.
        let _ = fs::remove_dir_all(&hidden);
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_comes_back_from_its_archive() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        fs::create_dir_all(run.join("arms/plain")).unwrap();
        for (name, text) in [("run.json", "{}"), ("arms/plain/metrics.csv", "step\n1\n"), (".lock", "")] {
            fs::write(run.join(name), text).unwrap();
        }
        let mut bytes = io::Cursor::new(Vec::new());
        write(&run, &mut bytes).unwrap();
        let mut archive = zip::ZipArchive::new(bytes).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let text = io::read_to_string(archive.by_name("run/arms/plain/metrics.csv").unwrap()).unwrap();
        assert_eq!(text, "step\n1\n");
    }

    #[test]
    fn a_bundle_lies_beside_the_other_runs_and_never_over_one() {
        let place = tempfile::tempdir().unwrap();
        let (runs, studies) = (place.path().join("runs"), place.path().join("studies"));
        let bundle = |name: &str, mark: &str| {
            let folder = place.path().join(name);
            fs::create_dir_all(folder.join("deeper")).unwrap();
            for file in [mark, "deeper/numbers.csv"] {
                fs::write(folder.join(file), file).unwrap();
            }
            let archive = place.path().join(format!("{name}.zip"));
            write(&folder, File::create(&archive).unwrap()).unwrap();
            archive
        };
        let (run, study) = (bundle("one", RUN), bundle("rates", STUDY));
        assert!(is_one(&run) && is_one(&study));
        assert_eq!(open(&run, &runs, &studies), Ok(Opened::Run(runs.join("one"))));
        assert_eq!(open(&run, &runs, &studies), Ok(Opened::Run(runs.join("one-2"))), "the first stays as it is");
        assert_eq!(fs::read_to_string(runs.join("one-2/deeper/numbers.csv")).unwrap(), "deeper/numbers.csv");
        assert_eq!(open(&study, &runs, &studies), Ok(Opened::Study(studies.join("rates"))));

        let other = bundle("pictures", "cat.png");
        assert!(!is_one(&other) && !is_one(&place.path().join("nothing.zip")));
        assert!(open(&other, &runs, &studies).unwrap_err().contains("holds neither a run nor a study"));
        let torn = place.path().join("torn.zip");
        fs::write(&torn, &fs::read(&run).unwrap()[..60]).unwrap();
        assert!(open(&torn, &runs, &studies).is_err());
        assert_eq!(fs::read_dir(&runs).unwrap().count(), 2, "nothing is left of what failed");
    }
}
