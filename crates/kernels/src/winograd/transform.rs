//! The transforms of F(4×4, 3×3), one dimension at a time, and their use on patches of maps.

use std::mem::MaybeUninit;

use super::factors::{Even, Points, Whole};
use super::grid::{Grid, PATCH, Part, Planes, Slot, TILE, Tile};
use crate::map::{Finish, LINE, Source};
use crate::simd::{Simd, prefetch, store_up_to};

/// Pixels from a patch to those that are asked for while it is read: the caches see the patches of a row of tiles as
/// too many short reads to guess how they go on.
const AHEAD: usize = 10;

/// `Bᵀ d`: six inputs to six points.
#[inline(always)]
pub(super) unsafe fn input<S: Simd, P: Points>(d: [S::V; 6]) -> [S::V; 6] {
    // SAFETY: arithmetic on registers, in the width that the caller dispatched; so in all of these functions.
    unsafe {
        let (b, a2, b2) = (S::splat(P::B), S::splat(P::A2), S::splat(P::B2));
        let (product, sum) = (S::splat(P::A2 * P::B2), S::splat(P::A2 + P::B2));
        let even = S::fnma(b2, d[2], d[4]);
        let odd = S::mul(S::splat(P::A), S::fnma(b2, d[1], d[3]));
        let outer = S::fnma(a2, d[2], d[4]);
        let inner = S::fnma(a2, d[1], d[3]);
        [
            S::fma(product, d[0], S::fnma(sum, d[2], d[4])),
            S::add(even, odd),
            S::sub(even, odd),
            S::fma(b, inner, outer),
            S::fnma(b, inner, outer),
            S::fma(product, d[1], S::fnma(sum, d[3], d[5])),
        ]
    }
}

/// `Aᵀ m`: six points to four outputs.
#[inline(always)]
pub(super) unsafe fn output<S: Simd, P: Points>(m: [S::V; 6]) -> [S::V; 4] {
    // SAFETY: the caller runs inside `dispatch`; nothing here touches memory.
    unsafe {
        let scaled = |factor: f32, value| S::mul(S::splat(factor), value);
        let (sum1, difference1) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
        let (sum2, difference2) = (S::add(m[3], m[4]), S::sub(m[3], m[4]));
        [
            S::add(m[0], S::add(sum1, sum2)),
            S::fma(S::splat(P::B), difference2, scaled(P::A, difference1)),
            S::fma(S::splat(P::B2), sum2, scaled(P::A2, sum1)),
            S::add(S::fma(S::splat(P::B * P::B2), difference2, scaled(P::A * P::A2, difference1)), m[5]),
        ]
    }
}

/// `A y`: the gradients of four outputs to six points, the transpose of [`output`].
#[inline(always)]
pub(super) unsafe fn gradient<S: Simd, P: Points>(y: [S::V; 4]) -> [S::V; 6] {
    // SAFETY: the caller runs inside `dispatch`; nothing here touches memory.
    unsafe {
        let (b, a2, b2) = (S::splat(P::B), S::splat(P::A2), S::splat(P::B2));
        let (even, odd) = (S::fma(a2, y[2], y[0]), S::mul(S::splat(P::A), S::fma(a2, y[3], y[1])));
        let (even2, odd2) = (S::fma(b2, y[2], y[0]), S::fma(b2, y[3], y[1]));
        [y[0], S::add(even, odd), S::sub(even, odd), S::fma(b, odd2, even2), S::fnma(b, odd2, even2), y[3]]
    }
}

/// One tile of a map of `channels` channels: its place, and how much of its patch lies inside the map.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Index of the map value at the patch's first row and column; wraps where that lies outside.
    origin: usize,
    row_len: usize,
    channels: usize,
    rows: (usize, usize),
    columns: (usize, usize),
    rounded: bool,
}

impl Place {
    #[inline(always)]
    pub fn new(grid: &Grid, tile: Tile, channels: usize) -> Self {
        let (y, x) = (tile.row * TILE, tile.column * TILE);
        let row_len = grid.width * channels;
        let first = (tile.image * grid.height + y) * row_len + x * channels;
        Self {
            origin: first.wrapping_sub(row_len + channels),
            row_len,
            channels,
            rows: (usize::from(y == 0), PATCH.min(grid.height + 1 - y)),
            columns: (usize::from(x == 0), PATCH.min(grid.width + 1 - x)),
            rounded: grid.factors.are_rounded(),
        }
    }

    /// Whether row `i` of the patch lies inside the map.
    #[inline(always)]
    fn has_row(&self, i: usize) -> bool {
        i >= self.rows.0 && i < self.rows.1
    }

