//! The segments of a JPEG file: a marker (0xFF and a code), for most of them a length and so many bytes, and after
//! the start of a scan entropy-coded data up to the next marker. ITU-T T.81, annex B.

use super::flaw::Flaw;
use std::borrow::Cow;

/// The marker that every file starts with.
pub(in crate::data) const START: [u8; 2] = [0xff, START_OF_IMAGE];

pub(super) const START_OF_SCAN: u8 = 0xda;
const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;

/// A segment, where its marker is in its place: directly behind what came before.
pub(super) struct Segment<'a> {
    pub code: u8,
    /// Behind the length.
    pub body: &'a [u8],
    /// The entropy-coded data behind the start of a scan; empty for others.
    pub scan: &'a [u8],
}

/// Goes through the segments of a file up to the end marker or the end.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether anything lay between segments.
    stray: bool,
    /// Whether the end marker has come.
    ended: bool,
}

impl<'a> Segments<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: START.len().min(bytes.len()), stray: false, ended: false }
    }

    /// The next segment; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Segment<'a>>, Flaw> {
        loop {
            let from = self.at;
            let Some(code) = self.marker() else { return Ok(None) };
            self.stray |= self.at != from + 2;
            match code {
                // A second picture behind one without an end marker.
                END_OF_IMAGE | START_OF_IMAGE => {
                    self.ended = code == END_OF_IMAGE;
                    return Ok(None);
                }
                // Without a length, and out of place here; or not given to anything, so a stray 0xFF.
                0x01..=0xbf | 0xd0..=0xd7 => self.stray = true,
                _ => return self.segment(code).map(Some),
            }
        }
    }

    /// The next marker's code. As in libjpeg, whatever lies before it is passed over, and so are fill bytes.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let first = self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xff)? + self.at;
            let code = self.bytes[first..].iter().position(|&byte| byte != 0xff)? + first;
            self.at = code + 1;
            if self.bytes[code] != 0 {
                return Some(self.bytes[code]);
            }
        }
    }

    fn segment(&mut self, code: u8) -> Result<Segment<'a>, Flaw> {
        let length = self.bytes.get(self.at..self.at + 2).ok_or(Flaw::CutOff)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(Flaw::Damaged);
        }
        let body = self.bytes.get(self.at + 2..self.at + length).ok_or(Flaw::CutOff)?;
        self.at += length;
        let mut scan = &[][..];
        if code == START_OF_SCAN {
            scan = &self.bytes[self.at..][..scan_length(&self.bytes[self.at..])];
            self.at += scan.len();
        }
        Ok(Segment { code, body, scan })
    }
}

/// How far entropy-coded data goes: up to a marker that is not one of a restart.
fn scan_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(first) = bytes[at..].iter().position(|&byte| byte == 0xff).map(|offset| at + offset) {
        // Any number of fill bytes may lie before a code.
        let Some(code) = bytes[first..].iter().position(|&byte| byte != 0xff).map(|offset| first + offset) else {
            return first;
        };
        if !matches!(bytes[code], 0 | 0xd0..=0xd7) {
            return first;
        }
        at = code + 1;
    }
    bytes.len()
}

/// The same picture as every decoder reads it: no stray bytes between segments, no fill bytes, an end marker. A file
/// that is in order stays as it is.
pub(in crate::data) fn tidy(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Flaw> {
    let mut segments = Segments::new(bytes);
    let mut tidied = START.to_vec();
    let mut has_scan = false;
    while let Some(Segment { code, body, scan }) = segments.next()? {
        let length = u16::try_from(body.len() + 2).map_err(|_| Flaw::Damaged)?;
        tidied.extend([0xff, code]);
        tidied.extend(length.to_be_bytes());
        tidied.extend_from_slice(body);
        tidied.extend_from_slice(scan);
        // An end marker behind a cut may have become the end of a header.
        if code == START_OF_SCAN && scan.is_empty() {
            return Err(Flaw::CutOff);
        }
        has_scan |= code == START_OF_SCAN;
    }
    if !has_scan {
        return Err(Flaw::CutOff);
    }
    if segments.ended && !segments.stray {
        return Ok(Cow::Borrowed(bytes));
    }
    tidied.extend([0xff, END_OF_IMAGE]);
    Ok(Cow::Owned(tidied))
}
