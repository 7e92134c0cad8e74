//! Pooling over maps `[n][h][w][c]`: the largest value of a window, its mean, and the mean of a whole map.

use std::ops::Range;

use rayon::prelude::*;

use crate::simd::{Simd, Work, dispatch, load_up_to, store_up_to};

/// Square windows over maps `[batch][height][width][channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// Images in the batch.
    pub batch: usize,
    /// Channels of input and output.
    pub channels: usize,
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Rows and columns of a window.
    pub kernel: usize,
    /// From one window to the next, in both directions.
    pub stride: usize,
    /// Pixels around the input, on each side, that belong to windows but have no value.
    pub padding: usize,
    /// Whether a window that sticks out at the end still counts.
    pub ceil: bool,
}

impl PoolShape {
    /// Rows of the output.
    #[must_use]
    pub fn out_height(&self) -> usize {
        self.out_extent(self.height)
    }

    /// Columns of the output.
    #[must_use]
    pub fn out_width(&self) -> usize {
        self.out_extent(self.width)
    }

    fn out_extent(&self, extent: usize) -> usize {
        let Some(room) = (extent + 2 * self.padding).checked_sub(self.kernel) else { return 0 };
        if !self.ceil {
            return room / self.stride + 1;
        }
        // The last window must see something of the map.
        let outputs = room.div_ceil(self.stride) + 1;
        if (outputs - 1) * self.stride >= extent + self.padding { outputs - 1 } else { outputs }
    }

    /// Values of an input image.
    fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of an output image.
    fn out_image_len(&self) -> usize {
        self.out_height() * self.out_width() * self.channels
    }

    /// Output pixels, each as an offset into an output image and the window that it sees.
    fn windows(&self) -> impl Iterator<Item = (usize, Window)> {
        let (shape, columns) = (*self, self.out_width());
        (0..self.out_height()).flat_map(move |y| {
            (0..columns).map(move |x| {
                let window = Window {
                    rows: shape.extent(y, shape.height),
                    columns: shape.extent(x, shape.width),
                    row_len: shape.width * shape.channels,
                    channels: shape.channels,
                };
                ((y * columns + x) * shape.channels, window)
            })
        })
    }

    fn extent(&self, output: usize, limit: usize) -> Range<usize> {
        let start = output * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel).saturating_sub(self.padding).min(limit)
    }

    fn check(&self, input: usize, output: usize) {
        assert_eq!(input, self.batch * self.image_len(), "input of another shape");
        assert_eq!(output, self.batch * self.out_image_len(), "output of another shape");
    }
}

/// The pixels of an image under a window.
struct Window {
    rows: Range<usize>,
    columns: Range<usize>,
    row_len: usize,
    channels: usize,
}

impl Window {
    fn pixels(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The offset of each pixel's first channel. Not a function that takes a closure: a closure that works on vectors is
    /// compiled for no instruction set, and calls each of its instructions.
    #[inline(always)]
    fn offsets(&self) -> impl Iterator<Item = usize> {
        let (columns, row_len, channels) = (self.columns.clone(), self.row_len, self.channels);
        self.rows.clone().flat_map(move |row| columns.clone().map(move |column| row * row_len + column * channels))
    }
}

/// The largest value under each window; padding never wins, and what is no number always does.
pub(crate) fn max_pool(shape: &PoolShape, x: &[f32], out: &mut [f32]) {
    pool(shape, true, x, out);
}

/// The mean of each window; padding is left out.
pub(crate) fn average_pool(shape: &PoolShape, x: &[f32], out: &mut [f32]) {
    pool(shape, false, x, out);
}

fn pool(shape: &PoolShape, largest: bool, x: &[f32], out: &mut [f32]) {
    shape.check(x.len(), out.len());
    if out.is_empty() {
        return;
    }
    out.par_chunks_mut(shape.out_image_len()).zip(x.par_chunks(shape.image_len())).for_each(|(out, x)| {
        dispatch(Pool { shape, largest, x, out });
    });
}

/// Pools one image.
struct Pool<'a> {
    shape: &'a PoolShape,
    largest: bool,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Pool<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let channels = self.shape.channels;
        for (at, window) in self.shape.windows() {
            let share = 1.0 / window.pixels() as f32;
            for channel in (0..channels).step_by(S::LANES) {
                let count = channels - channel;
                let x = self.x.as_ptr().wrapping_add(channel);
                // SAFETY: windows lie inside the image, and lanes inside their pixels.
                unsafe {
                    let value = if self.largest {
                        let mut largest = S::splat(f32::NEG_INFINITY);
                        for pixel in window.offsets() {
                            largest = S::larger(largest, load_up_to::<S>(x.add(pixel), count));
                        }
                        largest
                    } else {
                        let mut sum = S::splat(0.0);
                        for pixel in window.offsets() {
                            sum = S::add(sum, load_up_to::<S>(x.add(pixel), count));
                        }
                        S::mul(sum, S::splat(share))
                    };
                    debug_assert!(at + channel + count.min(S::LANES) <= self.out.len());
                    store_up_to::<S>(self.out.as_mut_ptr().add(at + channel), value, count);
                }
            }
        }
    }
}

