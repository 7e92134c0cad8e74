//! With how many digits convolutions multiply.

use crate::simd::{Simd, Work, dispatch, load_up_to, store_up_to};

/// What the factors of a convolution's products are: of the map and the weights going forward, of gradient and weights,
/// and of gradient and map going back. Products are summed in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, as they are.
    #[default]
    F32,
    /// Rounded to bfloat16, as they are read. Where tiles compute the convolution, what they transform is rounded instead.
    Bf16,
}

/// Rounds every value to the nearest bfloat16: single precision's sign and exponent, and 7 binary digits behind the point
/// instead of 23. Of two that are as near it takes the one whose last digit is 0, and beyond the largest there is
/// infinity. What is not a number stays so, and is quiet.
pub fn round(values: &mut [f32]) {
    dispatch(Round(values));
}

struct Round<'a>(&'a mut [f32]);

impl Work for Round<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for values in self.0.chunks_mut(S::LANES) {
            // SAFETY: a chunk is at most one vector.
            unsafe {
                let rounded = S::bf16(load_up_to::<S>(values.as_ptr(), values.len()));
                store_up_to::<S>(values.as_mut_ptr(), rounded, values.len());
            }
        }
    }
}
