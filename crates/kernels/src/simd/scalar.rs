//! Eight lanes in plain Rust, for processors without kernels of their own. Compilers turn the loops into
//! whatever vectors the target has.

use super::vector::{Simd, Work};

/// Plain Rust, with products of `PAIRS` of bfloat16 or of single numbers.
#[derive(Clone, Copy)]
pub(super) struct Scalar<const PAIRS: bool>;

#[inline(always)]
fn zip(a: [f32; 8], b: [f32; 8], f: impl Fn(f32, f32) -> f32) -> [f32; 8] {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

/// The nearest bfloat16, as the single-precision number that it is.
#[inline(always)]
fn bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    let bits = if value.is_nan() { bits | 0x0040_0000 } else { bits + (0x7FFF + (bits >> 16 & 1)) };
    f32::from_bits(bits & 0xFFFF_0000)
}

/// A subnormal number as zero of its sign.
#[inline(always)]
fn flushed(value: f32) -> f32 {
    if value.is_subnormal() { 0.0_f32.copysign(value) } else { value }
}

/// `VDPBF16PS`: the upper halves are multiplied and added first.
#[inline(always)]
fn dot(a: f32, b: f32, c: f32) -> f32 {
    let low = |pair: f32| flushed(f32::from_bits(pair.to_bits() << 16));
    let high = |pair: f32| flushed(f32::from_bits(pair.to_bits() & 0xFFFF_0000));
    let sum = flushed(high(a).mul_add(high(b), flushed(c)));
    flushed(low(a).mul_add(low(b), sum))
}

// SAFETY: plain Rust on eight lanes; the caller vouches for the pointers.
unsafe impl<const PAIRS: bool> Simd for Scalar<PAIRS> {
    const LANES: usize = 8;
    const PAIRS: bool = PAIRS;
    type V = [f32; 8];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::V {
        [value; 8]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        unsafe { from.cast::<Self::V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: Self::V) {
        unsafe { to.cast::<Self::V>().write_unaligned(value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self::V {
        let mut value = [0.0; 8];
        unsafe { std::ptr::copy_nonoverlapping(from, value.as_mut_ptr(), count) };
        value
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, value: Self::V, count: usize) {
        unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), to, count) }
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::V) -> Self::V {
        a.map(f32::sqrt)
    }
    // Without an FMA instruction `mul_add` is a slow call, so the product is rounded here.
    #[inline(always)]
    unsafe fn product(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        if PAIRS {
            std::array::from_fn(|lane| dot(a[lane], b[lane], c[lane]))
        } else {
            // SAFETY: passed on to the caller.
            unsafe { Self::fma(a, b, c) }
        }
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|lane| c[lane] - a[lane] * b[lane])
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b || a.is_nan() { a } else { b })
    }
    #[inline(always)]
    unsafe fn where_positive(condition: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        std::array::from_fn(|lane| if condition[lane] > 0.0 { yes[lane] } else { no[lane] })
    }
    #[inline(always)]
    unsafe fn bf16(a: Self::V) -> Self::V {
        a.map(bf16)
    }
    #[inline(always)]
    unsafe fn pair(low: Self::V, high: Self::V) -> Self::V {
        let half = |value: f32| bf16(if PAIRS { flushed(value) } else { value }).to_bits();
        zip(low, high, |low, high| f32::from_bits(half(low) >> 16 | half(high)))
    }
    unsafe fn call<W: Work>(work: W) -> W::Output {
        unsafe { work.run::<Self>() }
    }
}