/// Hands each output gradient to the first of the window's pixels that has its largest value.
pub(crate) fn max_pool_backward(shape: &PoolShape, x: &[f32], y: &[f32], gradients: &[f32], out: &mut [f32]) {
    shape.check(x.len(), y.len());
    pool_backward(shape, Some((x, y)), gradients, out);
}

/// Spreads each output gradient evenly over its window.
pub(crate) fn average_pool_backward(shape: &PoolShape, gradients: &[f32], out: &mut [f32]) {
    pool_backward(shape, None, gradients, out);
}

fn pool_backward(shape: &PoolShape, maps: Option<(&[f32], &[f32])>, gradients: &[f32], out: &mut [f32]) {
    shape.check(out.len(), gradients.len());
    if gradients.is_empty() {
        out.fill(0.0);
        return;
    }
    out.par_chunks_mut(shape.image_len()).zip(gradients.par_chunks(shape.out_image_len())).enumerate().for_each(
        |(image, (out, gradients))| {
            let maps = maps
                .map(|(x, y)| (&x[image * out.len()..][..out.len()], &y[image * gradients.len()..][..gradients.len()]));
            dispatch(PoolBackward { shape, maps, gradients, out });
        },
    );
}

/// The way back of one image; the maps are given where the largest value was taken.
struct PoolBackward<'a> {
    shape: &'a PoolShape,
    maps: Option<(&'a [f32], &'a [f32])>,
    gradients: &'a [f32],
    out: &'a mut [f32],
}

impl Work for PoolBackward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let channels = self.shape.channels;
        self.out.fill(0.0);
        for (at, window) in self.shape.windows() {
            let share = 1.0 / window.pixels() as f32;
            for channel in (0..channels).step_by(S::LANES) {
                let count = channels - channel;
                let out = self.out.as_mut_ptr().wrapping_add(channel);
                // SAFETY: windows lie inside the image, and lanes inside their pixels.
                unsafe {
                    let mut remaining = load_up_to::<S>(self.gradients.as_ptr().add(at + channel), count);
                    if let Some((x, y)) = self.maps {
                        let largest = load_up_to::<S>(y.as_ptr().add(at + channel), count);
                        for pixel in window.offsets() {
                            let x = load_up_to::<S>(x.as_ptr().add(pixel + channel), count);
                            let taken = S::where_positive(S::sub(largest, x), S::splat(0.0), remaining);
                            remaining = S::sub(remaining, taken);
                            add::<S>(out.add(pixel), taken, count);
                        }
                    } else {
                        let gradient = S::mul(remaining, S::splat(share));
                        for pixel in window.offsets() {
                            add::<S>(out.add(pixel), gradient, count);
                        }
                    }
                }
            }
        }
    }
}

/// Adds a gradient to what is there.
#[inline(always)]
unsafe fn add<S: Simd>(to: *mut f32, gradient: S::V, count: usize) {
    // SAFETY: the caller vouches for the lanes.
    unsafe { store_up_to::<S>(to, S::add(load_up_to::<S>(to, count), gradient), count) };
}

/// The mean over the pixels of each image: `[n][pixels][c]` to `[n][c]`.
pub(crate) fn global_average(x: &[f32], pixels: usize, channels: usize, out: &mut [f32]) {
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
pub(crate) fn global_average_backward(gradients: &[f32], pixels: usize, channels: usize, out: &mut [f32]) {
    assert_eq!(out.len(), gradients.len() * pixels, "maps of different batches");
    out.par_chunks_mut(pixels * channels).zip(gradients.par_chunks(channels)).for_each(|(out, gradients)| {
        for pixel in out.chunks_exact_mut(channels) {
            for (out, gradient) in pixel.iter_mut().zip(gradients) {
                *out = gradient / pixels as f32;
            }
        }
    });
}
