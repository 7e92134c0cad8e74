//! What an arm took every validation image for, at each of its validations: a file of equal rows, each the step in eight
//! bytes and a class in two bytes for each image, least byte first.
//!
//! A crash may tear the last row. Readers leave it out, and the next one who appends cuts it off.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// After this many steps.
    pub step: u64,
    /// What each validation image was taken for.
    pub predicted: Vec<u16>,
}

/// The file of one arm.
pub(super) struct History {
    path: PathBuf,
    images: usize,
}

impl History {
    /// A history of this many images; the file begins with the first validation.
    pub(super) fn new(path: PathBuf, images: usize) -> Self {
        Self { path, images }
    }

    fn row(&self) -> usize {
        8 + 2 * self.images
    }

    /// Adds a validation; one of other images has no place here.
    pub(super) fn push(&self, step: u64, predicted: &[u16]) -> io::Result<()> {
        if predicted.len() != self.images {
            return Ok(());
        }
        let file = File::options().create(true).truncate(false).write(true).open(&self.path)?;
        let torn = file.metadata()?.len() % self.row() as u64;
        file.set_len(file.metadata()?.len() - torn)?;
        let mut file = File::options().append(true).open(&self.path)?;
        let bytes = step.to_le_bytes().into_iter().chain(predicted.iter().flat_map(|class| class.to_le_bytes()));
        file.write_all(&bytes.collect::<Vec<u8>>())
    }

    /// Drops what came after this step.
    pub(super) fn cut(&self, step: u64) -> io::Result<()> {
        let kept = read(&self.path, self.images)?.iter().take_while(|validation| validation.step <= step).count();
        if self.path.exists() {
            File::options().write(true).open(&self.path)?.set_len((kept * self.row()) as u64)?;
        }
        Ok(())
    }
}

/// Every validation, oldest first; none where there is no file.
pub(super) fn read(path: &Path, images: usize) -> io::Result<Vec<Validation>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(path)?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte));
    let class = |bytes: &[u8]| u16::try_from(number(bytes)).unwrap_or(u16::MAX);
    let row =
        |row: &[u8]| Validation { step: number(&row[..8]), predicted: row[8..].chunks_exact(2).map(class).collect() };
    Ok(bytes.chunks_exact(8 + 2 * images).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validations_come_back_without_what_is_torn_or_cut() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("predictions.bin");
        assert_eq!(read(&path, 3).unwrap(), []);
        let history = History::new(path.clone(), 3);
        history.push(39, &[1, 700, 2]).unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b"torn").unwrap();
        history.push(78, &[0, 1, 2]).unwrap();
        let first = Validation { step: 39, predicted: vec![1, 700, 2] };
        assert_eq!(read(&path, 3).unwrap(), [first.clone(), Validation { step: 78, predicted: vec![0, 1, 2] }]);
        history.cut(77).unwrap();
        assert_eq!(read(&path, 3).unwrap(), [first]);
    }
}