    /// Loads a row of the patch, zero outside the map.
    #[inline(always)]
    unsafe fn row<S: Simd, A: Source>(
        &self,
        source: &A,
        held: &A::Held<S>,
        i: usize,
        channel: usize,
        count: usize,
    ) -> [S::V; 6] {
        let start = self.origin.wrapping_add(i * self.row_len + channel);
        if channel.is_multiple_of(LINE) {
            (AHEAD..AHEAD + TILE).for_each(|j| source.prefetch(start.wrapping_add(j * self.channels)));
        }
        // SAFETY: only columns inside the map are loaded.
        unsafe {
            // The cases that fill most maps are compiled with their bounds known: no test for each value.
            match self.columns {
                (0, 6) => self.columns_between::<S, A>(source, held, start, 0, 6, count),
                (1, 6) => self.columns_between::<S, A>(source, held, start, 1, 6, count),
                (0, 5) => self.columns_between::<S, A>(source, held, start, 0, 5, count),
                (first, end) => self.columns_between::<S, A>(source, held, start, first, end, count),
            }
        }
    }

    #[inline(always)]
    unsafe fn columns_between<S: Simd, A: Source>(
        &self,
        source: &A,
        held: &A::Held<S>,
        start: usize,
        first: usize,
        end: usize,
        count: usize,
    ) -> [S::V; 6] {
        // SAFETY: only columns inside the map are loaded.
        unsafe {
            let mut values = [S::splat(0.0); 6];
            for (j, value) in values.iter_mut().enumerate() {
                if j >= first && j < end {
                    *value = source.load::<S>(held, start.wrapping_add(j * self.channels), count);
                }
            }
            values
        }
    }

    /// Transforms the patch of every channel into the tile's slot.
    #[inline(always)]
    pub unsafe fn input<S: Simd, A: Source>(&self, source: &A, slot: Slot) {
        // SAFETY: passed on to the caller.
        unsafe {
            if S::PAIRS || self.rounded {
                self.input_at::<S, Even, A>(source, slot);
            } else {
                self.input_at::<S, Whole, A>(source, slot);
            }
        }
    }

