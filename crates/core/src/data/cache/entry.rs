//! A file of kept pictures: what it is, the pixels, then marks of each image and what was found on the way. It gets its
//! name when it is whole.

use super::folder::{ENDING, make_room};
use crate::data::left_out::Why;
use crate::data::pixel_file::{Mark, PixelFile, read_exact_at};
use crate::experiment::MAX_SIDE;
use flate2::Crc;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::NamedTempFile;

/// What a file starts with; the number is that of the layout.
const START: &[u8; 24] = b"residual-lab pictures 1\n";

/// At the end: how long the marks and the description are, and the CRC-32 of both.
const END: usize = 20;

/// What was found out about the pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::data) struct About {
    /// The data set's path.
    pub source: PathBuf,
    pub key: String,
    /// `[channels, height, width]`
    pub shape: [usize; 3],
    /// One for each file.
    pub outcomes: Vec<Outcome>,
    /// That a size was chosen for them.
    pub notice: Option<String>,
}

/// What became of a picture file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::data) enum Outcome {
    /// Width and height as it lies in its file.
    Read(usize, usize),
    /// It was left out.
    LeftOut { kind: Why, reason: String },
}

/// Writes a file.
pub(in crate::data) struct Writer {
    file: BufWriter<NamedTempFile>,
    marks: Vec<Mark>,
}

impl Writer {
    /// Begins a file without its name, in a folder that is made if need be.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::with_capacity(1 << 20, NamedTempFile::new_in(folder)?);
        file.write_all(START)?;
        Ok(Self { file, marks: Vec::new() })
    }

    /// Adds images and a mark for each of their channels.
    pub fn push(&mut self, pixels: &[u8], marks: &[Mark]) -> io::Result<()> {
        self.marks.extend_from_slice(marks);
        self.file.write_all(pixels)
    }

    /// Ends the file and gives it its name, unless it has more than `at_most` bytes; then it is gone when nobody reads it any more.
    pub fn finish(mut self, about: &About, at_most: u64, folder: &Path) -> io::Result<PixelFile> {
        let description = serde_json::to_vec(about)?;
        let marks: Vec<u8> = self.marks.iter().flat_map(|mark| mark.to_bytes()).collect();
        let mut check = Crc::new();
        check.update(&marks);
        check.update(&description);
        self.file.write_all(&marks)?;
        self.file.write_all(&description)?;
        self.file.write_all(&(marks.len() as u64).to_le_bytes())?;
        self.file.write_all(&(description.len() as u64).to_le_bytes())?;
        self.file.write_all(&check.sum().to_le_bytes())?;
        let temporary = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let path = place(folder, &about.key);
        let length = temporary.as_file().metadata()?.len();
        let file = if length <= at_most {
            temporary.as_file().sync_all()?;
            make_room(folder, at_most - length, &path);
            temporary.persist(&path)?
        } else {
            temporary.into_file()
        };
        Ok(PixelFile { path, file, start: START.len() as u64, shape: about.shape, marks: self.marks })
    }
}

fn place(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.{ENDING}"))
}

/// The file of a key; `None` where there is none or it is damaged. That it was used is noted down.
pub(in crate::data) fn open(folder: &Path, key: &str) -> Option<(About, PixelFile)> {
    let path = place(folder, key);
    let (about, marks, file) = read(&path).ok()?;
    if about.key != key {
        return None;
    }
    // Whoever may only read has it, too.
    let _ = file.set_modified(SystemTime::now());
    let pixels = PixelFile { path, file, start: START.len() as u64, shape: about.shape, marks };
    Some((about, pixels))
}

/// What a file says about itself, and nothing that it does not keep.
pub(super) fn read(path: &Path) -> io::Result<(About, Vec<Mark>, File)> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    let file = File::options().read(true).append(true).open(path).or_else(|_| File::open(path))?;
    let length = file.metadata()?.len();
    let mut start = [0; START.len()];
    read_exact_at(&file, &mut start, 0)?;
    let mut end = [0; END];
    read_exact_at(&file, &mut end, length.checked_sub(END as u64).ok_or_else(damaged)?)?;
    let number = |at: usize| end[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).unwrap_or_default();
    let (marks_length, described) = (number(0), number(8));
    let rest = marks_length.checked_add(described).filter(|rest| *rest <= length - END as u64).ok_or_else(damaged)?;
    let mut bytes = vec![0; usize::try_from(rest).map_err(io::Error::other)?];
    read_exact_at(&file, &mut bytes, length - END as u64 - rest)?;
    let mut check = Crc::new();
    check.update(&bytes);
    if &start != START || end[16..] != check.sum().to_le_bytes() {
        return Err(damaged());
    }
    let (marks, description) = bytes.split_at(usize::try_from(marks_length).map_err(io::Error::other)?);
    let about: About = serde_json::from_slice(description)?;
    let marks: Vec<Mark> = marks.as_chunks().0.iter().map(|bytes| Mark::from_bytes(*bytes)).collect();
    let [channels, height, width] = about.shape;
    let is_shape = [1, 3].contains(&channels) && [height, width].iter().all(|side| (1..=MAX_SIDE).contains(side));
    let count = about.outcomes.len();
    let expected = || Some((START.len() + END) as u64 + rest + (count * channels * height * width) as u64);
    if !is_shape || marks.len() != count * channels || expected() != Some(length) {
        return Err(damaged());
    }
    Ok((about, marks, file))
}
