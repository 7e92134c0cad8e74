//! Weights in the order in which the register tile reads them, and their gradients out of the order in which it
//! leaves them.

use std::ops::Range;

use rayon::prelude::*;

use super::padded::padded_outputs;
use crate::filters::{Algorithm, Filters};
use crate::map::LINE;
use crate::matmul::panel_width;
use crate::scratch::{self, round_up};
use crate::shape::ConvShape;
use crate::simd::{MOST_LANES, Simd, Work, dispatch, lanes, load_up_to, prefetch, store_up_to};
use crate::turn::{taps_room, turn, turn_taps};

/// Length of the packed weights of a forward pass.
pub(super) fn packed_len(shape: &ConvShape) -> usize {
    shape.kernel * shape.kernel * shape.in_channels * padded_outputs(shape)
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

/// Weights that are read in one go: neighbours in memory. Channels lie a power of two apart in most networks, and lines
/// that far apart push each other out of the cache.
const RUN: usize = 64;

/// Weights `[out][in][k][k]` on their way into panels of columns, each `[ky][kx][row][width]`.
#[derive(Clone, Copy)]
pub(super) struct Packing<'a> {
    weights: Filters<'a>,
    taps: usize,
    rows: Axis,
    columns: Axis,
}

impl<'a> Packing<'a> {
    /// Columns are output channels, rows input channels.
    pub fn new(shape: &ConvShape, weights: Filters<'a>) -> Self {
        let taps = shape.kernel * shape.kernel;
        Self { weights, taps, rows: Axis::inputs(shape), columns: Axis::outputs(shape) }
    }

    /// Columns are input channels, rows output channels.
    pub fn transposed(shape: &ConvShape, weights: &'a [f32]) -> Self {
        let Self { weights, taps, rows, columns } = Self::new(shape, Filters { values: weights, packed: None });
        Self { weights, taps, rows: columns, columns: rows }
    }

    /// Floats of a column.
    fn depth(&self) -> usize {
        self.taps * self.rows.count
    }

    /// Floats of all panels.
    fn len(&self) -> usize {
        self.depth() * round_up(self.columns.count, lanes())
    }

    /// Packs all of them.
    fn pack(&self, packed: &mut [f32]) {
        let panel = 2 * lanes();
        packed.par_chunks_mut(self.depth() * panel).enumerate().for_each(|(index, packed)| {
            self.panel(index * panel, packed);
        });
    }

    /// Packs the panel that starts at column `start`.
    fn panel(&self, start: usize, packed: &mut [f32]) {
        let Self { weights: Filters { values: weights, .. }, taps, rows, columns } = *self;
        let width = packed.len() / self.depth();
        let used = width.min(columns.count - start);
        if used < width {
            packed.fill(0.0);
        }
        if columns.step > rows.step {
            let weights = &weights[start * columns.step..];
            dispatch(PackColumns { weights, step: columns.step, used, taps, rows: rows.count, width, packed });
        } else if taps == 1 {
            dispatch(CopyRows { weights: &weights[start..], step: rows.step, used, width, packed });
        } else {
            let weights = &weights[start * taps..];
            let places = (0..taps).map(|tap| (tap, tap * rows.count * width)).collect();
            dispatch(PackRows { weights, step: rows.step, used, taps, rows: rows.count, width, places, packed });
        }
    }

    /// Works with all panels.
    pub fn all<R>(self, work: impl FnOnce(&[f32]) -> R) -> R {
        self.weights.packed(Algorithm::Taps, self.len(), |_, packed| self.pack(packed), work)
    }

