//! Convolutions of maps of a few pixels, pixel by pixel and many images at once: the rows of a product are the same
//! pixel of several images. Taps that reach into the padding cost nothing, and the weights, which outweigh such maps,
//! are read once for many images.

use rayon::prelude::*;

use super::cut::{Cut, Target, Task};
use super::padded::{ImageSize, Padded, padded_outputs};
use super::panel::Panel;
use super::weights::{self, Packing, Panels};
use crate::filters::Filters;
use crate::follow::Following;
use crate::map::{Accumulate, Finish, Keep, Source};
use crate::matmul::{Matmul, panel_width};
use crate::scratch::{self, plane_len};
use crate::shape::{Backward, ConvShape, Inputs};
use crate::simd::{Simd, Work, lanes};

/// Output pixels of an image up to which its tiles would be mostly empty otherwise.
const FEW: usize = 16;
/// Images that fill a tile.
const MANY: usize = 6;
/// Floats that the copies of both maps may take.
const MOST: usize = 16 << 20;
/// Input channels whose weights' gradients are one task.
const CHANNELS: usize = 64;
/// Channels that are summed over in one go: a panel of their weights fits the first-level cache beside a tile's rows.
const DEPTH: usize = 256;

/// Whether this way is the faster one.
pub(super) fn pays(shape: &ConvShape) -> bool {
    shape.out_height() * shape.out_width() <= FEW
        && shape.batch >= MANY
        && shape.input_len() + shape.output_len() <= MOST
}

/// An output pixel, an input pixel that it sees, and the tap between them.
#[derive(Clone, Copy)]
struct Pair {
    output: usize,
    input: usize,
    tap: usize,
}

/// All pairs of an image whose input lies inside the map, output after output and tap after tap.
fn pairs(shape: &ConvShape) -> Vec<Pair> {
    let inside = |output: usize, tap: usize, extent: usize| {
        (output * shape.stride + tap).checked_sub(shape.padding).filter(|&input| input < extent)
    };
    let mut pairs = Vec::new();
    for output in 0..shape.out_height() * shape.out_width() {
        for tap in 0..shape.kernel * shape.kernel {
            let y = inside(output / shape.out_width(), tap / shape.kernel, shape.height);
            let x = inside(output % shape.out_width(), tap % shape.kernel, shape.width);
            if let (Some(y), Some(x)) = (y, x) {
                pairs.push(Pair { output, input: y * shape.width + x, tap });
            }
        }
    }
    pairs
}

/// The copy of a map whose images lie an odd number of cache lines apart.
#[derive(Clone, Copy)]
struct Copy {
    padded: Padded,
    from: ImageSize,
}

impl Copy {
    fn new(from: ImageSize) -> Self {
        let channels = plane_len(from.channels);
        Self { padded: Padded { rows: from.height, columns: from.width, channels, left: 0 }, from }
    }

    /// From one image to the next; an odd number of lines even where the pixels are an even number.
    fn image_len(&self) -> usize {
        plane_len(self.padded.len())
    }

    fn pixel(&self, pixel: usize) -> usize {
        pixel * self.padded.channels
    }
}

/// Copies some images of a map.
struct CopyTask<'a, A> {
    copy: Copy,
    source: &'a A,
    first: usize,
    out: &'a mut [f32],
}

impl<A: Source> Work for CopyTask<'_, A> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Copy { padded, from } = self.copy;
        for (index, out) in self.out.chunks_exact_mut(self.copy.image_len()).enumerate() {
            // SAFETY: the image is one of the map's, and the copy has room for it.
            unsafe { padded.fill::<S>(self.source, self.first + index, 0, from, &mut out[..padded.len()]) };
        }
    }
}

/// As [`super::forward()`].
pub(super) fn forward<F: Finish + Send>(
    shape: &ConvShape,
    source: &impl Source,
    weights: Filters,
    out: &mut [f32],
    finish: impl Fn(usize) -> F + Sync,
) -> Vec<F> {
    let copy = Copy::new(ImageSize::inputs(shape));
    let cut = Cut::new(shape.batch, 4 * MANY, 1, shape.out_channels, shape.weight_len());
    let pairs = pairs(shape);
    let out = Target::new(out);
    Packing::new(shape, weights).panels(cut.by_columns, |weights| {
        let products = Products {
            from: copy,
            depth: shape.in_channels,
            pairs: &pairs,
            taps: shape.kernel * shape.kernel,
            weights,
            pixels: shape.out_height() * shape.out_width(),
            channels: shape.out_channels,
            out,
        };
        if cut.by_columns {
            return scratch::with(shape.batch * copy.image_len(), |left| {
                copy_all(copy, source, left);
                cut.each(finish, |task, finish| products.compute(source, left, task, finish))
            });
        }
        cut.each(finish, |task, finish| {
            scratch::with(task.images.len() * copy.image_len(), |left| {
                source.dispatch(CopyTask { copy, source, first: task.images.start, out: left });
                products.compute(source, left, task, finish);
            });
        })
    })
}

