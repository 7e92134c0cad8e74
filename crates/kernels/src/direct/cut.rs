//! How products are cut into tasks, and the map that tasks write together. Knows nothing of how a product is computed.

use std::ops::Range;

use rayon::prelude::*;

use crate::block::blocks;
use crate::scratch::round_up;
use crate::simd::lanes;

/// Weights from which on reading them again and again costs more than reading the maps as often.
const MANY: usize = 1 << 20;
/// Rows of a product that are enough to read weights for.
const ENOUGH: usize = 64;
/// Tasks by rows that are enough for some threads.
const SIDES: usize = 8;
/// Tasks that columns are cut into, if they are: enough for some threads.
const TASKS: usize = 16;

/// Some images of a batch and some of the product's columns, from whole panels.
pub(super) struct Task {
    pub images: Range<usize>,
    pub columns: Range<usize>,
}

/// The tasks of a product: each has all columns of some images, or some columns of all images.
pub(super) struct Cut {
    pub tasks: Vec<Task>,
    pub by_columns: bool,
}

impl Cut {
    /// For a product with `rows` rows for each image and `weights` weights in all, where `images` images at a time suit the
    /// caches.
    pub fn new(batch: usize, images: usize, rows: usize, columns: usize, weights: usize) -> Self {
        let blocks: Vec<_> = blocks(batch, 1, images).into_iter().map(|block| block.images).collect();
        let few = blocks.first().is_some_and(|images| images.len() * rows < ENOUGH);
        Self::of(batch, blocks, columns, few && weights >= MANY)
    }

    /// For a product of so many rows, `each` of which are a task, if by rows: as if every row were an image.
    pub fn every(each: usize, rows: usize, columns: usize, weights: usize) -> Self {
        let ranges = (0..rows).step_by(each).map(|first| first..(first + each).min(rows)).collect();
        Self::of(rows, ranges, columns, rows < SIDES * ENOUGH && weights >= MANY)
    }

    fn of(batch: usize, images: Vec<Range<usize>>, columns: usize, by_columns: bool) -> Self {
        let columns = round_up(columns, lanes());
        let tasks = if by_columns {
            let panel = 2 * lanes();
            let step = columns.div_ceil(panel * TASKS) * panel;
            let range = |first: usize| first..(first + step).min(columns);
            (0..columns).step_by(step).map(|first| Task { images: 0..batch, columns: range(first) }).collect()
        } else {
            images.into_iter().map(|images| Task { images, columns: 0..columns }).collect()
        };
        Self { tasks, by_columns }
    }

    /// Works on every task, side by side. `finish` makes what finishes the values of a task, given its number; the finishers
    /// come back in the order of the tasks.
    pub fn each<F: Send>(&self, finish: impl Fn(usize) -> F + Sync, work: impl Fn(&Task, &mut F) + Sync) -> Vec<F> {
        self.tasks
            .par_iter()
            .enumerate()
            .with_max_len(1)
            .map(|(index, task)| {
                let mut finish = finish(index);
                work(task, &mut finish);
                finish
            })
            .collect()
    }
}

/// A map that tasks write together, each its own values.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub start: *mut f32,
    pub len: usize,
}

// SAFETY: tasks write, and read, different values, and nobody else reads before all have finished.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    pub fn new(map: &mut [f32]) -> Self {
        Self { start: map.as_mut_ptr(), len: map.len() }
    }

    /// Some of its values.
    ///
    /// # Safety
    /// Nobody else may read or write them as long as they are in use.
    pub unsafe fn part<'a>(self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len, "a part that reaches beyond the map");
        // SAFETY: the part lies inside the map; the rest is the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}