    /// Works with all panels, or where tasks have columns of their own with what each packs for itself: then it does not
    /// leave the cache.
    pub fn panels<R>(self, by_columns: bool, work: impl FnOnce(Panels<'_>) -> R) -> R {
        if by_columns && !self.weights.keeps(self.len()) {
            return work(Panels::OfTask(self));
        }
        self.all(|packed| work(Panels::All { packed, depth: self.depth() }))
    }
}

/// What tasks read of the weights.
#[derive(Clone, Copy)]
pub(super) enum Panels<'a> {
    /// All panels, with the floats of a column.
    All { packed: &'a [f32], depth: usize },
    /// Each task packs its own.
    OfTask(Packing<'a>),
}

impl Panels<'_> {
    /// Works with those of a task's `columns`.
    pub fn of<R>(self, columns: &Range<usize>, work: impl FnOnce(&[f32]) -> R) -> R {
        match self {
            Self::All { packed, depth } => work(&packed[columns.start * depth..]),
            Self::OfTask(packing) => {
                let panel = 2 * lanes();
                scratch::with(columns.len() * packing.depth(), |packed| {
                    for (index, packed) in packed.chunks_mut(panel * packing.depth()).enumerate() {
                        packing.panel(columns.start + index * panel, packed);
                    }
                    work(packed)
                })
            }
        }
    }
}

/// Packs some columns whose taps of all rows are neighbours: turned round a run at a time, they are written as whole lines.
struct PackColumns<'a> {
    /// From the first of the columns on.
    weights: &'a [f32],
    /// From one column to the next.
    step: usize,
    /// Columns.
    used: usize,
    taps: usize,
    rows: usize,
    width: usize,
    packed: &'a mut [f32],
}

impl Work for PackColumns<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { weights, step, used, taps, rows, width, packed } = self;
        let mut turned = [0.0; RUN * 2 * MOST_LANES];
        let (mut row, mut tap) = (0, 0);
        for first in (0..rows * taps).step_by(RUN) {
            let count = RUN.min(rows * taps - first);
            for lane in 0..used {
                let next = weights.as_ptr().wrapping_add(lane * step + first + RUN);
                (0..RUN).step_by(LINE).for_each(|line| prefetch(next.wrapping_add(line)));
            }
            let (weights, size) = (&weights[first..], [used, count]);
            if taps == 1 {
                // SAFETY: the width is the dispatched one.
                unsafe { turn::<S>(weights, step, size, &mut packed[first * width..], width) };
                continue;
            }
            // SAFETY: as above.
            unsafe { turn::<S>(weights, step, size, &mut turned, width) };
            for turned in turned.chunks_exact(width).take(count) {
                let to = &mut packed[(tap * rows + row) * width..][..width];
                for lane in (0..width).step_by(S::LANES) {
                    // SAFETY: both have the width of the panel, which is that of whole vectors.
                    unsafe { S::store(to.as_mut_ptr().add(lane), S::load(turned.as_ptr().add(lane))) };
                }
                tap += 1;
                if tap == taps {
                    (row, tap) = (row + 1, 0);
                }
            }
        }
    }
}

/// Copies some columns of rows that lie far apart.
struct CopyRows<'a> {
    /// From the first of the columns on.
    weights: &'a [f32],
    /// From one row to the next.
    step: usize,
    /// Columns.
    used: usize,
    width: usize,
    packed: &'a mut [f32],
}

impl Work for CopyRows<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        /// Rows that are asked for ahead.
        const AHEAD: usize = 8;
        let Self { weights, step, used, width, packed } = self;
        for (row, to) in packed.chunks_exact_mut(width).enumerate() {
            let from = &weights[row * step..][..used];
            let next = from.as_ptr().wrapping_add(AHEAD * step);
            (0..used).step_by(LINE).for_each(|column| prefetch(next.wrapping_add(column)));
            for first in (0..used).step_by(S::LANES) {
                // SAFETY: both have the columns that are used.
                unsafe {
                    let value = load_up_to::<S>(from.as_ptr().add(first), used - first);
                    store_up_to::<S>(to.as_mut_ptr().add(first), value, used - first);
                }
            }
        }
    }
}

