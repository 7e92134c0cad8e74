//! The register tile: a few rows of one matrix times one or two vectors of columns of another, summed in
//! registers. All convolutions end here.

use crate::map::LINE;
use crate::simd::{Simd, Work, prefetch};

/// Rows of a tile two vectors wide: twelve sums, two vectors of the right matrix and a broadcast fit the
/// sixteen registers of AVX2, and two vectors are loaded for every six values.
pub(crate) const TALL: usize = 6;
/// Rows of a tile one vector wide: eight sums hide the latency of the multiply-add.
pub(crate) const SLIM: usize = 8;

/// Adds `Σ_j left[rows[r] + j · left_step] · right[j · right_step ..]` to `sums[r]`, for `depth` values of `j`.
///
/// # Safety
/// Every address named above must be readable.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd, const R: usize, const N: usize>(
    sums: &mut [[S::V; N]; R],
    left: *const f32,
    rows: &[usize; R],
    left_step: usize,
    right: *const f32,
    right_step: usize,
    depth: usize,
) {
    let (mut left, mut right) = (left, right);
    for _ in 0..depth {
        // SAFETY: the caller vouches for all rows and columns of these `depth` steps.
        unsafe {
            let mut columns = [S::splat(0.0); N];
            for (n, column) in columns.iter_mut().enumerate() {
                *column = S::load(right.add(n * S::LANES));
            }
            for r in 0..R {
                let value = S::splat(*left.add(rows[r]));
                for n in 0..N {
                    sums[r][n] = S::product(value, columns[n], sums[r][n]);
                }
            }
            left = left.wrapping_add(left_step);
            right = right.wrapping_add(right_step);
        }
    }
}

/// `out[r][k] = Σ_j left[r][j] · right[j][k]`, or `+=` where `add` is set.
pub(crate) struct Matmul {
    pub left: *const f32,
    /// From one row of `left` to the next.
    pub left_row: usize,
    /// From one `j` to the next in `left`.
    pub left_step: usize,
    pub right: *const f32,
    /// From one `j` to the next in `right`.
    pub right_step: usize,
    pub out: *mut f32,
    /// From one row of `out` to the next.
    pub out_row: usize,
    pub rows: usize,
    /// A multiple of the vector's lanes.
    pub columns: usize,
    pub depth: usize,
    pub add: bool,
    /// Whether the next columns of `right` are fetched while these are multiplied: the processor does not foresee rows that
    /// lie far apart.
    pub fetch: bool,
}

/// Columns of the packed panel that starts at column `start` of `columns`: two vectors, or one at the end.
pub(crate) fn panel_width(lanes: usize, start: usize, columns: usize) -> usize {
    (columns - start).min(2 * lanes)
}

impl Work for Matmul {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut column = 0;
        while column < self.columns {
            let width = panel_width(S::LANES, column, self.columns);
            let (right, step) = (self.right.wrapping_add(column), self.right_step);
            // SAFETY: the caller vouches for the three matrices.
            unsafe {
                if width == S::LANES {
                    self.panel::<S, SLIM, 1>(column, right, step);
                } else {
                    self.panel::<S, TALL, 2>(column, right, step);
                }
            }
            column += width;
        }
    }
}

impl Matmul {
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const N: usize>(&self, column: usize, right: *const f32, step: usize) {
        let mut row = 0;
        let each = self.depth.div_ceil((self.rows / R).max(1));
        let mut left = if self.fetch { 0..self.depth } else { 0..0 };
        // The columns behind these, some of their rows at a time.
        let mut fetch = |rows: usize| {
            for j in left.by_ref().take(rows) {
                let next = right.wrapping_add(N * S::LANES + j * step);
                (0..N * S::LANES).step_by(LINE).for_each(|lane| prefetch(next.wrapping_add(lane)));
            }
        };
        // SAFETY: rows below `self.rows` are the caller's.
        unsafe {
            // Two tiles of four rows are faster than one of six and one of two, which has too few sums.
            while row + R <= self.rows && (R != TALL || self.rows - row != 8) {
                fetch(each);
                self.rows_at::<S, R, N>(row, column, right, step);
                row += R;
            }
            fetch(self.depth);
            if R == TALL && row + 8 <= self.rows {
                self.rows_at::<S, 4, N>(row, column, right, step);
                row += 4;
            }
            if row + 4 <= self.rows {
                self.rows_at::<S, 4, N>(row, column, right, step);
                row += 4;
            }
            if row + 2 <= self.rows {
                self.rows_at::<S, 2, N>(row, column, right, step);
                row += 2;
            }
            if row < self.rows {
                self.rows_at::<S, 1, N>(row, column, right, step);
            }
        }
    }

    #[inline(always)]
    unsafe fn rows_at<S: Simd, const R: usize, const N: usize>(
        &self,
        row: usize,
        column: usize,
        right: *const f32,
        step: usize,
    ) {
        let rows: [usize; R] = std::array::from_fn(|r| r * self.left_row);
        let left = self.left.wrapping_add(row * self.left_row);
        let out = self.out.wrapping_add(row * self.out_row + column);
        // SAFETY: rows and columns are inside the matrices that the caller vouches for.
        unsafe {
            let mut sums = [[S::splat(0.0); N]; R];
            if self.add {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = S::load(out.add(r * self.out_row + n * S::LANES));
                    }
                }
            }
            tile::<S, R, N>(&mut sums, left, &rows, self.left_step, right, step, self.depth);
            for (r, sums) in sums.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    S::store(out.add(r * self.out_row + n * S::LANES), *sum);
                }
            }
        }
    }
}
