//! Entropy-coded data bit by bit, and Huffman codes in it. ITU-T T.81, annexes C and F.

use super::flaw::Flaw;

/// Codes of up to so many bits are looked up at once.
const SHORT: u32 = 9;

/// Entropy-coded data up to its next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    /// Bits in the buffer, at its low end.
    have: u32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, have: 0 }
    }

    fn fill(&mut self) {
        while self.have <= 56 {
            let byte = match self.data.get(self.at) {
                None => return,
                Some(0xff) => {
                    let Some(code) = self.data[self.at..].iter().position(|&byte| byte != 0xff) else { return };
                    // 0xFF and 0 stand for the byte 0xFF; any other code is a marker.
                    if self.data[self.at + code] != 0 {
                        return;
                    }
                    self.at += code;
                    0xff
                }
                Some(&byte) => byte,
            };
            self.at += 1;
            self.buffer = (self.buffer << 8) | u64::from(byte);
            self.have += 8;
        }
    }

    /// The next bits, at most 16; zeros follow the end.
    fn peek(&mut self, count: u32) -> usize {
        if self.have < count {
            self.fill();
        }
        let mask = (1 << count) - 1;
        let bits =
            if self.have < count { self.buffer << (count - self.have) } else { self.buffer >> (self.have - count) };
        usize::try_from(bits & mask).unwrap_or(0)
    }

    /// Takes so many bits, at most 16.
    pub fn take(&mut self, count: u32) -> Result<usize, Flaw> {
        let bits = self.peek(count);
        self.have = self.have.checked_sub(count).ok_or(Flaw::CutOff)?;
        Ok(bits)
    }

    /// Passes over the rest of a restart interval and the marker behind it.
    pub fn restart(&mut self) -> Result<(), Flaw> {
        (self.buffer, self.have) = (0, 0);
        while let Some(first) = self.data[self.at..].iter().position(|&byte| byte == 0xff) {
            self.at += first;
            let code = self.data[self.at..].iter().position(|&byte| byte != 0xff).ok_or(Flaw::CutOff)?;
            self.at += code + 1;
            if self.data[self.at - 1] != 0 {
                return Ok(());
            }
        }
        self.at = self.data.len();
        Err(Flaw::CutOff)
    }

    /// Whether a marker comes next and not the end.
    pub fn at_marker(&self) -> bool {
        self.at < self.data.len()
    }
}

/// A table of Huffman codes.
#[derive(Clone)]
pub(super) struct Huffman {
    /// For each [`SHORT`] bits the code's length and symbol; the length is 0 where the code is longer.
    short: Vec<(u8, u8)>,
    /// For each length, one more than the last code of that length, and where the symbols of that length end.
    long: [(usize, usize); 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// From a table's counts of codes of each length, and its symbols.
    pub fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, Flaw> {
        let mut short = vec![(0, 0); 1 << SHORT];
        let mut long = [(0, 0); 17];
        let (mut code, mut used) = (0_usize, 0);
        for (length, &count) in (1_u32..).zip(counts) {
            for &symbol in symbols.get(used..used + usize::from(count)).ok_or(Flaw::Damaged)? {
                if length <= SHORT {
                    let first = code << (SHORT - length);
                    let same = short.get_mut(first..first + (1 << (SHORT - length))).ok_or(Flaw::Damaged)?;
                    same.fill((u8::try_from(length).unwrap_or(0), symbol));
                }
                code += 1;
            }
            used += usize::from(count);
            if code > 1 << length {
                return Err(Flaw::Damaged);
            }
            long[length as usize] = (code, used);
            code <<= 1;
        }
        Ok(Self { short, long, symbols: symbols.to_vec() })
    }

    /// The next symbol.
    pub fn symbol(&self, bits: &mut Bits) -> Result<u8, Flaw> {
        let (length, symbol) = self.short[bits.peek(SHORT)];
        if length > 0 {
            bits.take(length.into())?;
            return Ok(symbol);
        }
        let next = bits.peek(16);
        for length in SHORT + 1..=16 {
            let (code, (end, used)) = (next >> (16 - length), self.long[length as usize]);
            if code < end {
                bits.take(length)?;
                return (used + code).checked_sub(end).and_then(|i| self.symbols.get(i)).copied().ok_or(Flaw::Damaged);
            }
        }
        // Zeros behind the end may make up a code that there is none of.
        if bits.have < 16 { Err(Flaw::CutOff) } else { Err(Flaw::Damaged) }
    }
}
