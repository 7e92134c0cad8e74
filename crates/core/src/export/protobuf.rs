//! Messages of Protocol Buffers, written and read field by field.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

/// A message that is being put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been put together.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    fn key(&mut self, field: u32, kind: u64) {
        self.varint((u64::from(field) << 3) | kind);
    }

    /// A whole number that is not negative.
    pub fn number(mut self, field: u32, value: u64) -> Self {
        self.key(field, 0);
        self.varint(value);
        self
    }

    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn double(mut self, field: u32, value: f64) -> Self {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn raw(mut self, field: u32, bytes: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn text(self, field: u32, text: &str) -> Self {
        self.raw(field, text.as_bytes())
    }

    pub fn message(self, field: u32, message: &Self) -> Self {
        self.raw(field, &message.0)
    }

    /// Several numbers in one field.
    pub fn doubles(self, field: u32, values: &[f64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.raw(field, &bytes)
    }
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A number of four or eight bytes, which nobody here needs.
    Fixed,
}

/// The fields of a message with their numbers, up to the first that makes no sense.
pub(super) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        let key = varint(&mut bytes)?;
        let mut take = |count: usize| {
            let (taken, rest) = bytes.split_at_checked(count)?;
            bytes = rest;
            Some(taken)
        };
        let field = match key & 7 {
            1 => take(8).map(|_| Field::Fixed)?,
            5 => take(4).map(|_| Field::Fixed)?,
            0 => Field::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (taken, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Field::Bytes(taken)
            }
            _ => return None,
        };
        Some((key >> 3, field))
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (digits, rest) = bytes.split_at(length);
    *bytes = rest;
    (length < 10).then(|| digits.iter().rev().fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_specification() {
        assert_eq!(Message::new().number(1, 150).bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::new().text(2, "testing").bytes(), b"\x12\x07testing");
        let inner = Message::new().number(1, 150);
        assert_eq!(Message::new().message(3, &inner).bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::new().float(2, 1.0).bytes(), [0x15, 0, 0, 0x80, 0x3f]);
    }
    #[test]
    fn what_was_written_is_read_up_to_what_makes_no_sense() {
        let message = Message::new().number(1, 300).double(2, 0.5).text(3, "testing").float(4, 1.0);
        let read: Vec<_> = fields(message.bytes()).collect();
        let expected = [(1, Field::Number(300)), (2, Field::Fixed), (3, Field::Bytes(b"testing")), (4, Field::Fixed)];
        assert_eq!(read, expected);
        for length in 0..message.bytes().len() {
            assert!(fields(&message.bytes()[..length]).count() < 4, "torn after {length} bytes");
        }
        assert_eq!(fields(&[0xff; 40]).count(), 0);
        assert_eq!(fields(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).count(), 0, "longer than there is");
    }
}
