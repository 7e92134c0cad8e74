//! How a map is cut into blocks of work, and work that goes block by block.
//!
//! The cut depends on the shape alone, never on the number of threads: that is what makes results the same
//! bit for bit however many threads there are.

use std::ops::Range;

use rayon::prelude::*;

/// Some whole images, or a band of row groups of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub images: Range<usize>,
    /// The row groups, in each of the images.
    pub groups: Range<usize>,
}

impl Block {
    /// Row groups in the block, over all of its images; never none.
    pub fn len(&self) -> usize {
        self.images.len() * self.groups.len()
    }

    /// Where the block lies in a map whose images have `height` rows of `row_len` values, `group_rows` rows to
    /// a group.
    pub fn range(&self, height: usize, row_len: usize, group_rows: usize) -> Range<usize> {
        let first = self.images.start * height + (self.groups.start * group_rows).min(height);
        let last = (self.images.end - 1) * height + (self.groups.end * group_rows).min(height);
        first * row_len..last * row_len
    }
}

/// Blocks that even a single image is cut into, for as many threads.
const LEAST_BLOCKS: usize = 8;

/// Cuts `batch` images of `groups` row groups into blocks of about `target` groups, or fewer where there would be
/// too few blocks.
pub(crate) fn blocks(batch: usize, groups: usize, target: usize) -> Vec<Block> {
    let target = target.min((batch * groups).div_ceil(LEAST_BLOCKS)).max(1);
    if groups <= target {
        let images = (target / groups.max(1)).max(1);
        return (0..batch)
            .step_by(images)
            .map(|first| Block { images: first..(first + images).min(batch), groups: 0..groups })
            .collect();
    }
    let bands = groups.div_ceil(target);
    let rows = groups.div_ceil(bands);
    (0..batch)
        .flat_map(|image| {
            (0..groups)
                .step_by(rows)
                .map(move |first| Block { images: image..image + 1, groups: first..(first + rows).min(groups) })
        })
        .collect()
}

/// What consecutive blocks cover together, given the range of each.
pub(crate) fn joined(blocks: &[Block], range: impl Fn(&Block) -> Range<usize>) -> Range<usize> {
    match (blocks.first(), blocks.last()) {
        (Some(first), Some(last)) => range(first).start..range(last).end,
        _ => 0..0,
    }
}

/// Splits a map into the slices of consecutive `ranges`, which cover it from its beginning.
pub(crate) fn split(mut map: &mut [f32], ranges: impl Iterator<Item = Range<usize>>) -> Vec<&mut [f32]> {
    let mut parts = Vec::new();
    let mut taken = 0;
    for range in ranges {
        assert_eq!(range.start, taken, "blocks follow one another");
        let (part, rest) = map.split_at_mut(range.len());
        parts.push(part);
        map = rest;
        taken = range.end;
    }
    parts
}

/// As [`split`], for a map that may not be wanted.
pub(crate) fn split_wanted(
    map: Option<&mut [f32]>,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Option<&mut [f32]>> {
    match map {
        Some(map) => split(map, ranges).into_iter().map(Some).collect(),
        None => ranges.map(|_| None).collect(),
    }
}

/// Works on every block and its part of a map, side by side. `finish` makes what finishes the values of a block,
/// given its number; the finishers come back in the order of the blocks.
pub(crate) fn each_block<F: Send>(
    blocks: &[Block],
    parts: Vec<&mut [f32]>,
    finish: impl Fn(usize) -> F + Sync,
    work: impl Fn(&Block, &mut [f32], &mut F) + Sync,
) -> Vec<F> {
    blocks
        .par_iter()
        .zip(parts)
        .enumerate()
        .with_max_len(1)
        .map(|(index, (block, part))| {
            let mut finish = finish(index);
            work(block, part, &mut finish);
            finish
        })
        .collect()
}
