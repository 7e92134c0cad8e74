//! Maps from the channels-first order of other code into the channels-last order of these kernels.

use rayon::prelude::*;

/// A map `[n][c][h][w]` in memory, each dimension with a stride of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strided<'a> {
    pub values: &'a [f32],
    /// Index of the first value.
    pub offset: usize,
    /// `n, c, h, w`
    pub shape: [usize; 4],
    /// `n, c, h, w`
    pub strides: [isize; 4],
}

impl Strided<'_> {
    /// Whether the values lie one after the other in the order `n, h, w, c`.
    pub fn is_channels_last(&self) -> bool {
        let [_, c, h, w] = self.shape;
        let wanted = [h * w * c, 1, w * c, c];
        self.shape
            .iter()
            .zip(self.strides)
            .zip(wanted)
            .all(|((&size, stride), wanted)| size == 1 || stride == wanted.cast_signed())
    }
}

/// Copies `map` into `out` `[n][h][w][c]`.
pub(crate) fn to_channels_last(map: &Strided, out: &mut [f32]) {
    let [n, c, h, w] = map.shape;
    assert_eq!(out.len(), n * c * h * w, "a map of another size");
    let at = |index: isize| map.values[map.offset.wrapping_add_signed(index)];
    out.par_chunks_mut((w * c).max(1)).enumerate().with_min_len(8).for_each(|(row, out)| {
        let (image, y) = (row / h, row % h);
        let base = image.cast_signed() * map.strides[0] + y.cast_signed() * map.strides[2];
        for channel in 0..c {
            let base = base + channel.cast_signed() * map.strides[1];
            for x in 0..w {
                out[x * c + channel] = at(base + x.cast_signed() * map.strides[3]);
            }
        }
    });
}
