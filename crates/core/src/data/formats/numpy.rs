//! Arrays of `NumPy` as they lie in `.npy` files: a short description in Python's words, then the values.
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

/// What a file starts with.
const START: &[u8] = b"\x93NUMPY";

/// The most dimensions.
const MAX_DIMENSIONS: usize = 8;

/// What a file says about its array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The type of the values, without the order of their bytes: `u1`, `i8`, `f4`.
    pub kind: String,
    pub is_little: bool,
    /// Whether the first place counts up first, and not the last one.
    pub is_by_columns: bool,
    pub shape: Vec<usize>,
    /// Where the values begin.
    pub start: usize,
}

impl Header {
    /// Reads the beginning of a file; `None` where it is another one or damaged.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(START)?;
        let (length, at): (usize, usize) = match *rest {
            [1, _, low, high, ..] => (usize::from(u16::from_le_bytes([low, high])), 4),
            [2 | 3, _, a, b, c, d, ..] => (usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?, 6),
            _ => return None,
        };
        let text = str::from_utf8(rest.get(at..at.checked_add(length)?)?).ok()?;
        let kind = value(text, "descr")?.trim_matches(['\'', '"']);
        let (order, kind) = kind.split_at_checked(1)?;
        let shape = value(text, "shape")?.trim_start_matches('(');
        let shape: Vec<usize> = shape
            .split(',')
            .map(|side| side.trim().trim_end_matches('L'))
            .filter(|side| !side.is_empty())
            .map(|side| side.parse().ok())
            .collect::<Option<_>>()?;
        (shape.len() <= MAX_DIMENSIONS && matches!(order, "<" | ">" | "|" | "=")).then(|| Self {
            kind: kind.to_owned(),
            is_little: order != ">",
            is_by_columns: value(text, "fortran_order").is_some_and(|order| order == "True"),
            shape,
            start: START.len() + at + length,
        })
    }

    /// The values of a file with this header, as whole numbers; `None` where they are of another kind, or not as many.
    pub fn integers(&self, bytes: &[u8]) -> Option<Vec<i64>> {
        let (is_signed, width) = match &*self.kind {
            "u1" | "b1" => (false, 1),
            "i1" => (true, 1),
            "u2" => (false, 2),
            "i2" => (true, 2),
            "u4" => (false, 4),
            "i4" => (true, 4),
            "u8" | "i8" => (true, 8),
            _ => return None,
        };
        let values = bytes.get(self.start..)?;
        let count = self.shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))?;
        if count.checked_mul(width) != Some(values.len()) {
            return None;
        }
        let number = |bytes: &[u8]| {
            let add = |sum: u64, &byte: &u8| (sum << 8) | u64::from(byte);
            let bits = if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) };
            let shift = 64 - 8 * width;
            let signed = (bits << shift).cast_signed() >> shift;
            if is_signed { signed } else { bits.cast_signed() }
        };
        Some(values.chunks_exact(width).map(number).collect())
    }
}

/// What a dictionary written in Python's words has under a key: up to the comma, or the bracket that is closed.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let rest = ["'", "\""].iter().find_map(|mark| text.split_once(&format!("{mark}{key}{mark}")))?.1;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = if rest.starts_with('(') { ")" } else { "," };
    Some(rest.split_once(end).map_or_else(|| rest.trim_end_matches(['}', ' ', '\n']), |(value, _)| value).trim())
}
