//! Bytes of a page as they were before they were packed.

use crate::data::store::index::most;
use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use ruzstd::decoding::StreamingDecoder;
use std::io::Read;

/// How pages are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Snappy,
    Gzip,
    Zstd,
}

impl Packing {
    /// The ways that are read; `None` for another one.
    pub fn of(compression: Compression) -> Option<Self> {
        match compression {
            Compression::UNCOMPRESSED => Some(Self::None),
            Compression::SNAPPY => Some(Self::Snappy),
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::ZSTD(_) => Some(Self::Zstd),
            _ => None,
        }
    }

    /// As many bytes as a page says that it has, or why not. Memory is taken as the bytes come.
    pub fn unpack(self, packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
        if length as u64 > most(packed.len() as u64) {
            return Err(format!("a page of {} bytes would take {} MB", packed.len(), length >> 20));
        }
        let bytes = match self {
            Self::None => packed.to_vec(),
            Self::Snappy => {
                let says = snap::raw::decompress_len(packed).map_err(|error| error.to_string())?;
                if says != length {
                    return Err(wrong(says, length));
                }
                snap::raw::Decoder::new().decompress_vec(packed).map_err(|error| error.to_string())?
            }
            Self::Gzip => all(MultiGzDecoder::new(packed), length)?,
            Self::Zstd => all(StreamingDecoder::new(packed).map_err(|error| error.to_string())?, length)?,
        };
        if bytes.len() == length { Ok(bytes) } else { Err(wrong(bytes.len(), length)) }
    }
}

fn all(reader: impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader.take(length as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn wrong(is: usize, says: usize) -> String {
    format!("a page should have {says} bytes and has {is}")
}
