//! One vector of `f32`, whatever its width, and work that can be compiled for any.

/// Lanes of the widest vector.
pub(crate) const MOST_LANES: usize = 16;

/// One vector width: the few operations the kernels need.
///
/// # Safety
/// Implementations may use instructions that not every processor has. A method may be called only inside a
/// function that [`dispatch`](super::dispatch) entered for this implementation. Pointers must be valid for the lanes that are
/// read or written; no alignment is needed.
pub(crate) unsafe trait Simd: Copy + 'static {
    /// Floats in one vector.
    const LANES: usize;
    /// Whether lanes that are multiplied are pairs of bfloat16.
    const PAIRS: bool;
    /// One vector.
    type V: Copy;

    unsafe fn splat(value: f32) -> Self::V;
    unsafe fn load(from: *const f32) -> Self::V;
    unsafe fn store(to: *mut f32, value: Self::V);
    /// Reads the first `count` lanes (fewer than `LANES`); the others are zero and their memory is not touched.
    unsafe fn load_first(from: *const f32, count: usize) -> Self::V;
    /// Writes the first `count` lanes (fewer than `LANES`) and leaves the memory of the others alone.
    unsafe fn store_first(to: *mut f32, value: Self::V, count: usize);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// The square root, correctly rounded as the four above are.
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// `a * b + c` where a convolution multiplies: [`Self::fma`], or where lanes of `a` and `b` are pairs of bfloat16
    /// `a.low * b.low + (a.high * b.high + c)`, each sum rounded to the nearest even and with subnormal numbers taken and
    /// given as zeros, which is Intel's `VDPBF16PS`.
    unsafe fn product(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a * b + c`
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger of the two lanes, and `b` where either is not a number.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// The larger of the two lanes, and not a number where either is not.
    unsafe fn larger(a: Self::V, b: Self::V) -> Self::V;
    /// `yes` where `condition` is above zero, else `no`.
    unsafe fn where_positive(condition: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// Each lane rounded to bfloat16, as [`round`](crate::precision::round) says.
    unsafe fn bf16(a: Self::V) -> Self::V;
    /// Two lanes in one, each rounded to bfloat16: `low` in the lower half of the bits, `high` in the upper one. Where lanes
    /// are multiplied as pairs, subnormal numbers are taken as zeros, which is Intel's `VCVTNE2PS2BF16`.
    unsafe fn pair(low: Self::V, high: Self::V) -> Self::V;
    /// Writes all lanes as bfloat16, each beside the next, to half as many floats; rounded as by [`Self::pair`].
    #[inline(always)]
    unsafe fn store_pairs(to: *mut f32, value: Self::V) {
        let mut lanes = [0.0_f32; MOST_LANES];
        // SAFETY: the array holds the widest vector; the caller vouches for half as many floats.
        unsafe {
            Self::store(lanes.as_mut_ptr(), Self::pair(value, Self::splat(0.0)));
            for pair in 0..Self::LANES / 2 {
                *to.add(pair) = f32::from_bits(lanes[2 * pair].to_bits() | lanes[2 * pair + 1].to_bits() << 16);
            }
        }
    }
    /// Turns a block of `LANES` rows of as many values each: `to[j · to_row + i] = from[i · from_row + j]`.
    #[inline(always)]
    unsafe fn turn(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        for row in 0..Self::LANES {
            for column in 0..Self::LANES {
                // SAFETY: the caller vouches for both blocks.
                unsafe { *to.add(column * to_row + row) = *from.add(row * from_row + column) };
            }
        }
    }
    /// Calls `work` as a function of its own, compiled for this width.
    unsafe fn call<W: Work>(work: W) -> W::Output;
}

/// Work that can be compiled for any vector width.
pub(crate) trait Work {
    /// What the work returns.
    type Output;
    /// Does the work. Must be `#[inline(always)]`, with everything it calls, to be compiled for the width.
    ///
    /// # Safety
    /// The processor must have the instructions of `S`: only [`Simd::call`] may call this, or work that itself runs
    /// for `S`.
    unsafe fn run<S: Simd>(self) -> Self::Output;
}

/// Asks for a cache line ahead of its use; the address may be any.
#[inline(always)]
pub(crate) fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch of an address that is not mapped does nothing.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) at, options(nomem, nostack, preserves_flags));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = at;
}

/// Reads `count` lanes, all of them where `count` reaches the width.
///
/// # Safety
/// As for [`Simd::load_first`].
#[inline(always)]
pub(crate) unsafe fn load_up_to<S: Simd>(from: *const f32, count: usize) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe { if count >= S::LANES { S::load(from) } else { S::load_first(from, count) } }
}

/// Writes `count` lanes, all of them where `count` reaches the width.
///
/// # Safety
/// As for [`Simd::store_first`].
#[inline(always)]
pub(crate) unsafe fn store_up_to<S: Simd>(to: *mut f32, value: S::V, count: usize) {
    // SAFETY: passed on to the caller.
    unsafe { if count >= S::LANES { S::store(to, value) } else { S::store_first(to, value, count) } }
}