/// Products of the pixels of images with the weights of their taps, summed for each pixel that they lead to.
#[derive(Clone, Copy)]
struct Products<'a> {
    from: Copy,
    /// Channels that are summed over.
    depth: usize,
    /// In the order of what comes out.
    pairs: &'a [Pair],
    taps: usize,
    weights: Panels<'a>,
    /// Pixels that come out.
    pixels: usize,
    channels: usize,
    out: Target,
}

impl Products<'_> {
    /// Computes a task's columns for its images, whose copies are in `left`.
    fn compute<F: Finish>(self, source: &impl Source, left: &[f32], task: &Task, finish: &mut F) {
        self.weights.of(&task.columns, |packed| {
            scratch::with(self.pixels * task.images.len() * 2 * lanes(), |sums| {
                source.dispatch(ProductsTask { products: self, packed, left, task, sums, finish });
            });
        });
    }
}

struct ProductsTask<'a, F> {
    products: Products<'a>,
    /// The weights of the task's columns.
    packed: &'a [f32],
    left: &'a [f32],
    task: &'a Task,
    /// A panel of all pixels of all images.
    sums: &'a mut [f32],
    finish: &'a mut F,
}

impl<F: Finish> Work for ProductsTask<'_, F> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { products, packed, left, task, sums, finish } = self;
        let Products { from, depth, pairs, taps, pixels, channels, out, .. } = products;
        let images = task.images.len();
        let start = |row: usize| ((task.images.start + row % images) * pixels + row / images) * channels;
        let starts: Vec<usize> = (0..pixels * images).map(start).collect();
        let mut column = task.columns.start;
        while column < task.columns.end {
            let width = panel_width(S::LANES, column, task.columns.end);
            sums[..pixels * images * width].fill(0.0);
            for &Pair { output, input, tap } in pairs {
                for first in (0..depth).step_by(DEPTH) {
                    // SAFETY: the copy holds every image's pixels, the packed weights `depth` rows for every tap of the
                    // panel, the sums a row for each image of each pixel.
                    unsafe {
                        let column = column - task.columns.start;
                        S::call(Matmul {
                            left: left.as_ptr().add(from.pixel(input) + first),
                            left_row: from.image_len(),
                            left_step: 1,
                            right: packed.as_ptr().add((column * taps + tap * width) * depth + first * width),
                            right_step: width,
                            out: sums.as_mut_ptr().add(output * images * width),
                            out_row: width,
                            rows: images,
                            columns: width,
                            depth: DEPTH.min(depth - first),
                            add: true,
                            fetch: false,
                        });
                    }
                }
            }
            let panel = Panel { sums: &sums[..pixels * images * width], width, column, columns: channels };
            // SAFETY: every image's pixels and their channels lie inside the map.
            unsafe { panel.finish::<S>(&starts, out, finish) };
            column += width;
        }
    }
}

/// As [`super::backward()`].
pub(super) fn backward(
    shape: &ConvShape,
    source: &impl Source,
    weights: &[f32],
    gradients: &impl Source,
    wanted: Backward,
) {
    let (from, to) = (Copy::new(ImageSize::inputs(shape)), Copy::new(ImageSize::outputs(shape)));
    let pairs = pairs(shape);
    let inputs_len = shape.batch * from.image_len();
    let gradients_len = shape.batch * to.image_len();
    scratch::with(inputs_len + gradients_len + weights::packed_len(shape), |buffer| {
        let (input_copies, rest) = buffer.split_at_mut(inputs_len);
        let (gradient_copies, part) = rest.split_at_mut(gradients_len);
        copy_all(from, source, input_copies);
        copy_all(to, gradients, gradient_copies);
        let columns = padded_outputs(shape);
        // Chunks never reach from one tap into the next: each starts at a channel of its own tap.
        part.par_chunks_mut(shape.in_channels * columns).enumerate().for_each(|(tap, part)| {
            part.par_chunks_mut(CHANNELS * columns).enumerate().for_each(|(group, part)| {
                let pairs = pairs.iter().filter(|pair| pair.tap == tap);
                let left = &input_copies[group * CHANNELS..];
                for (index, pair) in pairs.clone().enumerate() {
                    let add = index > 0;
                    source.dispatch(WeighTask {
                        left,
                        from,
                        right: gradient_copies,
                        to,
                        pair: *pair,
                        columns,
                        part,
                        add,
                    });
                }
                if pairs.count() == 0 {
                    part.fill(0.0);
                }
            });
        });
        weights::unpack(shape, part, wanted.weights);
        if let Some(inputs) = wanted.inputs {
            spread(shape, weights, gradients, gradient_copies, inputs);
        }
    });
}

