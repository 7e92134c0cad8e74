//! Large pages for large memory: with small ones a processor spends much of its time on looking up where they are. It is
//! a wish only; where the system has none, nothing is different but the speed.

/// Bytes of a large page, and what memory for them should be aligned to.
pub(crate) const LARGE: usize = 2 << 20;

/// Asks for large pages wherever whole ones fit into `len` bytes from `start` on. Memory that was in use before keeps the
/// pages that it has.
pub(crate) fn ask_for_large(start: *mut u8, len: usize) {
    let before = start.align_offset(LARGE);
    let whole = len.saturating_sub(before) / LARGE * LARGE;
    if whole > 0 {
        advise(start.wrapping_add(before), whole);
    }
}

#[cfg(target_os = "linux")]
fn advise(start: *mut u8, len: usize) {
    use std::ffi::{c_int, c_void};
    const MADV_HUGEPAGE: c_int = 14;
    unsafe extern "C" {
        fn madvise(start: *mut c_void, len: usize, advice: c_int) -> c_int;
    }
    // SAFETY: this advice changes no contents, and an address that does not suit is refused. A refusal is no failure.
    let _ = unsafe { madvise(start.cast(), len, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_start: *mut u8, _len: usize) {}
