//! Weights into the transformed domain and their gradients back out of it.

use std::ops::Range;

use rayon::prelude::*;

use super::factors::{Even, Factors, Points, Whole};
use super::grid::POINTS;
use crate::matmul::panel_width;
use crate::scratch::{plane_len, round_up};
use crate::simd::{MOST_LANES, Simd, Work, lanes};
use crate::turn::{turn, turn_taps};

/// Channels whose kernels are turned round in one go.
const TOGETHER: usize = 16;

/// `G g`: three weights to six points.
#[inline(always)]
unsafe fn spread<S: Simd, P: Points>(g: [S::V; 3]) -> [S::V; 6] {
    // SAFETY: arithmetic on registers, in the width that the caller dispatched.
    unsafe {
        let (odd, odd2) = (S::splat(P::A * P::AT_A), S::splat(P::B * P::AT_B));
        let even = S::mul(S::fma(S::splat(P::A2), g[2], g[0]), S::splat(P::AT_A));
        let even2 = S::fma(g[0], S::splat(P::AT_B), S::mul(g[2], S::splat(P::B2 * P::AT_B)));
        [
            S::mul(g[0], S::splat(P::AT_0)),
            S::fma(g[1], odd, even),
            S::fnma(g[1], odd, even),
            S::fma(g[1], odd2, even2),
            S::fnma(g[1], odd2, even2),
            g[2],
        ]
    }
}

/// `Gᵀ u`: the transpose of [`spread`].
#[inline(always)]
unsafe fn gather<S: Simd, P: Points>(u: [S::V; 6]) -> [S::V; 3] {
    // SAFETY: as for `spread`.
    unsafe {
        let (at_a, at_b) = (S::splat(P::AT_A), S::splat(P::AT_B));
        let (at_a2, at_b2) = (S::splat(P::A2 * P::AT_A), S::splat(P::B2 * P::AT_B));
        let (sum, difference) = (S::add(u[1], u[2]), S::sub(u[1], u[2]));
        let (sum2, difference2) = (S::add(u[3], u[4]), S::sub(u[3], u[4]));
        [
            S::fma(sum, at_a, S::fma(sum2, at_b, S::mul(u[0], S::splat(P::AT_0)))),
            S::fma(difference, S::splat(P::A * P::AT_A), S::mul(difference2, S::splat(P::B * P::AT_B))),
            S::fma(sum, at_a2, S::fma(sum2, at_b2, u[5])),
        ]
    }
}

/// From one point to the next in a panel of packed weights `width` columns wide: points that lie a power of two apart
/// would push each other out of the caches.
pub(super) fn point_len(rows: usize, width: usize) -> usize {
    plane_len(rows * width)
}

/// Length of packed weights with `rows` lanes of channels that are summed over and `columns` that come out.
pub(super) fn packed_len(rows: usize, columns: usize) -> usize {
    let (padded, panel) = (round_up(columns, lanes()), 2 * lanes());
    let rest = if padded % panel > 0 { point_len(rows, padded % panel) } else { 0 };
    POINTS * (padded / panel * point_len(rows, panel) + rest)
}

/// Length of the weights' gradients at all points: matrices `[in][out]`, each [`point_len`] long.
pub(super) fn gradients_len(inputs: usize, outputs: usize) -> usize {
    POINTS * point_len(inputs, round_up(outputs, lanes()))
}

/// Transforms weights `[out][in][3][3]` into 36 matrices `[in][out]`: panel after panel, in each panel point
/// after point. With `flip` the kernel is turned by 180° and the matrices are `[out][in]`: the weights of the
/// backward convolution. Where factors are paired, a row is that of two channels.
pub(super) fn pack(factors: Factors, weights: &[f32], outputs: usize, inputs: usize, flip: bool, packed: &mut [f32]) {
    assert_eq!(weights.len(), outputs * inputs * 9);
    let (rows, columns) = if flip { (outputs, inputs) } else { (inputs, outputs) };
    let panel = 2 * lanes();
    packed.par_chunks_mut(POINTS * point_len(factors.lanes(rows), panel)).enumerate().for_each(|(index, packed)| {
        factors.dispatch(Pack { factors, weights, inputs, flip, rows, columns, start: index * panel, packed });
    });
}

