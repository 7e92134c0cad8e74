//! Weights in the order in which the register tile reads them, and their gradients out of the order in which it
//! leaves them.

use rayon::prelude::*;

use super::padded::padded_outputs;
use crate::matmul::panel_width;
use crate::scratch::round_up;
use crate::shape::ConvShape;
use crate::simd::lanes;

/// Length of the weights that [`pack_transposed`] packs.
pub(super) fn transposed_len(shape: &ConvShape) -> usize {
    shape.kernel * shape.kernel * shape.out_channels * round_up(shape.in_channels, lanes())
}

/// Length of the packed weights of a forward pass.
pub(super) fn packed_len(shape: &ConvShape) -> usize {
    shape.kernel * shape.kernel * shape.in_channels * padded_outputs(shape)
}

/// Packs weights `[out][in][k][k]` as panels of output channels, each `[ky][kx][in][width]`.
pub(super) fn pack(shape: &ConvShape, weights: &[f32], packed: &mut [f32]) {
    pack_panels(shape, weights, Axis::inputs(shape), Axis::outputs(shape), packed);
}

/// Packs weights `[out][in][k][k]` as panels of input channels, each `[ky][kx][out][width]`.
pub(super) fn pack_transposed(shape: &ConvShape, weights: &[f32], packed: &mut [f32]) {
    pack_panels(shape, weights, Axis::outputs(shape), Axis::inputs(shape), packed);
}

/// The input or the output channels among weights `[out][in][k][k]`.
#[derive(Clone, Copy)]
struct Axis {
    count: usize,
    /// From one channel to the next.
    step: usize,
}

impl Axis {
    fn inputs(shape: &ConvShape) -> Self {
        Self { count: shape.in_channels, step: shape.kernel * shape.kernel }
    }

    fn outputs(shape: &ConvShape) -> Self {
        Self { count: shape.out_channels, step: shape.in_channels * shape.kernel * shape.kernel }
    }
}

/// Packs weights as panels of columns, each `[tap][row][width]`.
fn pack_panels(shape: &ConvShape, weights: &[f32], rows: Axis, columns: Axis, packed: &mut [f32]) {
    let taps = shape.kernel * shape.kernel;
    let lanes = lanes();
    let padded = round_up(columns.count, lanes);
    packed.par_chunks_mut(taps * rows.count * 2 * lanes).enumerate().for_each(|(panel, packed)| {
        let start = panel * 2 * lanes;
        let width = panel_width(lanes, start, padded);
        // Row after row, so that each column's weights are read one after the other.
        for row in 0..rows.count {
            for tap in 0..taps {
                let to = &mut packed[(tap * rows.count + row) * width..][..width];
                for (lane, to) in to.iter_mut().enumerate() {
                    let column = start + lane;
                    *to = if column < columns.count {
                        weights[column * columns.step + row * rows.step + tap]
                    } else {
                        0.0
                    };
                }
            }
        }
    });
}

/// The taps `first, first + stride, …` of one direction that meet the input pixels of one phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    first: usize,
    stride: usize,
    /// How many there are.
    pub count: usize,
}

impl Taps {
    pub fn new(shape: &ConvShape, phase: usize) -> Self {
        let count = shape.kernel.saturating_sub(phase).div_ceil(shape.stride);
        Self { first: phase, stride: shape.stride, count }
    }

    /// The tap that meets the `index`-th output: later outputs meet earlier taps.
    fn at(&self, index: usize) -> usize {
        self.first + self.stride * (self.count - 1 - index)
    }
}

/// Where the packed weights of a phase of the backward pass begin, phase after phase, and their length at the
/// end.
pub(super) fn phase_offsets(shape: &ConvShape) -> Vec<usize> {
    let unit = padded_outputs(shape) * round_up(shape.in_channels, lanes());
    let mut offsets = vec![0];
    for y in 0..shape.stride {
        for x in 0..shape.stride {
            let taps = Taps::new(shape, y).count * Taps::new(shape, x).count;
            offsets.push(offsets[offsets.len() - 1] + taps * unit);
        }
    }
    offsets
}

/// Packs weights `[out][in][k][k]` for the backward pass: for every phase panels of input channels, each
/// `[y][x][out, padded][width]`.
pub(super) fn pack_backward(shape: &ConvShape, weights: &[f32], packed: &mut [f32]) {
    let (lanes, k) = (lanes(), shape.kernel);
    let outputs = padded_outputs(shape);
    let inputs = round_up(shape.in_channels, lanes);
    let mut rest = packed;
    for phase in 0..shape.stride * shape.stride {
        let ys = Taps::new(shape, phase / shape.stride);
        let xs = Taps::new(shape, phase % shape.stride);
        let depth = ys.count * xs.count * outputs;
        let (packed, after) = rest.split_at_mut(depth * inputs);
        rest = after;
        if depth == 0 {
            continue;
        }
        packed.par_chunks_mut(depth * 2 * lanes).enumerate().for_each(|(panel, packed)| {
            let start = panel * 2 * lanes;
            let width = panel_width(lanes, start, inputs);
            packed.fill(0.0);
            for (row, to) in packed.chunks_exact_mut(width).enumerate() {
                let (tap, output) = (row / outputs, row % outputs);
                if output >= shape.out_channels {
                    continue;
                }
                let place = ys.at(tap / xs.count) * k + xs.at(tap % xs.count);
                for (lane, to) in to.iter_mut().enumerate().take(shape.in_channels - start) {
                    *to = weights[(output * shape.in_channels + start + lane) * k * k + place];
                }
            }
        });
    }
}

/// Adds up the `parts` (each `[ky][kx][in][out, padded]`) in their order into gradients `[out][in][k][k]`.
pub(super) fn unpack(shape: &ConvShape, parts: &[f32], gradients: &mut [f32]) {
    let taps = shape.kernel * shape.kernel;
    let outputs = padded_outputs(shape);
    let inputs = shape.in_channels;
    let part_len = taps * inputs * outputs;
    let group = lanes();
    gradients.par_chunks_mut(group * inputs * taps).enumerate().for_each(|(index, gradients)| {
        let start = index * group;
        for tap in 0..taps {
            for input in 0..inputs {
                let mut sums = [0.0; 16];
                for part in parts.chunks_exact(part_len) {
                    let from = &part[(tap * inputs + input) * outputs + start..][..group];
                    for (sum, from) in sums.iter_mut().zip(from) {
                        *sum += from;
                    }
                }
                for (gradients, sum) in gradients.chunks_exact_mut(inputs * taps).zip(sums) {
                    gradients[input * taps + tap] = sum;
                }
            }
        }
    });
}
