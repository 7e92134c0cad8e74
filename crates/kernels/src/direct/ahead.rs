//! What is read next, fetched from memory a few lines at a time while something is computed. Knows nothing of what is computed.

use std::ops::Range;

use crate::map::{LINE, Source};

/// Parts of two maps on their way into the caches.
pub(super) struct Ahead<'a, A, G> {
    first: (&'a A, Range<usize>),
    second: (&'a G, Range<usize>),
    /// Lines of each part that are fetched at a time.
    each: [usize; 2],
}

impl<'a, A: Source, G: Source> Ahead<'a, A, G> {
    /// These values of two maps, `times` times some of them.
    pub fn new(first: (&'a A, Range<usize>), second: (&'a G, Range<usize>), times: usize) -> Self {
        let each = [first.1.len(), second.1.len()].map(|len| len.div_ceil(LINE * times.max(1)));
        Self { first, second, each }
    }

    /// Asks for the next few lines.
    #[inline(always)]
    pub fn fetch(&mut self) {
        let Self { first: (first, of_first), second: (second, of_second), each } = self;
        take(of_first, each[0]).for_each(|index| first.prefetch(index));
        take(of_second, each[1]).for_each(|index| second.prefetch(index));
    }
}

/// The first values of the next few lines of a range, which begins behind them afterwards.
#[inline(always)]
fn take(range: &mut Range<usize>, lines: usize) -> impl Iterator<Item = usize> {
    let start = range.start;
    range.start = (start + lines * LINE).min(range.end);
    (start..range.start).step_by(LINE)
}
