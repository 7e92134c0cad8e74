//! A folder as one zip file, to be opened on another machine.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Puts a run's or a study's folder, and all that it holds, into a zip file. What belongs to this machine alone is left
/// out: locks, and files that are being written.
///
/// # Errors
/// A file that cannot be read, or an archive that cannot be written.
pub fn write(folder: &Path, archive: impl Write + Seek) -> io::Result<()> {
    let mut zip = ZipWriter::new(archive);
    let options = SimpleFileOptions::default().large_file(true);
    let name = folder.file_name().unwrap_or_default().to_owned();
    for path in files(folder)? {
        let within = path.strip_prefix(folder).map_err(io::Error::other)?;
        let parts = std::iter::once(name.to_string_lossy()).chain(within.iter().map(|part| part.to_string_lossy()));
        zip.start_file(parts.collect::<Vec<_>>().join("/"), options)?;
        io::copy(&mut File::open(&path)?, &mut zip)?;
    }
    zip.finish()?;
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
}
