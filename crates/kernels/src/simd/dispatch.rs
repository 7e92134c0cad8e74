//! The instruction set of this processor, and the way into it.

#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::scalar::Scalar;
use super::vector::{Simd, Work};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// Instruction sets that have kernels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
    /// The same with pairs of bfloat16: what `Avx512Bf16` computes, slowly.
    PortablePairs,
}

/// The best instruction set of this processor.
///
/// The environment variable `RESIDUAL_LAB_CPU` (`portable`, `portable-pairs`, on x86 `avx2` and `avx512`) can hold it down,
/// to compare the kernels.
pub(crate) fn instruction_set() -> InstructionSet {
    static FOUND: std::sync::OnceLock<InstructionSet> = std::sync::OnceLock::new();
    *FOUND.get_or_init(|| {
        let limit = std::env::var("RESIDUAL_LAB_CPU").unwrap_or_default();
        match limit.as_str() {
            "portable" => InstructionSet::Portable,
            "portable-pairs" => InstructionSet::PortablePairs,
            limit => detect(limit),
        }
    })
}

#[cfg(target_arch = "x86_64")]
fn detect(limit: &str) -> InstructionSet {
    if !["avx2", "avx512"].contains(&limit)
        && is_x86_feature_detected!("avx512f")
        // The compiler takes AVX512BW for granted where it may use AVX512-BF16.
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512bf16")
    {
        InstructionSet::Avx512Bf16
    } else if limit != "avx2" && is_x86_feature_detected!("avx512f") {
        InstructionSet::Avx512
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        InstructionSet::Avx2
    } else {
        InstructionSet::Portable
    }
}

#[cfg(target_arch = "aarch64")]
fn detect(_limit: &str) -> InstructionSet {
    InstructionSet::Neon
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detect(_limit: &str) -> InstructionSet {
    InstructionSet::Portable
}

/// Floats in one vector of the instruction set in use.
pub(crate) fn lanes() -> usize {
    match instruction_set() {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512Bf16 | InstructionSet::Avx512 => Avx512::<false>::LANES,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => Avx2::LANES,
        #[cfg(target_arch = "aarch64")]
        InstructionSet::Neon => Neon::LANES,
        InstructionSet::Portable | InstructionSet::PortablePairs => Scalar::<false>::LANES,
    }
}

/// Runs `work` with the widest vectors of this processor.
pub(crate) fn dispatch<W: Work>(work: W) -> W::Output {
    match instruction_set() {
        // SAFETY: the instruction set was found on this processor.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512Bf16 | InstructionSet::Avx512 => unsafe { Avx512::<false>::call(work) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { Avx2::call(work) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        InstructionSet::Neon => unsafe { Neon::call(work) },
        // SAFETY: the scalar vectors need no particular instructions.
        InstructionSet::Portable | InstructionSet::PortablePairs => unsafe { Scalar::<false>::call(work) },
    }
}

/// Instructions that multiply pairs of bfloat16: the processor's, or plain Rust if it is asked to take their place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs(InstructionSet);

impl Pairs {
    /// Those of this processor. Others multiply single numbers, many times as fast as they could take pairs apart.
    pub fn here() -> Option<Self> {
        match instruction_set() {
            #[cfg(target_arch = "x86_64")]
            found @ InstructionSet::Avx512Bf16 => Some(Self(found)),
            found @ InstructionSet::PortablePairs => Some(Self(found)),
            _ => None,
        }
    }

    /// Runs `work`, whose products are of pairs.
    pub fn dispatch<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            // SAFETY: the instruction set was found on this processor.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512Bf16 => unsafe { Avx512::<true>::call(work) },
            // SAFETY: the scalar vectors need no particular instructions.
            _ => unsafe { Scalar::<true>::call(work) },
        }
    }
}
