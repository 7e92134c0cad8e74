//! Files of `PyTorch` as they come: what is no such file is named, and archives that the reader of zip files mistakes are
//! made readable.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The last record of a zip archive without a remark, the one before it that says where the larger one is, and an entry of
/// the list of files without its name.
const END: usize = 22;
const LOCATOR: usize = 20;
const ENTRY: usize = 46;

/// Where in the last record the list's place stands.
const PLACE: usize = 16;

/// What lies between the list of files and the last record in an archive with 64-bit sizes.
const BETWEEN: usize = 76;

/// A file that can be read, which may be another one with the same weights.
pub(super) enum Readable {
    Itself(PathBuf),
    Copy(NamedTempFile),
}

impl Readable {
    /// The file, or a copy of it that says that its sizes have 64 bits. `PyTorch` leaves that out. The reader then looks for
    /// the list of files where it would be if nothing lay between it and the end, and is led astray where just there an
    /// entry begins: where the first one has as many bytes as lie between, which is so for names of 21 letters.
    pub fn of(path: &Path) -> io::Result<Self> {
        let itself = || Ok(Self::Itself(path.to_owned()));
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let Some(tail) = length.checked_sub((LOCATOR + END) as u64) else { return itself() };
        file.seek(SeekFrom::Start(tail))?;
        let mut end = [0; LOCATOR + END];
        file.read_exact(&mut end)?;
        let (locator, last) = end.split_at(LOCATOR);
        let place = &last[PLACE..PLACE + 4];
        if !locator.starts_with(b"PK\x06\x07") || !last.starts_with(b"PK\x05\x06") || place == [0xFF; 4] {
            return itself();
        }
        let place = place.iter().rev().fold(0, |sum, &byte| (sum << 8) | u64::from(byte));
        let mut entry = [0; ENTRY];
        if place + (ENTRY as u64) > length {
            return itself();
        }
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut entry)?;
        let more: usize =
            [28, 30, 32].iter().map(|&at| usize::from(u16::from_le_bytes([entry[at], entry[at + 1]]))).sum();
        if ENTRY + more != BETWEEN {
            return itself();
        }
        let mut copy = NamedTempFile::new()?;
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut file, &mut copy)?;
        copy.seek(SeekFrom::Start(tail + (LOCATOR + PLACE) as u64))?;
        copy.write_all(&[0xFF; 4])?;
        copy.flush()?;
        Ok(Self::Copy(copy))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        match self {
            Self::Itself(path) => path,
            Self::Copy(file) => file.path(),
        }
    }
}

/// What a file is that holds no weights of `PyTorch`, by its first bytes.
pub(super) fn other(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 7] = [
        (b"\x89HDF", "it is an HDF5 file, as Keras writes it"),
        (b"\x93NUMPY", "it is an array of NumPy"),
        (b"\x1f\x8b", "it is a file packed by gzip; unpack it"),
        (b"\xfd7zXZ", "it is a file packed by xz; unpack it"),
        (b"BZh", "it is a file packed by bzip2; unpack it"),
        (b"7z\xbc\xaf", "it is a 7z archive; unpack it"),
        (b"\x08", "it may be an ONNX file, and networks are not read from those"),
    ];
    // The oldest protocol of pickles is text, too.
    let is_pickle = start.starts_with(b"L1") || start.starts_with(b"(");
    let is_text = !is_pickle && start.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 32..=126));
    let known = KINDS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, words)| *words);
    known.or_else(|| (is_text && start.len() > 7).then_some("it is a text"))
}

/// Why a file could not be read, from what its reader says.
pub(super) fn unread(why: &str) -> String {
    if why.contains("__torch__") {
        return "it is a TorchScript module; load it in PyTorch and save its weights alone, as with \
                torch.save(module.state_dict(), \"weights.pth\")"
            .to_owned();
    }
    let words = [
        (
            "No data.pkl entry",
            "it is a zip archive without PyTorch's weights, such as one of NumPy, Keras or torch.export; load it there, and save the weights alone, as with torch.save(module.state_dict(), \"weights.pth\"), or unpack it if a file of weights lies in it",
        ),
        ("Could not find EOCD", "it is cut off: the end of the archive is missing; get it again"),
        ("extends beyond the end of the file", "it is cut off: some of the weights are missing; get it again"),
        ("unterminated text field", "it is cut off; get it again"),
        (
            "storage persistent id has 4 fields",
            "it is a whole module as PyTorch saved it before version 1.6; load it there and save its weights alone, as with torch.save(module.state_dict(), \"weights.pth\")",
        ),
        ("QInt8Storage", "it is quantised to whole numbers, which are not read; save its weights in single precision"),
        ("QUInt8Storage", "it is quantised to whole numbers, which are not read; save its weights in single precision"),
        ("float8", "its weights are numbers of 8 bits, which are not read; save them in single precision"),
        ("_rebuild_sparse_tensor", "it holds sparse tensors, which are not read; save dense ones (tensor.to_dense())"),
        (
            "at the root of the PyTorch file",
            "it holds no weights by their names; save a state dict, as with torch.save(module.state_dict(), \"weights.pth\")",
        ),
    ];
    let known = words.iter().find(|(sign, _)| why.contains(sign)).map(|(_, words)| (*words).to_owned());
    known.unwrap_or_else(|| why.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `torch.save` ends a file, with a list of one entry of so many bytes.
    fn archive(entry: usize) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04 and what lies in it".to_vec();
        let place = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let name = u16::try_from(entry - ENTRY).unwrap().to_le_bytes();
        bytes.extend([&b"PK\x01\x02"[..], &[0; 24], &name, &[0; 16], &vec![b'a'; entry - ENTRY]].concat());
        bytes.extend(
            [&b"PK\x06\x06"[..], &[0; 52], b"PK\x06\x07", &[0; 16], b"PK\x05\x06", &[0; 12], &place, &[0; 2]].concat(),
        );
        bytes
    }

    #[test]
    fn an_archive_that_its_reader_mistakes_is_copied_with_wide_sizes() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("net.pth");
        for (entry, is_copied) in [(75, false), (76, true), (77, false)] {
            let bytes = archive(entry);
            std::fs::write(&path, &bytes).unwrap();
            let readable = Readable::of(&path).unwrap();
            assert_eq!(matches!(readable, Readable::Copy(_)), is_copied, "{entry}");
            let read = std::fs::read(readable.path()).unwrap();
            let at = bytes.len() - END + PLACE;
            assert_eq!((read.len(), read[..at] == bytes[..at]), (bytes.len(), true));
            assert_eq!(read[at..at + 4] == [0xFF; 4], is_copied);
        }
        for short in [&b""[..], b"PK", &[0; 50]] {
            std::fs::write(&path, short).unwrap();
            assert!(matches!(Readable::of(&path).unwrap(), Readable::Itself(_)));
        }
    }

    #[test]
    fn what_is_no_file_of_weights_is_named() {
        for (start, words) in [
            (&b"\x89HDF\r\n\x1a\n"[..], "Keras"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"404: Not Found", "a text"),
            (b"\x1f\x8b\x08\0", "gzip"),
        ] {
            assert!(other(start).is_some_and(|said| said.contains(words)), "{words}");
        }
        assert_eq!(other(b"\x80\x02ctorch"), None);
    }
}
