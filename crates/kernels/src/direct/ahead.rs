//! What is read next, fetched from memory a few lines at a time while something is computed. Knows nothing of what is computed.

use std::ops::Range;

use crate::map::{LINE, Source};

/// Values of a map that are read next.
pub(super) struct Part<'a, M> {
    pub map: &'a M,
    pub values: Range<usize>,
}

/// Parts of two maps on their way into the caches.
pub(super) struct Ahead<'a, A, G> {
    first: Part<'a, A>,
    second: Part<'a, G>,
    /// Lines of each part that are fetched at a time.
    each: [usize; 2],
}

impl<'a, A: Source, G: Source> Ahead<'a, A, G> {
    /// These parts, `times` times some of their values.
    pub fn new(first: Part<'a, A>, second: Part<'a, G>, times: usize) -> Self {
        let each = [first.values.len(), second.values.len()].map(|len| len.div_ceil(LINE * times.max(1)));
        Self { first, second, each }
    }

    /// Asks for the next few lines.
    #[inline(always)]
    pub fn fetch(&mut self) {
        let Self { first, second, each } = self;
        take(&mut first.values, each[0]).for_each(|index| first.map.prefetch(index));
        take(&mut second.values, each[1]).for_each(|index| second.map.prefetch(index));
    }
}

/// The first values of the next few lines of a range, which begins behind them afterwards.
#[inline(always)]
fn take(range: &mut Range<usize>, lines: usize) -> impl Iterator<Item = usize> {
    let start = range.start;
    range.start = (start + lines * LINE).min(range.end);
    (start..range.start).step_by(LINE)
}