/// As [`super::input_gradients()`].
pub(super) fn input_gradients(shape: &ConvShape, weights: &[f32], gradients: &impl Source, wanted: Inputs) {
    let to = Copy::new(ImageSize::outputs(shape));
    scratch::with(shape.batch * to.image_len(), |copies| {
        copy_all(to, gradients, copies);
        spread(shape, weights, gradients, copies, wanted);
    });
}

fn copy_all(copy: Copy, source: &impl Source, out: &mut [f32]) {
    let images = 8;
    out.par_chunks_mut(images * copy.image_len()).enumerate().for_each(|(index, out)| {
        source.dispatch(CopyTask { copy, source, first: index * images, out });
    });
}

/// What one pair of pixels adds to the gradients of its tap's weights: inputs, transposed, times gradients.
struct WeighTask<'a> {
    /// Copies of all images from the first channel of the task on.
    left: &'a [f32],
    from: Copy,
    right: &'a [f32],
    to: Copy,
    pair: Pair,
    columns: usize,
    part: &'a mut [f32],
    add: bool,
}

impl Work for WeighTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { left, from, right, to, pair, columns, part, add } = self;
        let images = right.len() / to.image_len();
        // SAFETY: both copies have all images; a pixel of a copy has room for its channels, padded to whole vectors,
        // which are zero there.
        unsafe {
            S::call(Matmul {
                left: left.as_ptr().add(from.pixel(pair.input)),
                left_row: 1,
                left_step: from.image_len(),
                right: right.as_ptr().add(to.pixel(pair.output)),
                right_step: to.image_len(),
                out: part.as_mut_ptr(),
                out_row: columns,
                rows: part.len() / columns,
                columns,
                depth: images,
                add,
                fetch: true,
            });
        }
    }
}

/// The gradients of the inputs from copies of those of the outputs: the pairs the other way round.
fn spread(shape: &ConvShape, weights: &[f32], gradients: &impl Source, copies: &[f32], wanted: Inputs) {
    let to = Copy::new(ImageSize::outputs(shape));
    let cut = Cut::new(shape.batch, 4 * MANY, 1, shape.in_channels, shape.weight_len());
    let pairs: Vec<_> =
        pairs(shape).iter().map(|&Pair { output, input, tap }| Pair { output: input, input: output, tap }).collect();
    let out = Target::new(wanted.gradients);
    let image_len = shape.height * shape.width * shape.in_channels;
    Packing::transposed(shape, weights).panels(cut.by_columns, |weights| {
        let products = Products {
            from: to,
            depth: shape.out_channels,
            pairs: &pairs,
            taps: shape.kernel * shape.kernel,
            weights,
            pixels: shape.height * shape.width,
            channels: shape.in_channels,
            out,
        };
        let left = |task: &Task| &copies[task.images.start * to.image_len()..task.images.end * to.image_len()];
        let follow = |task: &Task| {
            if !cut.by_columns {
                // SAFETY: the task has written these images, and nobody else reads or writes them before it is done.
                let part = unsafe { out.part(task.images.start * image_len..task.images.end * image_len) };
                Following::new(wanted.follow, task.images.start * image_len).until(part, part.len());
            }
        };
        if wanted.accumulate {
            let add = Accumulate { base: out.start };
            cut.each(
                |_| add,
                |task, finish| {
                    products.compute(gradients, left(task), task, finish);
                    follow(task);
                },
            );
        } else {
            cut.each(
                |_| Keep,
                |task, finish| {
                    products.compute(gradients, left(task), task, finish);
                    follow(task);
                },
            );
        }
    });
}