struct Pack<'a> {
    factors: Factors,
    weights: &'a [f32],
    inputs: usize,
    flip: bool,
    rows: usize,
    columns: usize,
    start: usize,
    packed: &'a mut [f32],
}

impl Work for Pack<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the width is the dispatched one.
        unsafe {
            if S::PAIRS || self.factors.are_rounded() {
                self.pack::<S, Even>();
            } else {
                self.pack::<S, Whole>();
            }
        }
    }
}

impl Pack<'_> {
    #[inline(always)]
    unsafe fn pack<S: Simd, P: Points>(self) {
        let width = panel_width(S::LANES, self.start, round_up(self.columns, S::LANES));
        let point = point_len(self.factors.lanes(self.rows), width);
        let rows_each = if S::PAIRS { 2 } else { 1 };
        // Lanes beyond the last column stay zero.
        let mut taps = vec![[[0.0; MOST_LANES]; TOGETHER * 9]; 2];
        for first in (0..self.rows).step_by(TOGETHER) {
            let rows = first..(first + TOGETHER).min(self.rows);
            for (half, taps) in taps.iter_mut().enumerate().take(width / S::LANES) {
                // SAFETY: the width is the dispatched one.
                unsafe { self.take::<S>(rows.clone(), half * S::LANES, taps) };
            }
            for index in (0..rows.len()).step_by(rows_each) {
                for (half, taps) in taps.iter().enumerate().take(width / S::LANES) {
                    let to = (first + index) / rows_each * width + half * S::LANES;
                    // SAFETY: the arrays have room for the widest vector, the panel for every point of every row.
                    unsafe {
                        let zeros = [S::splat(0.0); 6];
                        let row = self.half::<S, P>(&taps[index * 9..]);
                        let has_other = S::PAIRS && index + 1 < rows.len();
                        let other =
                            if has_other { self.half::<S, P>(&taps[(index + 1) * 9..]) } else { [[zeros[0]; 3]; 6] };
                        for i in 0..6 {
                            let others = if S::PAIRS { spread::<S, P>(other[i]) } else { zeros };
                            for (j, (value, other)) in spread::<S, P>(row[i]).into_iter().zip(others).enumerate() {
                                let value = match (S::PAIRS, P::ROUNDED) {
                                    (true, _) => S::pair(value, other),
                                    (false, true) => S::bf16(value),
                                    (false, false) => value,
                                };
                                let at = (i * 6 + j) * point + to;
                                debug_assert!(at + S::LANES <= self.packed.len());
                                S::store(self.packed.as_mut_ptr().add(at), value);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The kernels of one row, whose nine taps come first, transformed in one dimension.
    #[inline(always)]
    unsafe fn half<S: Simd, P: Points>(&self, taps: &[[f32; MOST_LANES]]) -> [[S::V; 3]; 6] {
        // SAFETY: the arrays have room for the widest vector.
        unsafe {
            let tap = |i: usize, j: usize| S::load(taps[if self.flip { 8 - (i * 3 + j) } else { i * 3 + j }].as_ptr());
            let mut half = [[S::splat(0.0); 3]; 6];
            for j in 0..3 {
                for (half, value) in half.iter_mut().zip(spread::<S, P>([tap(0, j), tap(1, j), tap(2, j)])) {
                    half[j] = value;
                }
            }
            half
        }
    }

    /// The taps of a vector of columns in some rows, each as a vector.
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, rows: Range<usize>, offset: usize, taps: &mut [[f32; MOST_LANES]; TOGETHER * 9]) {
        let column = self.start + offset;
        let lanes = S::LANES.min(self.columns.saturating_sub(column));
        if lanes == 0 {
            return;
        }
        let place = |output: usize, input: usize| (output * self.inputs + input) * 9;
        // SAFETY: the width is the dispatched one.
        unsafe {
            if self.flip {
                // The columns of a row are neighbours, nine values apart.
                for (row, taps) in rows.zip(taps.chunks_exact_mut(9)) {
                    let mut turned = [[0.0; MOST_LANES]; MOST_LANES];
                    turn_taps::<S>(&self.weights[place(row, column)..], 9, lanes, turned.as_flattened_mut());
                    taps.copy_from_slice(&turned[..9]);
                }
            } else {
                let size = [lanes, rows.len() * 9];
                let from = &self.weights[place(column, rows.start)..];
                turn::<S>(from, self.inputs * 9, size, taps.as_flattened_mut(), MOST_LANES);
            }
        }
    }
}

/// Adds up the `parts` (each [`gradients_len`] long) in their order and transforms the sum back into gradients
/// `[out][in][3][3]`.
pub(super) fn unpack(factors: Factors, parts: &[f32], outputs: usize, inputs: usize, gradients: &mut [f32]) {
    assert_eq!(gradients.len(), outputs * inputs * 9);
    let panel = 2 * lanes();
    gradients.par_chunks_mut(inputs * 9 * panel).enumerate().for_each(|(index, gradients)| {
        factors.dispatch(Unpack { factors, parts, outputs, inputs, start: index * panel, gradients });
    });
}

/// Does so for the output channels of a panel.
struct Unpack<'a> {
    factors: Factors,
    parts: &'a [f32],
    outputs: usize,
    inputs: usize,
    start: usize,
    gradients: &'a mut [f32],
}

impl Work for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the width is the dispatched one.
        unsafe {
            if S::PAIRS || self.factors.are_rounded() {
                self.unpack::<S, Even>();
            } else {
                self.unpack::<S, Whole>();
            }
        }
    }
}

impl Unpack<'_> {
    #[inline(always)]
    unsafe fn unpack<S: Simd, P: Points>(self) {
        let padded = round_up(self.outputs, S::LANES);
        let width = panel_width(S::LANES, self.start, padded);
        let matrix = point_len(self.inputs, padded);
        let mut taps = [[0.0; MOST_LANES]; TOGETHER * 9];
        for first in (0..self.inputs).step_by(TOGETHER) {
            let inputs = first..(first + TOGETHER).min(self.inputs);
            for offset in (0..width).step_by(S::LANES) {
                for (input, taps) in inputs.clone().zip(taps.chunks_exact_mut(9)) {
                    // SAFETY: every part has 36 matrices, padded to whole vectors; the arrays hold the widest vector.
                    unsafe {
                        let mut points = [[S::splat(0.0); 6]; 6];
                        for part in self.parts.chunks_exact(POINTS * matrix) {
                            let mut from = part.as_ptr().add(input * padded + self.start + offset);
                            for point in points.as_flattened_mut() {
                                *point = S::add(*point, S::load(from));
                                from = from.wrapping_add(matrix);
                            }
                        }
                        let mut half = [[S::splat(0.0); 6]; 3];
                        for j in 0..6 {
                            let column =
                                [points[0][j], points[1][j], points[2][j], points[3][j], points[4][j], points[5][j]];
                            for (half, value) in half.iter_mut().zip(gather::<S, P>(column)) {
                                half[j] = value;
                            }
                        }
                        for (i, half) in half.iter().enumerate() {
                            for (j, value) in gather::<S, P>(*half).into_iter().enumerate() {
                                S::store(taps[i * 3 + j].as_mut_ptr(), value);
                            }
                        }
                    }
                }
                // Those of the outputs that there are.
                let row = self.inputs * 9;
                let lanes = S::LANES.min((self.gradients.len() / row).saturating_sub(offset));
                if lanes > 0 {
                    let to = &mut self.gradients[offset * row + first * 9..];
                    // SAFETY: the width is the dispatched one.
                    unsafe { turn::<S>(taps.as_flattened(), MOST_LANES, [inputs.len() * 9, lanes], to, row) };
                }
            }
        }
    }
}
