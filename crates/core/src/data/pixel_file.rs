//! Images of one size behind one another in a file, read a few at a time. Each is compared with what was noted down when
//! it was written, so that a damaged disk spoils no training in silence.

use super::error::DataError;
use flate2::Crc;
use std::fs::File;
use std::io;
use std::path::PathBuf;

/// What is noted down about the bytes of one channel of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark {
    /// Their CRC-32.
    pub check: u32,
    /// Their sum.
    pub sum: u32,
    /// The sum of their squares.
    pub squares: u64,
}

impl Mark {
    /// The bytes that a mark takes in a file.
    pub const BYTES: usize = 16;

    /// Of one channel; at most 2²⁴ bytes, so that their sum fits.
    pub fn of(plane: &[u8]) -> Self {
        let mut check = Crc::new();
        check.update(plane);
        // In stretches whose sums of squares fit 32 bits, which the compiler does several at a time.
        let squares = |bytes: &[u8]| bytes.iter().map(|&value| u32::from(value) * u32::from(value)).sum::<u32>();
        Self {
            check: check.sum(),
            sum: plane.iter().map(|&value| u32::from(value)).sum(),
            squares: plane.chunks(1 << 16).map(|bytes| u64::from(squares(bytes))).sum(),
        }
    }

    /// As it lies in a file.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let number = u128::from(self.check) | (u128::from(self.sum) << 32) | (u128::from(self.squares) << 64);
        number.to_le_bytes()
    }

    /// From a file.
    #[allow(clippy::cast_possible_truncation, reason = "each part is what to_bytes put there")]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let number = u128::from_le_bytes(bytes);
        Self { check: number as u32, sum: (number >> 32) as u32, squares: (number >> 64) as u64 }
    }
}

/// Images in a file.
#[derive(Debug)]
pub(super) struct PixelFile {
    pub path: PathBuf,
    pub file: File,
    /// Bytes before the first image.
    pub start: u64,
    /// `[channels, height, width]`
    pub shape: [usize; 3],
    /// `[image][channel]`
    pub marks: Vec<Mark>,
}

impl PixelFile {
    /// Reads the first channels of an image, as many as fill `target`.
    pub fn read(&self, index: usize, target: &mut [u8]) -> Result<(), DataError> {
        let [channels, height, width] = self.shape;
        let plane = height * width;
        let at = self.start + (index * channels * plane) as u64;
        read_exact_at(&self.file, target, at).map_err(|error| DataError::reading(&self.path, &error))?;
        let marks = self.marks.get(index * channels..).unwrap_or_default();
        let is_whole = target.chunks_exact(plane).zip(marks).all(|(bytes, mark)| Mark::of(bytes).check == mark.check);
        let changed = || {
            let problem = "its pictures have changed since they were kept";
            DataError::unusable(&self.path, problem, "delete this file, and it is made again at the next start")
        };
        is_whole.then_some(()).ok_or_else(changed)
    }
}

/// Fills `buffer` from a place in a file, wherever others read meanwhile.
pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                buffer = &mut buffer[count..];
                at += count as u64;
            }
        }
    }
    Ok(())
}

/// Reads from a place in a file, wherever others read meanwhile.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

/// Reads from a place in a file, wherever others read meanwhile.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_sums_and_survive_a_file() {
        let plane: Vec<u8> = (0..300_000).map(|index| u8::try_from(index % 256).unwrap()).collect();
        let mark = Mark::of(&plane);
        let sum: u64 = plane.iter().map(|&value| u64::from(value)).sum();
        let squares: u64 = plane.iter().map(|&value| u64::from(value).pow(2)).sum();
        assert_eq!((u64::from(mark.sum), mark.squares), (sum, squares));
        assert_eq!(Mark::from_bytes(mark.to_bytes()), mark);
        assert_eq!(Mark::of(b"123456789").check, 0xcbf4_3926, "the check value of CRC-32");
    }
}
