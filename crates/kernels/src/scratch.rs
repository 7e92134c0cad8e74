//! Working memory that each thread keeps and uses again, so that no kernel asks the system for memory.

use std::cell::RefCell;

use crate::pages;

/// One cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `len` floats, aligned to a cache line, whose contents are whatever was left there.
pub(crate) fn with<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let lines = len.div_ceil(16);
    // A thread that helps another task while it waits may come here again: the buffer is taken out while lent.
    let mut buffer = FREE.with_borrow_mut(|free| {
        let fitting = free.iter().position(|buffer| buffer.len() >= lines);
        match fitting {
            Some(index) => free.swap_remove(index),
            None => free.pop().unwrap_or_default(),
        }
    });
    if buffer.len() < lines {
        // What is in a buffer is nothing that a larger one needs.
        drop(buffer);
        buffer = zeros(lines);
    }
    let (floats, _) = buffer.as_mut_slice().as_flattened_floats_mut().split_at_mut(len);
    let result = work(floats);
    FREE.with_borrow_mut(|free| free.push(buffer));
    result
}

fn zeros(lines: usize) -> Vec<Line> {
    let mut buffer: Vec<Line> = Vec::with_capacity(lines);
    pages::ask_for_large(buffer.as_mut_ptr().cast(), lines * size_of::<Line>());
    buffer.resize(lines, Line([0.0; 16]));
    buffer
}

trait AsFlattenedFloats {
    fn as_flattened_floats(&self) -> &[f32];
    fn as_flattened_floats_mut(&mut self) -> &mut [f32];
}

impl AsFlattenedFloats for [Line] {
    fn as_flattened_floats(&self) -> &[f32] {
        // SAFETY: as below.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * 16) }
    }

    fn as_flattened_floats_mut(&mut self) -> &mut [f32] {
        // SAFETY: a `Line` is exactly sixteen floats (its size equals its alignment), so the slice's memory is
        // that many floats, all initialised, borrowed for as long as the slice is.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), self.len() * 16) }
    }
}

/// Floats that start at a cache line and are kept for longer than one call.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: Vec<Line>,
    len: usize,
}

impl Lines {
    /// `len` zeros.
    pub fn new(len: usize) -> Self {
        Self { lines: zeros(len.div_ceil(16)), len }
    }

    pub fn floats(&self) -> &[f32] {
        &self.lines.as_slice().as_flattened_floats()[..self.len]
    }

    pub fn floats_mut(&mut self) -> &mut [f32] {
        &mut self.lines.as_mut_slice().as_flattened_floats_mut()[..self.len]
    }
}

/// The next multiple of `step`.
pub(crate) fn round_up(value: usize, step: usize) -> usize {
    value.div_ceil(step) * step
}

/// At least `len` floats, and an odd number of cache lines: planes that far apart do not share cache sets.
pub(crate) fn plane_len(len: usize) -> usize {
    (len.div_ceil(16) | 1) * 16
}
