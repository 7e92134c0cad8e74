//! The header of a page, in Thrift's compact protocol: the whole numbers in it, by the numbers of their fields.
//! Format: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They end before it does.
    Short,
    Damaged,
}

/// The whole numbers of a header.
pub(super) struct Header {
    /// By the number of their field and that of the field that it lies in, 0 on the outside.
    numbers: Vec<((i64, i64), i64)>,
    /// In bytes.
    pub length: usize,
}

/// How deep structures and lists may lie in one another.
const DEEPEST: usize = 8;

impl Header {
    /// Reads the header that bytes start with.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut from = From { bytes, at: 0 };
        let mut numbers = Vec::new();
        from.fields(0, &mut |id, number| numbers.push((id, number)))?;
        Ok(Self { numbers, length: from.at })
    }

    /// A number of the header itself.
    pub fn number(&self, field: i64) -> Option<usize> {
        self.inner(0, field)
    }

    /// A number of a structure in the header; none where it is negative.
    pub fn inner(&self, outer: i64, field: i64) -> Option<usize> {
        let is = |(id, _): &&((i64, i64), i64)| *id == (outer, field);
        usize::try_from(self.numbers.iter().find(is)?.1).ok()
    }
}

/// Bytes and how far they have been read.
struct From<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl From<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged)
    }

    /// A number with a sign, which stands in its last bit.
    fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn pass(&mut self, length: u64) -> Result<(), Fault> {
        let length = usize::try_from(length).map_err(|_| Fault::Damaged)?;
        let end = self.at.checked_add(length).ok_or(Fault::Damaged)?;
        if end > self.bytes.len() {
            return Err(Fault::Short);
        }
        self.at = end;
        Ok(())
    }

    /// A structure; `found` learns of its whole numbers and of those in structures right in it.
    fn fields(&mut self, outer: i64, found: &mut dyn FnMut((i64, i64), i64)) -> Result<(), Fault> {
        let mut id = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Ok(());
            }
            id = match byte >> 4 {
                0 => self.signed()?,
                step => id.checked_add(i64::from(step)).ok_or(Fault::Damaged)?,
            };
            match byte & 15 {
                kind @ (1 | 2) => found((outer, id), i64::from(kind == 1)),
                4..=6 => found((outer, id), self.signed()?),
                12 if outer == 0 && id != 0 => self.fields(id, found)?,
                kind => self.skip(kind, DEEPEST)?,
            }
        }
    }

    /// Passes over a value of a kind, which is not a boolean in a structure.
    fn skip(&mut self, kind: u8, deepest: usize) -> Result<(), Fault> {
        let deeper = deepest.checked_sub(1).ok_or(Fault::Damaged)?;
        match kind {
            1..=3 => self.pass(1),
            4..=6 => self.number().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.number()?;
                self.pass(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
                // Each takes a byte or more, so the bytes end before a count that is none does.
                (0..count).try_for_each(|_| self.skip(byte & 15, deeper))
            }
            12 => loop {
                match self.byte()? {
                    0 => return Ok(()),
                    byte => {
                        if byte >> 4 == 0 {
                            self.number()?;
                        }
                        if !matches!(byte & 15, 1 | 2) {
                            self.skip(byte & 15, deeper)?;
                        }
                    }
                }
            },
            _ => Err(Fault::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 3 values that takes 9 bytes, with the statistics that a writer may add.
    const HEADER: [u8; 24] =
        [0x15, 0, 0x15, 18, 0x15, 18, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0x1c, 0x18, 2, 7, 7, 0x11, 0, 0, 0];

    #[test]
    fn numbers_are_found_by_their_fields() {
        let header = Header::read(&[&HEADER[..], b"the page"].concat()).unwrap_or_else(|fault| panic!("{fault:?}"));
        assert_eq!((header.length, header.number(1), header.number(3)), (24, Some(0), Some(9)));
        assert_eq!((header.inner(5, 1), header.inner(5, 4), header.inner(5, 9)), (Some(3), Some(3), None));
    }

    #[test]
    fn a_header_that_is_cut_off_or_none_says_so() {
        for length in 0..HEADER.len() {
            assert_eq!(Header::read(&HEADER[..length]).err(), Some(Fault::Short), "{length}");
        }
        assert_eq!(Header::read(&[0x1d, 0]).err(), Some(Fault::Damaged), "an unknown kind");
        assert_eq!(Header::read(&[&[0x15][..], &[0xff; 12]].concat()).err(), Some(Fault::Damaged), "an endless number");
        assert_eq!(Header::read(&[&[0x19][..], &[0x19; 20]].concat()).err(), Some(Fault::Damaged), "lists in lists");
        assert_eq!(Header::read(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f]).err(), Some(Fault::Short));
    }
}