    #[inline(always)]
    unsafe fn input_at<S: Simd, P: Points, A: Source>(&self, source: &A, slot: Slot) {
        let mut channel = 0;
        while channel < self.channels {
            let count = self.channels - channel;
            // SAFETY: patches inside the map are loaded, and every plane has room for the tile's channels.
            unsafe {
                let held = source.begin::<S>(channel, count);
                let mut half = [const { MaybeUninit::<[S::V; 6]>::uninit() }; 6];
                for (i, half) in half.iter_mut().enumerate() {
                    half.write(if self.has_row(i) {
                        input::<S, P>(self.row::<S, A>(source, &held, i, channel, count))
                    } else {
                        [S::splat(0.0); 6]
                    });
                }
                let half = &*half.as_ptr().cast::<[[S::V; 6]; 6]>();
                for j in 0..6 {
                    let points =
                        input::<S, P>([half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]]);
                    store_column::<S, P>(points, slot, j, channel);
                }
            }
            channel += S::LANES;
        }
    }

    /// Transforms a map of output gradients twice: its patches as inputs of the backward convolution, and the
    /// tiles in their middle as gradients for the weights.
    #[inline(always)]
    pub unsafe fn gradients<S: Simd, A: Source>(&self, source: &A, patch: Option<Slot>, middle: Slot) {
        // SAFETY: passed on to the caller.
        unsafe {
            if S::PAIRS || self.rounded {
                self.gradients_at::<S, Even, A>(source, patch, middle);
            } else {
                self.gradients_at::<S, Whole, A>(source, patch, middle);
            }
        }
    }

    #[inline(always)]
    unsafe fn gradients_at<S: Simd, P: Points, A: Source>(&self, source: &A, patch: Option<Slot>, middle_slot: Slot) {
        let mut channel = 0;
        while channel < self.channels {
            let count = self.channels - channel;
            // SAFETY: as for `input`.
            unsafe {
                let zeros = [S::splat(0.0); 6];
                let held = source.begin::<S>(channel, count);
                let mut half = [const { MaybeUninit::<[S::V; 6]>::uninit() }; 6];
                let mut middle = [const { MaybeUninit::<[S::V; 6]>::uninit() }; 6];
                for (i, (half, middle)) in half.iter_mut().zip(&mut middle).enumerate() {
                    let row = if self.has_row(i) { self.row::<S, A>(source, &held, i, channel, count) } else { zeros };
                    half.write(input::<S, P>(row));
                    middle.write(gradient::<S, P>([row[1], row[2], row[3], row[4]]));
                }
                let half = &*half.as_ptr().cast::<[[S::V; 6]; 6]>();
                let middle = &*middle.as_ptr().cast::<[[S::V; 6]; 6]>();
                for j in 0..6 {
                    if let Some(patch) = patch {
                        let points =
                            input::<S, P>([half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]]);
                        store_column::<S, P>(points, patch, j, channel);
                    }
                    let points = gradient::<S, P>([middle[1][j], middle[2][j], middle[3][j], middle[4][j]]);
                    store_column::<S, P>(points, middle_slot, j, channel);
                }
            }
            channel += S::LANES;
        }
    }

    /// Transforms the products of the tile back and stores them, each value after `finish` had it. `out` is the
    /// block's part of the map, which starts at index `base` of the whole.
    #[inline(always)]
    pub unsafe fn output<S: Simd>(
        &self,
        products: *const f32,
        planes: &Planes,
        out: &mut [f32],
        base: usize,
        finish: &mut impl Finish,
    ) {
        // SAFETY: passed on to the caller.
        unsafe {
            if S::PAIRS || self.rounded {
                self.output_at::<S, Even>(products, planes, out, base, finish);
            } else {
                self.output_at::<S, Whole>(products, planes, out, base, finish);
            }
        }
    }

    #[inline(always)]
    unsafe fn output_at<S: Simd, P: Points>(
        &self,
        products: *const f32,
        planes: &Planes,
        out: &mut [f32],
        base: usize,
        finish: &mut impl Finish,
    ) {
        // The patch's second row and column are the tile's first.
        let first = self.origin.wrapping_add(self.row_len + self.channels);
        let rows = (self.rows.1 - 1).min(TILE);
        let columns = (self.columns.1 - 1).min(TILE);
        let mut channel = 0;
        while channel < self.channels {
            let count = self.channels - channel;
            // SAFETY: the planes hold the tile; rows and columns outside the map are not stored.
            unsafe {
                let mut half = [const { MaybeUninit::<[S::V; 4]>::uninit() }; 6];
                for (j, half) in half.iter_mut().enumerate() {
                    let product = products.wrapping_add(j * planes.stride + channel);
                    let step = 6 * planes.stride;
                    half.write(output::<S, P>([
                        S::load(product),
                        S::load(product.wrapping_add(step)),
                        S::load(product.wrapping_add(2 * step)),
                        S::load(product.wrapping_add(3 * step)),
                        S::load(product.wrapping_add(4 * step)),
                        S::load(product.wrapping_add(5 * step)),
                    ]));
                }
                let half = &*half.as_ptr().cast::<[[S::V; 4]; 6]>();
                let mut held = finish.begin::<S>(channel, count);
                let full = rows == TILE && columns == TILE && count >= S::LANES;
                let mut start = first + channel;
                for i in 0..rows {
                    if channel.is_multiple_of(LINE) {
                        let row = out.as_ptr().wrapping_add(start - base);
                        (AHEAD..AHEAD + TILE).for_each(|j| prefetch(row.wrapping_add(j * self.channels)));
                    }
                    let values =
                        output::<S, P>([half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]]);
                    let mut index = start;
                    if full {
                        for value in values {
                            let value = finish.finish::<S>(&mut held, value, index, S::LANES);
                            debug_assert!(index - base + S::LANES <= out.len());
                            S::store(out.as_mut_ptr().wrapping_add(index - base), value);
                            index += self.channels;
                        }
                    } else {
                        for value in values.into_iter().take(columns) {
                            let value = finish.finish::<S>(&mut held, value, index, count);
                            debug_assert!(index - base + count.min(S::LANES) <= out.len());
                            store_up_to::<S>(out.as_mut_ptr().wrapping_add(index - base), value, count);
                            index += self.channels;
                        }
                    }
                    start += self.row_len;
                }
                finish.end::<S>(held, channel);
            }
            channel += S::LANES;
        }
    }
}

/// Stores column `j` of transformed points, of the channels from `channel` on.
#[inline(always)]
unsafe fn store_column<S: Simd, P: Points>(points: [S::V; 6], slot: Slot, j: usize, channel: usize) {
    let to = slot.row.wrapping_add(j * slot.stride);
    let at = |i: usize, channel: usize| to.wrapping_add(6 * i * slot.stride + channel);
    let points = points.into_iter().enumerate();
    // SAFETY: the caller vouches for the six planes.
    unsafe {
        if !S::PAIRS {
            points.for_each(|(i, point)| S::store(at(i, channel), if P::ROUNDED { S::bf16(point) } else { point }));
            return;
        }
        match slot.part {
            Part::Pairs => points.for_each(|(i, point)| S::store_pairs(at(i, channel / 2), point)),
            Part::Lanes | Part::First => points.for_each(|(i, point)| S::store(at(i, channel), point)),
            Part::Second => points.for_each(|(i, point)| {
                let first = S::load(at(i, channel));
                S::store(at(i, channel), S::pair(first, point));
            }),
            Part::Last => points.for_each(|(i, point)| S::store(at(i, channel), S::pair(point, S::splat(0.0)))),
        }
    }
}
