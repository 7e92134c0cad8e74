//! The frame of a JPEG picture: its size and components, and how far each of them has come. ITU-T T.81, B.2.2 and G.1.

use super::flaw::Flaw;

/// The code of a frame whose coefficients come in one go, of one with more bits or tables, and of one that gets
/// better scan by scan. All three have Huffman codes; other frames are left to the decoder.
const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];
const PROGRESSIVE: u8 = 0xc2;

/// Stands for a coefficient that no scan has brought yet.
const MISSING: u8 = u8::MAX;

/// One of a picture's planes.
pub(super) struct Component {
    pub id: u8,
    /// How many blocks lie beside and below one another in an interleaved unit.
    pub sampling: (usize, usize),
    /// The size in blocks where it comes alone.
    pub blocks: (usize, usize),
    /// For each coefficient, how many of its low bits are still to come.
    pub low_bits: [u8; 64],
    /// For each block, which coefficients are not zero so far. Only where scans refine one another.
    pub present: Vec<u64>,
}

/// A picture's size and components.
pub(super) struct Frame {
    pub is_progressive: bool,
    /// The size in units of interleaved blocks.
    pub units: (usize, usize),
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads a frame's header; `None` if this is none, or one of a kind that is not checked.
    pub fn read(code: u8, body: &[u8]) -> Result<Option<Self>, Flaw> {
        let is_progressive = code == PROGRESSIVE;
        if !is_progressive && !SEQUENTIAL.contains(&code) {
            return Ok(None);
        }
        let &[8, top, bottom, left, right, count, ref parts @ ..] = body else { return Ok(None) };
        let height = usize::from(u16::from_be_bytes([top, bottom]));
        let width = usize::from(u16::from_be_bytes([left, right]));
        let parts = parts.chunks_exact(3).take(count.into());
        let sampling: Vec<(usize, usize)> =
            parts.clone().map(|part| (usize::from(part[1] >> 4), usize::from(part[1] & 15))).collect();
        let across = sampling.iter().map(|it| it.0).max().unwrap_or(0);
        let down = sampling.iter().map(|it| it.1).max().unwrap_or(0);
        if sampling.iter().any(|&(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) || sampling.is_empty() {
            return Err(Flaw::Damaged);
        }
        let components = parts.zip(sampling).map(|(part, (h, v))| Component {
            id: part[0],
            sampling: (h, v),
            blocks: ((width * h).div_ceil(8 * across), (height * v).div_ceil(8 * down)),
            low_bits: [MISSING; 64],
            present: Vec::new(),
        });
        Ok(Some(Self {
            is_progressive,
            units: (width.div_ceil(8 * across), height.div_ceil(8 * down)),
            components: components.collect(),
        }))
    }

    /// Whether scans have brought every component to its full depth.
    pub fn is_complete(&self) -> bool {
        let done = |component: &Component| {
            component.low_bits[0] == 0 && component.low_bits.iter().all(|&bits| bits == 0 || bits == MISSING)
        };
        self.components.iter().all(done)
    }
}
