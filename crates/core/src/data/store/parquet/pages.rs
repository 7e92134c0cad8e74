//! The pages of a column in a group of rows, one after another, for the library to decode.

use super::header::{Fault, Header};
use super::unpack::Packing;
use crate::data::store::shared::Shared;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use std::io::Read;

/// The bytes of a header that are read at first, and the most: writers may repeat a value in it.
const HEADER: u64 = 4 << 10;
const LONGEST_HEADER: u64 = 64 << 20;

/// The largest page that is read, in bytes.
const LARGEST: usize = 1 << 30;

/// The numbers of kinds of pages, and of the structure that describes each in its header.
const DATA: (usize, i64) = (0, 5);
const INDEX: (usize, i64) = (1, 6);
const DICTIONARY: (usize, i64) = (2, 7);
const DATA_V2: (usize, i64) = (3, 8);

/// The pages from one place in a file to another.
pub(super) struct Pages {
    file: Shared,
    at: u64,
    end: u64,
    packing: Packing,
    /// The header of the next page, once it has been read.
    ahead: Option<Header>,
}

impl Pages {
    /// Those of a column in a group of rows.
    pub fn new(file: Shared, column: &ColumnChunkMetaData) -> Result<Self> {
        let packing = Packing::of(column.compression()).ok_or_else(|| fault("a column is packed in an unknown way"))?;
        let begins = column.dictionary_page_offset().filter(|&place| place > 0).unwrap_or(column.data_page_offset());
        let begin = u64::try_from(begins).ok();
        let end = begin.and_then(|begin| begin.checked_add(u64::try_from(column.compressed_size()).ok()?));
        match (begin, end) {
            (Some(at), Some(end)) if end <= file.length() => Ok(Self { file, at, end, packing, ahead: None }),
            _ => Err(fault("a column lies outside of the file")),
        }
    }

    fn bytes(&self, length: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.part(self.at, length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the header of the next page that counts; the place in the file then is that of its contents.
    fn look_ahead(&mut self) -> Result<Option<&Header>> {
        while self.ahead.is_none() && self.at < self.end {
            let mut length = HEADER;
            let header = loop {
                let bytes = self.bytes(length.min(self.end - self.at))?;
                match Header::read(&bytes) {
                    Ok(header) => break header,
                    Err(Fault::Short) if bytes.len() as u64 == length && length < LONGEST_HEADER => length *= 8,
                    Err(_) => return Err(fault("the header of a page is damaged")),
                }
            };
            self.at += header.length as u64;
            if header.number(1) == Some(INDEX.0) {
                self.at += self.packed_length(&header)?;
            } else {
                self.ahead = Some(header);
            }
        }
        Ok(self.ahead.as_ref())
    }

    fn packed_length(&self, header: &Header) -> Result<u64> {
        let length = header.number(3).map(|length| length as u64);
        length.filter(|&length| length <= self.end - self.at).ok_or_else(|| fault("a page is cut off"))
    }

    fn page(&mut self, header: &Header) -> Result<Page> {
        let packed_length = self.packed_length(header)?;
        let length = header.number(2).filter(|&length| length <= LARGEST);
        let length = length.ok_or_else(|| fault(&format!("a page has more than {} MB", LARGEST >> 20)))?;
        let packed = self.bytes(packed_length)?;
        self.at += packed_length;
        let unpack = |packing: Packing, packed: &[u8], length| packing.unpack(packed, length).map_err(|it| fault(&it));
        let number = |(_, outer): (usize, i64), field| header.inner(outer, field).and_then(|it| u32::try_from(it).ok());
        let numbers = |of, field| number(of, field).ok_or_else(|| fault("the header of a page lacks a number"));
        match header.number(1) {
            Some(kind) if kind == DATA.0 => Ok(Page::DataPage {
                num_values: numbers(DATA, 1)?,
                encoding: encoding(number(DATA, 2))?,
                def_level_encoding: level_encoding(number(DATA, 3))?,
                rep_level_encoding: level_encoding(number(DATA, 4))?,
                buf: unpack(self.packing, &packed, length)?.into(),
                statistics: None,
            }),
            Some(kind) if kind == DICTIONARY.0 => {
                let buf = unpack(self.packing, &packed, length)?;
                let num_values = numbers(DICTIONARY, 1)?;
                // Memory is set aside for so many; a value takes four bytes or more.
                if num_values as usize > buf.len() / 4 {
                    return Err(fault("a dictionary has fewer values than it says"));
                }
                let encoding = encoding(number(DICTIONARY, 2))?;
                Ok(Page::DictionaryPage { buf: buf.into(), num_values, encoding, is_sorted: false })
            }
            Some(kind) if kind == DATA_V2.0 => {
                let (definitions, repetitions) = (numbers(DATA_V2, 5)?, numbers(DATA_V2, 6)?);
                // Levels lie before the values and are never packed.
                let levels = (definitions as usize).saturating_add(repetitions as usize);
                let (Some((levels, values)), Some(left)) =
                    (packed.split_at_checked(levels), length.checked_sub(levels))
                else {
                    return Err(fault("a page has fewer bytes than its levels"));
                };
                let packing = if number(DATA_V2, 7) == Some(0) { Packing::None } else { self.packing };
                let values = if left == 0 { Vec::new() } else { unpack(packing, values, left)? };
                Ok(Page::DataPageV2 {
                    buf: [levels, &values].concat().into(),
                    num_values: numbers(DATA_V2, 1)?,
                    num_nulls: numbers(DATA_V2, 2)?,
                    num_rows: numbers(DATA_V2, 3)?,
                    encoding: encoding(number(DATA_V2, 4))?,
                    def_levels_byte_len: definitions,
                    rep_levels_byte_len: repetitions,
                    is_compressed: false,
                    statistics: None,
                })
            }
            _ => Err(fault("a page is of an unknown kind")),
        }
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.look_ahead()?;
        self.ahead.take().map(|header| self.page(&header)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let Some(header) = self.look_ahead()? else { return Ok(None) };
        let kind = header.number(1);
        let of = if kind == Some(DATA_V2.0) { DATA_V2 } else { DATA };
        Ok(Some(PageMetadata {
            num_rows: header.inner(DATA_V2.1, 3),
            num_levels: header.inner(of.1, 1),
            is_dict: kind == Some(DICTIONARY.0),
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.look_ahead()?;
        if let Some(header) = self.ahead.take() {
            self.at += self.packed_length(&header)?;
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

pub(super) fn fault(text: &str) -> ParquetError {
    ParquetError::General(text.to_owned())
}

/// How values are written down. The ways that are left out set memory aside for as many values as a file says that it has.
fn encoding(number: Option<u32>) -> Result<Encoding> {
    Ok(match number {
        Some(0) => Encoding::PLAIN,
        Some(2) => Encoding::PLAIN_DICTIONARY,
        // Of yes and no alone; the library refuses others.
        Some(3) => Encoding::RLE,
        Some(5) => Encoding::DELTA_BINARY_PACKED,
        Some(8) => Encoding::RLE_DICTIONARY,
        _ => return Err(fault("values are written down in a way that is not read")),
    })
}

/// How it is written down which rows have a value. Old programs name the second way for columns where all have one.
#[allow(deprecated, reason = "it is read, and nothing is written")]
fn level_encoding(number: Option<u32>) -> Result<Encoding> {
    match number {
        Some(3) => Ok(Encoding::RLE),
        Some(4) => Ok(Encoding::BIT_PACKED),
        _ => Err(fault("levels are written down in a way that is not read")),
    }
}