/// Packs some columns of rows in each of which all taps of all columns are neighbours.
struct PackRows<'a> {
    /// From the first of the columns on.
    weights: &'a [f32],
    /// From one row to the next.
    step: usize,
    /// Columns.
    used: usize,
    taps: usize,
    rows: usize,
    width: usize,
    /// The taps that are packed, each with the place of its first row.
    places: Vec<(usize, usize)>,
    packed: &'a mut [f32],
}

impl Work for PackRows<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { weights, step, used, taps, rows, width, places, packed } = self;
        let mut turned = vec![0.0; taps_room(taps)];
        for row in 0..rows {
            for first in (0..used).step_by(S::LANES) {
                let count = S::LANES.min(used - first);
                // SAFETY: the width is the dispatched one.
                unsafe { turn_taps::<S>(&weights[row * step + first * taps..], taps, count, &mut turned) };
                for (tap, place) in &places {
                    let to = &mut packed[place + row * width + first..][..count];
                    let turned = &turned[tap * MOST_LANES..][..count];
                    // SAFETY: both have so many channels.
                    unsafe {
                        let value = load_up_to::<S>(turned.as_ptr(), count);
                        store_up_to::<S>(to.as_mut_ptr(), value, count);
                    }
                }
            }
        }
    }
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
            let (taps, start) = (k * k, panel * 2 * lanes);
            let width = panel_width(lanes, start, inputs);
            let used = width.min(shape.in_channels - start);
            if used < width || outputs > shape.out_channels {
                packed.fill(0.0);
            }
            let place = |tap: usize| (ys.at(tap / xs.count) * k + xs.at(tap % xs.count), tap * outputs * width);
            let places = (0..ys.count * xs.count).map(place).collect();
            let (weights, step) = (&weights[start * taps..], shape.in_channels * taps);
            dispatch(PackRows { weights, step, used, taps, rows: shape.out_channels, width, places, packed });
        });
    }
}

/// Adds up the `parts` (each `[ky][kx][in][out, padded]`) in their order into gradients `[out][in][k][k]`.
pub(super) fn unpack(shape: &ConvShape, parts: &[f32], gradients: &mut [f32]) {
    let (taps, inputs, outputs) = (shape.kernel * shape.kernel, shape.in_channels, padded_outputs(shape));
    let panel = 2 * lanes();
    gradients.par_chunks_mut(panel * inputs * taps).enumerate().for_each(|(index, gradients)| {
        dispatch(Unpack { parts, taps, inputs, outputs, start: index * panel, gradients });
    });
}

/// Does so for the output channels of a panel.
struct Unpack<'a> {
    parts: &'a [f32],
    taps: usize,
    inputs: usize,
    /// Padded.
    outputs: usize,
    start: usize,
    gradients: &'a mut [f32],
}

impl Work for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { parts, taps, inputs, outputs, start, gradients } = self;
        let part_len = taps * inputs * outputs;
        let width = panel_width(S::LANES, start, outputs);
        // Of some inputs all taps, as the gradients lie in memory.
        let together = if taps == 1 { RUN } else { MOST_LANES };
        let mut sums = vec![0.0_f32; together * taps * width];
        for first in (0..inputs).step_by(together) {
            let run = together.min(inputs - first);
            for (row, sums) in sums.chunks_exact_mut(width).take(run * taps).enumerate() {
                let at = (row % taps * inputs + first + row / taps) * outputs + start;
                for (lane, sums) in sums.chunks_exact_mut(S::LANES).enumerate() {
                    // SAFETY: every part has a row of whole vectors for each input and tap.
                    unsafe {
                        let mut sum = S::splat(0.0);
                        for part in parts.chunks_exact(part_len) {
                            sum = S::add(sum, S::load(part.as_ptr().add(at + lane * S::LANES)));
                        }
                        S::store(sums.as_mut_ptr(), sum);
                    }
                }
            }
            let lanes = gradients.len() / (inputs * taps);
            let to = &mut gradients[first * taps..];
            // SAFETY: the width is the dispatched one.
            unsafe { turn::<S>(&sums, width, [run * taps, lanes], to, inputs * taps) };
        }
    }
}
