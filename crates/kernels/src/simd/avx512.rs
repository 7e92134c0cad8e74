//! Sixteen lanes: AVX-512F, and where lanes are `PAIRS` of bfloat16 AVX512-BF16.

#[allow(clippy::wildcard_imports, reason = "the instructions of one set, each named once below")]
use std::arch::x86_64::*;

use super::vector::{Simd, Work};

/// AVX-512F, with products of `PAIRS` of bfloat16 or of single numbers.
#[derive(Clone, Copy)]
pub(super) struct Avx512<const PAIRS: bool>;

/// Lanes of which the first `count` are set.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    debug_assert!(count < 16);
    (1_u16 << count) - 1
}

// SAFETY: every method does on sixteen lanes what the trait says; the caller vouches for processor and pointers.
unsafe impl<const PAIRS: bool> Simd for Avx512<PAIRS> {
    const LANES: usize = 16;
    const PAIRS: bool = PAIRS;
    type V = __m512;

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: __m512) {
        unsafe { _mm512_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> __m512 {
        unsafe { _mm512_maskz_loadu_ps(first(count), from) }
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, value: __m512, count: usize) {
        unsafe { _mm512_mask_storeu_ps(to, first(count), value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m512) -> __m512 {
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    unsafe fn product(a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe {
            if PAIRS {
                let [a, b] = [a, b].map(|pairs| std::mem::transmute::<__m512, __m512bh>(pairs));
                _mm512_dpbf16_ps(c, a, b)
            } else {
                _mm512_fmadd_ps(a, b, c)
            }
        }
    }
    #[inline(always)]
    unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn fnma(a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn larger(a: __m512, b: __m512) -> __m512 {
        unsafe {
            let unordered = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_blend_ps(unordered, _mm512_max_ps(a, b), a)
        }
    }
    #[inline(always)]
    unsafe fn where_positive(condition: __m512, yes: __m512, no: __m512) -> __m512 {
        unsafe {
            let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition, _mm512_setzero_ps());
            _mm512_mask_blend_ps(positive, no, yes)
        }
    }
    #[inline(always)]
    unsafe fn bf16(a: __m512) -> __m512 {
        unsafe {
            let bits = _mm512_castps_si512(a);
            let (kept, quiet) = (_mm512_set1_epi32(0xFFFF_0000_u32.cast_signed()), _mm512_set1_epi32(0x0040_0000));
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
            let unordered = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            let chosen = _mm512_mask_or_epi32(up, unordered, bits, quiet);
            _mm512_castsi512_ps(_mm512_and_si512(chosen, kept))
        }
    }
    #[inline(always)]
    unsafe fn pair(low: __m512, high: __m512) -> __m512 {
        unsafe {
            if PAIRS {
                let side_by_side: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(high, low));
                let lanes = _mm512_mullo_epi32(
                    _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                    _mm512_set1_epi32(0x0001_0001),
                );
                let places = _mm512_add_epi32(lanes, _mm512_set1_epi32(0x0010_0000));
                _mm512_castsi512_ps(_mm512_permutexvar_epi16(places, side_by_side))
            } else {
                let low = _mm512_srli_epi32::<16>(_mm512_castps_si512(Self::bf16(low)));
                _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_castps_si512(Self::bf16(high))))
            }
        }
    }
    #[inline(always)]
    unsafe fn store_pairs(to: *mut f32, value: __m512) {
        unsafe {
            if PAIRS {
                let halves: __m256 = std::mem::transmute(_mm512_cvtneps_pbh(value));
                _mm256_storeu_ps(to, halves);
            } else {
                unreachable!("only pairs are stored so");
            }
        }
    }
    #[inline(always)]
    unsafe fn turn(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe {
            let rows: [__m512; 16] = std::array::from_fn(|row| _mm512_loadu_ps(from.add(row * from_row)));
            // Four rows each: in every quarter of a register one of its columns.
            let mut fours = [[_mm512_setzero_ps(); 4]; 4];
            for (four, rows) in fours.iter_mut().zip(rows.chunks_exact(4)) {
                let [a, b] = [0, 2].map(|row| _mm512_castps_pd(_mm512_unpacklo_ps(rows[row], rows[row + 1])));
                let [c, d] = [0, 2].map(|row| _mm512_castps_pd(_mm512_unpackhi_ps(rows[row], rows[row + 1])));
                let turned = [
                    _mm512_unpacklo_pd(a, b),
                    _mm512_unpackhi_pd(a, b),
                    _mm512_unpacklo_pd(c, d),
                    _mm512_unpackhi_pd(c, d),
                ];
                *four = turned.map(|quarters| _mm512_castpd_ps(quarters));
            }
            for column in 0..4 {
                let [a, b, c, d] = fours.map(|four| four[column]);
                let even = [_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d)];
                let odd = [_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(c, d)];
                let store = |quarter: usize, value| _mm512_storeu_ps(to.add((4 * quarter + column) * to_row), value);
                store(0, _mm512_shuffle_f32x4::<0x88>(even[0], even[1]));
                store(1, _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]));
                store(2, _mm512_shuffle_f32x4::<0xDD>(even[0], even[1]));
                store(3, _mm512_shuffle_f32x4::<0xDD>(odd[0], odd[1]));
            }
        }
    }
    unsafe fn call<W: Work>(work: W) -> W::Output {
        #[target_feature(enable = "avx512f,avx2,fma")]
        unsafe fn compiled<W: Work>(work: W) -> W::Output {
            // SAFETY: this function has the features that are used without pairs.
            unsafe { work.run::<Avx512<false>>() }
        }
        #[target_feature(enable = "avx512f,avx512bf16,avx2,fma")]
        unsafe fn compiled_for_pairs<W: Work>(work: W) -> W::Output {
            // SAFETY: this function has the features that are used with pairs.
            unsafe { work.run::<Avx512<true>>() }
        }
        // The compiler forgets `inline(never)` where a function has target features, so this one, which has none,
        // keeps the work apart from its callers.
        #[inline(never)]
        unsafe fn enter<const PAIRS: bool, W: Work>(work: W) -> W::Output {
            // SAFETY: the caller vouches for the processor.
            unsafe { if PAIRS { compiled_for_pairs(work) } else { compiled(work) } }
        }
        // SAFETY: as above.
        unsafe { enter::<PAIRS, W>(work) }
    }
}
