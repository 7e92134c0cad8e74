//! The shortcut without parameters (option A of He et al. 2015): every `stride`-th pixel, with zeros in place of
//! the channels that the block adds.

use rayon::prelude::*;

/// A shortcut over maps `[batch][height][width][in_channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadShape {
    /// Images in the batch.
    pub batch: usize,
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output, no fewer than those of the input.
    pub out_channels: usize,
    /// Step between the pixels that are taken, in both directions.
    pub stride: usize,
}

impl PadShape {
    /// Rows of the output.
    #[must_use]
    pub fn out_height(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Columns of the output.
    #[must_use]
    pub fn out_width(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Zero channels before those of the input: half of the missing ones, rounded down.
    fn before(&self) -> usize {
        (self.out_channels - self.in_channels) / 2
    }

    fn check(&self, input: usize, output: usize) {
        assert!(self.out_channels >= self.in_channels, "a shortcut cannot drop channels");
        assert_eq!(input, self.batch * self.height * self.width * self.in_channels, "input of another shape");
        let pixels = self.batch * self.out_height() * self.out_width();
        assert_eq!(output, pixels * self.out_channels, "output of another shape");
    }
}

/// `out[n][y][x] = 0 … 0, x[n][y · stride][x · stride], 0 … 0`.
pub(crate) fn pad(shape: &PadShape, x: &[f32], out: &mut [f32]) {
    shape.check(x.len(), out.len());
    let row = shape.out_width() * shape.out_channels;
    out.par_chunks_mut(row).enumerate().with_min_len(8).for_each(|(index, out)| {
        let (image, y) = (index / shape.out_height(), index % shape.out_height());
        let from = (image * shape.height + y * shape.stride) * shape.width * shape.in_channels;
        for (x_out, pixel) in out.chunks_exact_mut(shape.out_channels).enumerate() {
            let from = from + x_out * shape.stride * shape.in_channels;
            let (before, rest) = pixel.split_at_mut(shape.before());
            let (inside, after) = rest.split_at_mut(shape.in_channels);
            before.fill(0.0);
            inside.copy_from_slice(&x[from..][..shape.in_channels]);
            after.fill(0.0);
        }
    });
}

/// The gradients of the input: those of the pixels and channels that were taken, zero elsewhere.
pub(crate) fn pad_backward(shape: &PadShape, gradients: &[f32], out: &mut [f32]) {
    shape.check(out.len(), gradients.len());
    let row = shape.width * shape.in_channels;
    out.par_chunks_mut(row).enumerate().with_min_len(8).for_each(|(index, out)| {
        out.fill(0.0);
        let (image, y) = (index / shape.height, index % shape.height);
        if y % shape.stride == 0 {
            let from = (image * shape.out_height() + y / shape.stride) * shape.out_width() * shape.out_channels;
            for (x, pixel) in out.chunks_exact_mut(shape.in_channels).step_by(shape.stride).enumerate() {
                let from = from + x * shape.out_channels + shape.before();
                pixel.copy_from_slice(&gradients[from..][..shape.in_channels]);
            }
        }
    });
}
