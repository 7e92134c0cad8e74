//! Eight lanes: two registers of NEON, which every 64-bit ARM processor has. With two registers to a vector the tiles
//! that fill the sixteen registers of AVX2 fill NEON's thirty-two, and packed weights lie as they do for AVX2.

#[allow(clippy::wildcard_imports, reason = "the instructions of one set, each named once below")]
use std::arch::aarch64::*;

use super::vector::{Simd, Work};

#[derive(Clone, Copy)]
pub(super) struct Neon;

/// Lanes of one register.
const HALF: usize = 4;

/// The first `count` (up to three) lanes; the others are zero and their memory is not touched.
#[inline(always)]
unsafe fn load_few(from: *const f32, count: usize) -> float32x4_t {
    // SAFETY: only the first `count` values are read.
    unsafe {
        let zero = vdup_n_f32(0.0);
        match count {
            0 => vcombine_f32(zero, zero),
            1 => vcombine_f32(vld1_lane_f32::<0>(from, zero), zero),
            2 => vcombine_f32(vld1_f32(from), zero),
            _ => vcombine_f32(vld1_f32(from), vld1_lane_f32::<0>(from.add(2), zero)),
        }
    }
}

/// Writes the first `count` (up to three) lanes.
#[inline(always)]
unsafe fn store_few(to: *mut f32, value: float32x4_t, count: usize) {
    // SAFETY: only the first `count` values are written.
    unsafe {
        if count >= 2 {
            vst1_f32(to, vget_low_f32(value));
        }
        match count {
            1 => vst1q_lane_f32::<0>(to, value),
            3 => vst1q_lane_f32::<2>(to.add(2), value),
            _ => {}
        }
    }
}

#[inline(always)]
fn zip(a: float32x4x2_t, b: float32x4x2_t, f: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> float32x4x2_t {
    float32x4x2_t(f(a.0, b.0), f(a.1, b.1))
}

// SAFETY: every method does on eight lanes what the trait says; the caller vouches for the pointers.
unsafe impl Simd for Neon {
    const LANES: usize = 2 * HALF;
    const PAIRS: bool = false;
    type V = float32x4x2_t;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::V {
        unsafe { float32x4x2_t(vdupq_n_f32(value), vdupq_n_f32(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        unsafe { float32x4x2_t(vld1q_f32(from), vld1q_f32(from.add(HALF))) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: Self::V) {
        unsafe {
            vst1q_f32(to, value.0);
            vst1q_f32(to.add(HALF), value.1);
        }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self::V {
        debug_assert!(count < Self::LANES);
        unsafe {
            if count < HALF {
                float32x4x2_t(load_few(from, count), vdupq_n_f32(0.0))
            } else {
                float32x4x2_t(vld1q_f32(from), load_few(from.add(HALF), count - HALF))
            }
        }
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, value: Self::V, count: usize) {
        debug_assert!(count < Self::LANES);
        unsafe {
            if count < HALF {
                store_few(to, value.0, count);
            } else {
                vst1q_f32(to, value.0);
                store_few(to.add(HALF), value.1, count - HALF);
            }
        }
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vaddq_f32(a, b) })
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vsubq_f32(a, b) })
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vmulq_f32(a, b) })
    }
    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vdivq_f32(a, b) })
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::V) -> Self::V {
        unsafe { float32x4x2_t(vsqrtq_f32(a.0), vsqrtq_f32(a.1)) }
    }
    #[inline(always)]
    unsafe fn product(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: passed on to the caller.
        unsafe { Self::fma(a, b, c) }
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        unsafe { float32x4x2_t(vfmaq_f32(c.0, a.0, b.0), vfmaq_f32(c.1, a.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        unsafe { float32x4x2_t(vfmsq_f32(c.0, a.0, b.0), vfmsq_f32(c.1, a.1, b.1)) }
    }
    // Not `vmaxq_f32`, which is not a number where `a` is not.
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) })
    }
    #[inline(always)]
    unsafe fn larger(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| unsafe { vmaxq_f32(a, b) })
    }
    #[inline(always)]
    unsafe fn where_positive(condition: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        unsafe {
            float32x4x2_t(
                vbslq_f32(vcgtzq_f32(condition.0), yes.0, no.0),
                vbslq_f32(vcgtzq_f32(condition.1), yes.1, no.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn bf16(a: Self::V) -> Self::V {
        let half = |a| unsafe {
            let bits = vreinterpretq_u32_f32(a);
            let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
            let up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
            let chosen = vbslq_u32(vceqq_f32(a, a), up, vorrq_u32(bits, vdupq_n_u32(0x0040_0000)));
            vreinterpretq_f32_u32(vandq_u32(chosen, vdupq_n_u32(0xFFFF_0000)))
        };
        float32x4x2_t(half(a.0), half(a.1))
    }
    #[inline(always)]
    unsafe fn pair(low: Self::V, high: Self::V) -> Self::V {
        let (low, high) = unsafe { (Self::bf16(low), Self::bf16(high)) };
        zip(low, high, |low, high| unsafe {
            let low = vshrq_n_u32::<16>(vreinterpretq_u32_f32(low));
            vreinterpretq_f32_u32(vorrq_u32(low, vreinterpretq_u32_f32(high)))
        })
    }
    unsafe fn call<W: Work>(work: W) -> W::Output {
        #[inline(never)]
        unsafe fn enter<W: Work>(work: W) -> W::Output {
            // SAFETY: the target has NEON, or this file would not be compiled.
            unsafe { work.run::<Neon>() }
        }
        // SAFETY: as above.
        unsafe { enter(work) }
    }
}
