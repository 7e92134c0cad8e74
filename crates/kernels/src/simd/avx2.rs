//! Eight lanes: AVX2 with FMA.

#[allow(clippy::wildcard_imports, reason = "the instructions of one set, each named once below")]
use std::arch::x86_64::*;

use super::vector::{Simd, Work};

/// AVX2 with FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2;

/// Lanes of which the first `count` are set, for masked loads and stores.
#[inline(always)]
unsafe fn first(count: usize) -> __m256i {
    const MASK: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    debug_assert!(count < 8);
    // SAFETY: `count` is below 8, so the eight values from `8 - count` lie inside the table.
    unsafe { _mm256_loadu_si256(MASK.as_ptr().add(8 - count).cast()) }
}

// SAFETY: every method does on eight lanes what the trait says; the caller vouches for processor and pointers.
unsafe impl Simd for Avx2 {
    const LANES: usize = 8;
    const PAIRS: bool = false;
    type V = __m256;

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: __m256) {
        unsafe { _mm256_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> __m256 {
        unsafe { _mm256_maskload_ps(from, first(count)) }
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, value: __m256, count: usize) {
        unsafe { _mm256_maskstore_ps(to, first(count), value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m256) -> __m256 {
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    unsafe fn product(a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: passed on to the caller.
        unsafe { Self::fma(a, b, c) }
    }
    #[inline(always)]
    unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn fnma(a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fnmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn max(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn larger(a: __m256, b: __m256) -> __m256 {
        unsafe {
            let unordered = _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a);
            _mm256_blendv_ps(_mm256_max_ps(a, b), a, unordered)
        }
    }
    #[inline(always)]
    unsafe fn where_positive(condition: __m256, yes: __m256, no: __m256) -> __m256 {
        unsafe {
            let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(condition, _mm256_setzero_ps());
            _mm256_blendv_ps(no, yes, positive)
        }
    }
    #[inline(always)]
    unsafe fn bf16(a: __m256) -> __m256 {
        unsafe {
            let bits = _mm256_castps_si256(a);
            let (kept, quiet) = (_mm256_set1_epi32(0xFFFF_0000_u32.cast_signed()), _mm256_set1_epi32(0x0040_0000));
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
            let unordered = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(a, a));
            let chosen = _mm256_blendv_epi8(up, _mm256_or_si256(bits, quiet), unordered);
            _mm256_castsi256_ps(_mm256_and_si256(chosen, kept))
        }
    }
    #[inline(always)]
    unsafe fn pair(low: __m256, high: __m256) -> __m256 {
        unsafe {
            let low = _mm256_srli_epi32::<16>(_mm256_castps_si256(Self::bf16(low)));
            _mm256_or_ps(_mm256_castsi256_ps(low), Self::bf16(high))
        }
    }
    #[inline(always)]
    unsafe fn turn(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe {
            let rows: [__m256; 8] = std::array::from_fn(|row| _mm256_loadu_ps(from.add(row * from_row)));
            // Four rows each: in either half of a register one of its columns.
            let mut fours = [[_mm256_setzero_ps(); 4]; 2];
            for (four, rows) in fours.iter_mut().zip(rows.chunks_exact(4)) {
                let [a, b] = [0, 2].map(|row| _mm256_castps_pd(_mm256_unpacklo_ps(rows[row], rows[row + 1])));
                let [c, d] = [0, 2].map(|row| _mm256_castps_pd(_mm256_unpackhi_ps(rows[row], rows[row + 1])));
                let turned = [
                    _mm256_unpacklo_pd(a, b),
                    _mm256_unpackhi_pd(a, b),
                    _mm256_unpacklo_pd(c, d),
                    _mm256_unpackhi_pd(c, d),
                ];
                *four = turned.map(|halves| _mm256_castpd_ps(halves));
            }
            for column in 0..4 {
                let [a, b] = fours.map(|four| four[column]);
                _mm256_storeu_ps(to.add(column * to_row), _mm256_permute2f128_ps::<0x20>(a, b));
                _mm256_storeu_ps(to.add((4 + column) * to_row), _mm256_permute2f128_ps::<0x31>(a, b));
            }
        }
    }
    unsafe fn call<W: Work>(work: W) -> W::Output {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn compiled<W: Work>(work: W) -> W::Output {
            // SAFETY: this function has the features that `Avx2` uses.
            unsafe { work.run::<Avx2>() }
        }
        // The compiler forgets `inline(never)` where a function has target features, so this one, which has none,
        // keeps the work apart from its callers.
        #[inline(never)]
        unsafe fn enter<W: Work>(work: W) -> W::Output {
            // SAFETY: the caller vouches for the processor.
            unsafe { compiled(work) }
        }
        // SAFETY: as above.
        unsafe { enter(work) }
    }
}
