//! A file that grows at its end: what is added waits in memory until it is flushed, and after an error nothing is lost.
//! A file that somebody took away is written anew from what this process still holds of it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub(super) struct Growing {
    path: PathBuf,
    /// Absent until there is something to write.
    file: Option<File>,
    /// Bytes that are in the file for good.
    written: u64,
    /// Bytes that are not there yet.
    buffer: Vec<u8>,
}

impl Growing {
    /// Opens a file, if it is there; the bytes after the first `whole` ones, which a crash tore, are cut off.
    pub fn open(path: PathBuf, whole: impl FnOnce(&[u8]) -> usize) -> io::Result<Self> {
        let mut growing = Self { path, file: None, written: 0, buffer: Vec::new() };
        if growing.path.exists() {
            let file = File::options().read(true).write(true).open(&growing.path)?;
            growing.written = file.metadata()?.len();
            growing.file = Some(file);
            growing.written = whole(&growing.contents()?) as u64;
            growing.flush()?;
        }
        Ok(growing)
    }

    /// Adds bytes; they reach the file with the next [`Self::flush`].
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Where the next byte goes.
    pub fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Drops the bytes from `end` on.
    pub fn cut(&mut self, end: u64) {
        if let Some(keep) = end.checked_sub(self.written) {
            self.buffer.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        } else {
            self.written = end;
            self.buffer.clear();
        }
    }

    /// All bytes, also those that are not in the file yet.
    pub fn contents(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(mut file) = self.file.as_ref() {
            file.seek(SeekFrom::Start(0))?;
            file.take(self.written).read_to_end(&mut bytes)?;
        }
        bytes.extend_from_slice(&self.buffer);
        Ok(bytes)
    }

    /// Hands all bytes to the system. After an error nothing is lost: the next flush tries again.
    pub fn flush(&mut self) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref().filter(|_| self.path.exists()) else {
            return if self.end() == 0 { Ok(()) } else { self.write_anew() };
        };
        if self.buffer.is_empty() && file.metadata()?.len() == self.written {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        file.set_len(self.written)
    }

    /// Flushes, and waits until all is on the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn write_anew(&mut self) -> io::Result<()> {
        *self = self.copied_to(self.path.clone())?;
        Ok(())
    }

    /// Writes all bytes into another file, to go on with that.
    pub fn copied_to(&self, path: PathBuf) -> io::Result<Self> {
        let bytes = self.contents()?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
        file.write_all(&bytes)?;
        Ok(Self { path, file: Some(file), written: bytes.len() as u64, buffer: Vec::new() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The bytes up to and with the last line break.
pub(super) fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_are_cut_and_outlive_their_file() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/table.csv");
        fs::create_dir(place.path().join("deep")).unwrap();
        fs::write(&path, "header\n1\ntorn").unwrap();
        let mut growing = Growing::open(path.clone(), whole_lines).unwrap();
        growing.push(b"2\n3\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "header\n1\n");
        growing.cut(growing.end() - 2);
        growing.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "header\n1\n2\n");
        growing.cut(9);
        growing.push(b"4\n");
        growing.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "header\n1\n4\n");
        // Only a system that keeps what is open gives it back.
        if cfg!(unix) {
            fs::remove_dir_all(place.path().join("deep")).unwrap();
            growing.push(b"5\n");
            growing.flush().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "header\n1\n4\n5\n");
        }
    }
}
