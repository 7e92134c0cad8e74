//! Pooling over maps `[n][h][w][c]`: the largest value of a window, its mean, and the mean of a whole map.

use std::ops::Range;

use rayon::prelude::*;

/// Square windows over maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    pub batch: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl PoolShape {
    /// Rows of the output.
    #[must_use]
    pub fn out_height(&self) -> usize {
        (self.height + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride + 1)
    }

    /// Columns of the output.
    #[must_use]
    pub fn out_width(&self) -> usize {
        (self.width + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride + 1)
    }

    /// Values of an input image.
    fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of an output image.
    fn out_image_len(&self) -> usize {
        self.out_height() * self.out_width() * self.channels
    }

    /// The input pixels under the window of an output pixel, as offsets into an image.
    fn window(&self, y: usize, x: usize) -> impl Iterator<Item = usize> {
        let (rows, columns) = (self.extent(y, self.height), self.extent(x, self.width));
        let (width, channels) = (self.width, self.channels);
        rows.flat_map(move |row| columns.clone().map(move |column| (row * width + column) * channels))
    }

    fn extent(&self, output: usize, limit: usize) -> Range<usize> {
        let start = output * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel).saturating_sub(self.padding).min(limit)
    }

    /// Output pixels with their offsets into an output image.
    fn outputs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let (columns, channels) = (self.out_width(), self.channels);
        (0..self.out_height()).flat_map(move |y| (0..columns).map(move |x| (y, x, (y * columns + x) * channels)))
    }

    fn check(&self, input: usize, output: usize) {
        assert_eq!(input, self.batch * self.image_len(), "input of another shape");
        assert_eq!(output, self.batch * self.out_image_len(), "output of another shape");
    }
}

/// The largest value under each window; padding never wins.
pub fn max_pool(shape: &PoolShape, x: &[f32], out: &mut [f32]) {
    shape.check(x.len(), out.len());
    if out.is_empty() {
        return;
    }
    out.par_chunks_mut(shape.out_image_len()).zip(x.par_chunks(shape.image_len())).for_each(|(out, x)| {
        for (row, column, at) in shape.outputs() {
            let out = &mut out[at..][..shape.channels];
            out.fill(f32::NEG_INFINITY);
            for pixel in shape.window(row, column) {
                for (out, &value) in out.iter_mut().zip(&x[pixel..][..shape.channels]) {
                    *out = if value > *out || value.is_nan() { value } else { *out };
                }
            }
        }
    });
}

/// Hands each output gradient to the first of the window's pixels that has its largest value.
pub fn max_pool_backward(shape: &PoolShape, x: &[f32], y: &[f32], gradients: &[f32], out: &mut [f32]) {
    shape.check(x.len(), y.len());
    shape.check(out.len(), gradients.len());
    if x.is_empty() {
        return;
    }
    let channels = shape.channels;
    out.par_chunks_mut(shape.image_len()).enumerate().for_each(|(image, out)| {
        out.fill(0.0);
        let x = &x[image * shape.image_len()..][..shape.image_len()];
        let mut remaining = vec![0.0; channels];
        for (row, column, at) in shape.outputs() {
            let at = image * shape.out_image_len() + at;
            let largest = &y[at..][..channels];
            remaining.copy_from_slice(&gradients[at..][..channels]);
            for pixel in shape.window(row, column) {
                let pixels = out[pixel..][..channels].iter_mut().zip(&x[pixel..][..channels]);
                for ((out, x), (largest, remaining)) in pixels.zip(largest.iter().zip(&mut remaining)) {
                    let taken = if x == largest { *remaining } else { 0.0 };
                    *out += taken;
                    *remaining -= taken;
                }
            }
        }
    });
}

/// The mean of each window; padding counts as zeros.
pub fn average_pool(shape: &PoolShape, x: &[f32], out: &mut [f32]) {
    shape.check(x.len(), out.len());
    if out.is_empty() {
        return;
    }
    let share = share(shape);
    out.par_chunks_mut(shape.out_image_len()).zip(x.par_chunks(shape.image_len())).for_each(|(out, x)| {
        for (row, column, at) in shape.outputs() {
            let out = &mut out[at..][..shape.channels];
            out.fill(0.0);
            for pixel in shape.window(row, column) {
                for (out, value) in out.iter_mut().zip(&x[pixel..][..shape.channels]) {
                    *out += value;
                }
            }
            out.iter_mut().for_each(|value| *value *= share);
        }
    });
}

/// Spreads each output gradient evenly over its window.
pub fn average_pool_backward(shape: &PoolShape, gradients: &[f32], out: &mut [f32]) {
    shape.check(out.len(), gradients.len());
    if out.is_empty() {
        return;
    }
    let share = share(shape);
    out.par_chunks_mut(shape.image_len()).enumerate().for_each(|(image, out)| {
        out.fill(0.0);
        for (row, column, at) in shape.outputs() {
            let gradients = &gradients[image * shape.out_image_len() + at..][..shape.channels];
            for pixel in shape.window(row, column) {
                for (out, gradient) in out[pixel..][..shape.channels].iter_mut().zip(gradients) {
                    *out += gradient * share;
                }
            }
        }
    });
}

fn share(shape: &PoolShape) -> f32 {
    1.0 / (shape.kernel * shape.kernel) as f32
}

/// The mean over the pixels of each image: `[n][pixels][c]` to `[n][c]`.
pub fn global_average(x: &[f32], pixels: usize, channels: usize, out: &mut [f32]) {
    assert_eq!(x.len() * channels, out.len() * pixels * channels, "maps of different batches");
    out.par_chunks_mut(channels).zip(x.par_chunks(pixels * channels)).for_each(|(out, x)| {
        out.fill(0.0);
        for pixel in x.chunks_exact(channels) {
            for (out, value) in out.iter_mut().zip(pixel) {
                *out += value;
            }
        }
        out.iter_mut().for_each(|value| *value /= pixels as f32);
    });
}

/// Spreads the gradients of the means evenly: `[n][c]` to `[n][pixels][c]`.
pub fn global_average_backward(gradients: &[f32], pixels: usize, channels: usize, out: &mut [f32]) {
    assert_eq!(out.len(), gradients.len() * pixels, "maps of different batches");
    out.par_chunks_mut(pixels * channels).zip(gradients.par_chunks(channels)).for_each(|(out, gradients)| {
        for pixel in out.chunks_exact_mut(channels) {
            for (out, gradient) in pixel.iter_mut().zip(gradients) {
                *out = gradient / pixels as f32;
            }
        }
    });
}
