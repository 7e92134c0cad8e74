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

    /// What its values are, and how many bytes each takes; `None` where they are no numbers.
    pub fn of(&self) -> Option<(Kind, usize)> {
        Some(match &*self.kind {
            "b1" => (Kind::Truth, 1),
            "u1" => (Kind::Unsigned, 1),
            "u2" => (Kind::Unsigned, 2),
            "u4" => (Kind::Unsigned, 4),
            "u8" => (Kind::Unsigned, 8),
            "i1" => (Kind::Signed, 1),
            "i2" => (Kind::Signed, 2),
            "i4" => (Kind::Signed, 4),
            "i8" => (Kind::Signed, 8),
            "f2" => (Kind::Float, 2),
            "f4" => (Kind::Float, 4),
            "f8" => (Kind::Float, 8),
            _ => return None,
        })
    }

    /// The values of a file with this header; `None` where they are no numbers, or not as many as it says.
    pub fn numbers<'a>(&self, bytes: &'a [u8]) -> Option<impl Iterator<Item = f64> + use<'a>> {
        let (kind, width) = self.of()?;
        let values = bytes.get(self.start..)?;
        let count = self.shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))?;
        let is_little = self.is_little;
        (count.checked_mul(width) == Some(values.len()))
            .then(|| values.chunks_exact(width).map(move |bytes| kind.number(bytes, is_little)))
    }

    /// The values of a file with this header as texts; `None` where they are none.
    pub fn texts(&self, bytes: &[u8]) -> Option<Vec<String>> {
        let (is_wide, length) = match self.kind.split_at_checked(1)? {
            ("U", length) => (true, length.parse::<usize>().ok()?.checked_mul(4)?),
            ("S" | "a", length) => (false, length.parse::<usize>().ok()?),
            _ => return None,
        };
        let values = bytes.get(self.start..)?;
        let count = self.shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))?;
        if length == 0 || count.checked_mul(length) != Some(values.len()) {
            return None;
        }
        let letter = |bytes: &[u8]| char::from_u32(u32::try_from(whole(bytes, self.is_little)).ok()?);
        let text = |bytes: &[u8]| {
            if is_wide {
                let text: Option<String> = bytes.chunks_exact(4).map(letter).collect();
                text.map(|text| text.trim_end_matches('\0').to_owned())
            } else {
                Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned())
            }
        };
        values.chunks_exact(length).map(text).collect()
    }

    /// Its shape, for a message.
    pub fn sides(&self) -> String {
        self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
    }
}

/// What numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Truth,
    Unsigned,
    Signed,
    Float,
}

impl Kind {
    /// A number of 1, 2, 4 or 8 bytes.
    pub fn number(self, bytes: &[u8], is_little: bool) -> f64 {
        let bits = whole(bytes, is_little);
        let unused = 64 - 8 * bytes.len();
        match self {
            Self::Truth | Self::Unsigned => bits as f64,
            Self::Signed => ((bits << unused).cast_signed() >> unused) as f64,
            Self::Float => match bytes.len() {
                2 => half(bits),
                4 => f64::from(f32::from_bits(u32::try_from(bits).unwrap_or(0))),
                _ => f64::from_bits(bits),
            },
        }
    }
}

/// Up to eight bytes as one number.
fn whole(bytes: &[u8], is_little: bool) -> u64 {
    let add = |sum: u64, &byte: &u8| (sum << 8) | u64::from(byte);
    if is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
}

/// A number in half precision.
#[allow(clippy::cast_possible_truncation, reason = "10 bits, and an exponent of 5")]
fn half(bits: u64) -> f64 {
    let (sign, exponent, rest) = (bits >> 15, (bits >> 10) & 31, (bits & 1023) as f64 / 1024.0);
    let size = match exponent {
        0 => rest * 2_f64.powi(-14),
        31 if rest == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + rest) * 2_f64.powi(exponent as i32 - 15),
    };
    if sign == 1 { -size } else { size }
}

/// What a dictionary written in Python's words has under a key: up to the comma, or the bracket that is closed.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let rest = ["'", "\""].iter().find_map(|mark| text.split_once(&format!("{mark}{key}{mark}")))?.1;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = if rest.starts_with('(') { ")" } else { "," };
    Some(rest.split_once(end).map_or_else(|| rest.trim_end_matches(['}', ' ', '\n']), |(value, _)| value).trim())
}
