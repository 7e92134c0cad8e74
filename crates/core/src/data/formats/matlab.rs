//! Arrays of whole numbers in MATLAB's files of level 5, as `save` and `scipy.io.savemat` write them.
//! Format: <https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf>.

use crate::data::store::{most, too_much};
use flate2::read::ZlibDecoder;
use std::io::Read;

/// Bytes before the first element.
const HEADER: usize = 128;

/// Kinds of elements.
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT16: u32 = 3;
const UINT16: u32 = 4;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const DOUBLE: u32 = 9;
const INT64: u32 = 12;
const UINT64: u32 = 13;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

/// An array, in the order in which MATLAB stores it: the first place counts up first.
#[derive(Debug)]
pub(super) struct Array {
    pub name: String,
    pub shape: Vec<usize>,
    kind: u32,
    values: Vec<u8>,
}

impl Array {
    /// Its values if they are bytes.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        (self.kind == UINT8).then_some(self.values)
    }

    /// Its values as whole numbers.
    pub fn integers(&self) -> Option<Vec<i64>> {
        let values = &self.values;
        Some(match self.kind {
            UINT8 => values.iter().map(|&value| value.into()).collect(),
            INT8 => values.iter().map(|value| value.cast_signed().into()).collect(),
            INT16 => values.as_chunks().0.iter().map(|value| i16::from_le_bytes(*value).into()).collect(),
            UINT16 => values.as_chunks().0.iter().map(|value| u16::from_le_bytes(*value).into()).collect(),
            INT32 => values.as_chunks().0.iter().map(|value| i32::from_le_bytes(*value).into()).collect(),
            UINT32 => values.as_chunks().0.iter().map(|value| u32::from_le_bytes(*value).into()).collect(),
            INT64 => values.as_chunks().0.iter().map(|value| i64::from_le_bytes(*value)).collect(),
            UINT64 => {
                let value = |value: &[u8; 8]| i64::try_from(u64::from_le_bytes(*value)).ok();
                values.as_chunks().0.iter().map(value).collect::<Option<_>>()?
            }
            DOUBLE => {
                values.as_chunks().0.iter().map(|value| whole(f64::from_le_bytes(*value))).collect::<Option<_>>()?
            }
            _ => return None,
        })
    }
}

#[allow(clippy::cast_possible_truncation, reason = "checked to be a small whole number")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i64)
}

/// Whether a file is one that [`read`] reads: of level 5, its numbers with the lowest byte first.
pub(super) fn starts(start: &[u8]) -> bool {
    start.len() >= HEADER && start.starts_with(b"MATLAB 5.0") && start[126..128] == *b"IM"
}

/// The arrays of a file, those of other kinds left out; or what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Array>, String> {
    let mut rest = bytes.get(HEADER..).filter(|_| starts(bytes)).ok_or("it is no MATLAB file of level 5")?;
    let mut arrays = Vec::new();
    while rest.len() >= 8 {
        let (kind, body, next) = element(rest).ok_or("it is cut off or damaged")?;
        if kind == COMPRESSED {
            let limit = most(body.len() as u64);
            let mut unpacked = Vec::new();
            let read = ZlibDecoder::new(body).take(limit).read_to_end(&mut unpacked);
            read.map_err(|error| format!("it cannot be unpacked ({error})"))?;
            if unpacked.len() as u64 >= limit {
                return Err(too_much(body.len() as u64));
            }
            let inside = element(&unpacked).filter(|(kind, ..)| *kind == MATRIX);
            arrays.extend(inside.and_then(|(_, body, _)| matrix(body)));
        } else if kind == MATRIX {
            arrays.extend(matrix(body));
        }
        rest = next;
    }
    Ok(arrays)
}

/// The first element: its kind, what it holds, and what follows it. Short ones have both in their first eight bytes.
fn element(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let first = word(0)?;
    if first >> 16 != 0 {
        let length = (first >> 16) as usize;
        return Some((first & 0xffff, bytes.get(4..8)?.get(..length)?, bytes.get(8..)?));
    }
    let length = usize::try_from(word(4)?).ok()?;
    let (body, rest) = bytes.get(8..)?.split_at_checked(length)?;
    // All but packed elements fill up to eight bytes.
    let padding = if first == COMPRESSED { 0 } else { length.wrapping_neg() % 8 };
    Some((first, body, rest.get(padding..).unwrap_or_default()))
}

/// An array of whole numbers: its flags, sides, name and values follow one another.
fn matrix(body: &[u8]) -> Option<Array> {
    let (_, _flags, rest) = element(body)?;
    let (_, sides, rest) = element(rest)?;
    let (_, name, rest) = element(rest)?;
    let (kind, values, _) = element(rest)?;
    let shape: Vec<usize> = sides
        .as_chunks()
        .0
        .iter()
        .map(|side| usize::try_from(i32::from_le_bytes(*side)).ok())
        .collect::<Option<_>>()?;
    let count = shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))?;
    let width = match kind {
        INT8 | UINT8 => 1,
        INT16 | UINT16 => 2,
        INT32 | UINT32 => 4,
        DOUBLE | INT64 | UINT64 => 8,
        _ => return None,
    };
    let name = String::from_utf8_lossy(name).into_owned();
    (count.checked_mul(width) == Some(values.len())).then(|| Array { name, shape, kind, values: values.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_whatever_their_width() {
        let element = |kind: u32, bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap_or(0);
            let padding = vec![0; bytes.len().wrapping_neg() % 8];
            [&kind.to_le_bytes()[..], &length.to_le_bytes(), bytes, &padding].concat()
        };
        for (kind, width) in [(UINT8, 1), (INT16, 2), (UINT32, 4), (INT64, 8), (UINT64, 8)] {
            let values: Vec<u8> = (1..=3_u64).flat_map(|value| value.to_le_bytes()[..width].to_vec()).collect();
            let sides: Vec<u8> = [3_i32, 1].iter().flat_map(|side| side.to_le_bytes()).collect();
            let body = [element(UINT32, &[0; 8]), element(INT32, &sides), element(INT8, b"y"), element(kind, &values)];
            let mut file = b"MATLAB 5.0".to_vec();
            file.resize(126, b' ');
            file.extend(b"IM");
            file.extend(element(MATRIX, &body.concat()));
            let arrays = read(&file).unwrap_or_default();
            assert_eq!(arrays.iter().map(Array::integers).collect::<Vec<_>>(), [Some(vec![1, 2, 3])], "{kind}");
        }
    }
}
