//! Matrices turned round, a block of registers at a time: weights and their gradients lie by output channels in memory, and
//! vectors take them by tap. Knows nothing of what the numbers are.

use crate::simd::{MOST_LANES, Simd};

/// `to[column · to_row + row] = from[row · from_row + column]` for all `rows` and `columns`.
///
/// # Safety
/// `S` must be the width that was dispatched.
///
/// # Panics
/// If a value lies outside of either slice.
#[inline(always)]
pub(crate) unsafe fn turn<S: Simd>(
    from: &[f32],
    from_row: usize,
    [rows, columns]: [usize; 2],
    to: &mut [f32],
    to_row: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!((rows - 1) * from_row + columns <= from.len(), "a matrix that reaches beyond its memory");
    assert!((columns - 1) * to_row + rows <= to.len(), "a turned matrix that reaches beyond its memory");
    let (whole_rows, whole_columns) = (rows / S::LANES * S::LANES, columns / S::LANES * S::LANES);
    for row in (0..whole_rows).step_by(S::LANES) {
        for column in (0..whole_columns).step_by(S::LANES) {
            let (from, to) = (from.as_ptr(), to.as_mut_ptr());
            // SAFETY: the block lies inside both matrices, which were checked above.
            unsafe { S::turn(from.add(row * from_row + column), from_row, to.add(column * to_row + row), to_row) };
        }
    }
    for row in 0..rows {
        for column in if row < whole_rows { whole_columns } else { 0 }..columns {
            to[column * to_row + row] = from[row * from_row + column];
        }
    }
}

/// Room for the taps of a vector of channels.
pub(crate) fn taps_room(taps: usize) -> usize {
    taps.max(MOST_LANES) * MOST_LANES
}

/// The taps of up to a vector of `channels`, which are neighbours in `from`, as one vector each:
/// `to[tap · MOST_LANES + channel] = from[channel · taps + tap]`. What lies beyond the last tap in `to` may change.
///
/// # Safety
/// `S` must be the width that was dispatched.
///
/// # Panics
/// If a value lies outside of `from`, or `to` has less than [`taps_room`].
#[inline(always)]
pub(crate) unsafe fn turn_taps<S: Simd>(from: &[f32], taps: usize, channels: usize, to: &mut [f32]) {
    if channels == 0 {
        return;
    }
    // Whole blocks of registers, with what lies behind the last tap where that can be read.
    let whole = taps.next_multiple_of(S::LANES);
    let beyond = taps > 1 && whole <= MOST_LANES && (channels - 1) * taps + whole <= from.len();
    let columns = if beyond { whole } else { taps };
    // SAFETY: passed on to the caller.
    unsafe { turn::<S>(from, taps, [channels, columns], to, MOST_LANES) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Work, dispatch, lanes};

    struct Turn<'a> {
        from: &'a [f32],
        size: [usize; 2],
        steps: [usize; 2],
        to: &'a mut [f32],
    }

    impl Work for Turn<'_> {
        type Output = ();

        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            // SAFETY: the width is the dispatched one.
            unsafe { turn::<S>(self.from, self.steps[0], self.size, self.to, self.steps[1]) };
        }
    }

    struct TurnTaps<'a> {
        from: &'a [f32],
        taps: usize,
        channels: usize,
        to: &'a mut [f32],
    }

    impl Work for TurnTaps<'_> {
        type Output = ();

        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            // SAFETY: the width is the dispatched one.
            unsafe { turn_taps::<S>(self.from, self.taps, self.channels.min(S::LANES), self.to) };
        }
    }

    #[test]
    fn every_tap_of_every_channel_becomes_its_vector() {
        for taps in [1, 4, 9, 25, 49] {
            for channels in [0, 1, 7, 8, 16] {
                // With and without something behind the last tap.
                for behind in [0, 40] {
                    let from: Vec<f32> = (0_u16..).map(f32::from).take(channels * taps + behind).collect();
                    let mut to = vec![-1.0; taps_room(taps)];
                    dispatch(TurnTaps { from: &from, taps, channels, to: &mut to });
                    for tap in 0..taps {
                        for channel in 0..channels.min(lanes()) {
                            let value = to[tap * MOST_LANES + channel];
                            assert_eq!(value, from[channel * taps + tap], "{taps} taps, {tap}, {channel}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_value_of_any_matrix_goes_to_its_place_and_nothing_else_changes() {
        for rows in [0, 1, 7, 8, 9, 16, 17, 33] {
            for columns in [0, 1, 8, 9, 15, 16, 18, 40] {
                let (from_row, to_row) = (columns + 3, rows + 2);
                let from: Vec<f32> = (0_u16..).map(f32::from).take(rows.max(1) * from_row).collect();
                let mut to = vec![-1.0; columns.max(1) * to_row];
                dispatch(Turn { from: &from, size: [rows, columns], steps: [from_row, to_row], to: &mut to });
                for (index, value) in to.into_iter().enumerate() {
                    let (column, row) = (index / to_row, index % to_row);
                    let expected = if row < rows && column < columns { from[row * from_row + column] } else { -1.0 };
                    assert_eq!(value, expected, "{rows}×{columns}, {row}, {column}");
                }
            }
        }
    }
}
