//! What an arm took every validation image for, at each of its validations: a file of equal rows, each the step in eight
//! bytes and a class in two bytes for each image, least byte first.
//!
//! A crash may tear the last row. Readers leave it out, and the next one who appends cuts it off.

use super::growing::Growing;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// After this many steps.
    pub step: u64,
    /// What each validation image was taken for.
    pub predicted: Vec<u16>,
}

/// The file of one arm. It begins with the first validation.
pub(super) struct History {
    images: usize,
    file: Growing,
}

impl History {
    /// A history of this many images.
    pub(super) fn open(path: PathBuf, images: usize) -> io::Result<Self> {
        Ok(Self { images, file: Growing::open(path, |bytes| bytes.len() - bytes.len() % row(images))? })
    }

    /// Adds a validation; one of other images has no place here.
    pub(super) fn push(&mut self, step: u64, predicted: &[u16]) {
        if predicted.len() == self.images {
            let bytes = step.to_le_bytes().into_iter().chain(predicted.iter().flat_map(|class| class.to_le_bytes()));
            self.file.push(&bytes.collect::<Vec<u8>>());
        }
    }

    /// Drops what came after this step.
    pub(super) fn cut(&mut self, step: u64) -> io::Result<()> {
        let validations = parse(&self.file.contents()?, self.images);
        let kept = validations.iter().take_while(|validation| validation.step <= step).count();
        self.file.cut((kept * row(self.images)) as u64);
        self.file.flush()
    }

    /// The file below.
    pub(super) fn file(&mut self) -> &mut Growing {
        &mut self.file
    }
}

/// Bytes of one validation.
fn row(images: usize) -> usize {
    8 + 2 * images
}

/// Every validation, oldest first; none where there is no file.
pub(super) fn read(path: &Path, images: usize) -> io::Result<Vec<Validation>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    Ok(parse(&fs::read(path)?, images))
}

fn parse(bytes: &[u8], images: usize) -> Vec<Validation> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte));
    let class = |bytes: &[u8]| u16::try_from(number(bytes)).unwrap_or(u16::MAX);
    let row =
        |row: &[u8]| Validation { step: number(&row[..8]), predicted: row[8..].chunks_exact(2).map(class).collect() };
    bytes.chunks_exact(self::row(images)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn validations_come_back_without_what_is_torn_or_cut() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("predictions.bin");
        assert_eq!(read(&path, 3).unwrap(), []);
        let mut history = History::open(path.clone(), 3).unwrap();
        history.push(39, &[1, 700, 2]);
        history.file().flush().unwrap();
        fs::File::options().append(true).open(&path).unwrap().write_all(b"torn").unwrap();
        let mut history = History::open(path.clone(), 3).unwrap();
        history.push(78, &[0, 1, 2]);
        history.file().flush().unwrap();
        let first = Validation { step: 39, predicted: vec![1, 700, 2] };
        assert_eq!(read(&path, 3).unwrap(), [first.clone(), Validation { step: 78, predicted: vec![0, 1, 2] }]);
        history.cut(77).unwrap();
        assert_eq!(read(&path, 3).unwrap(), [first]);
    }
}
