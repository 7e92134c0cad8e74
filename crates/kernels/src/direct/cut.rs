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
        let columns = round_up(columns, lanes());
        let blocks = blocks(batch, 1, images);
        let by_columns = weights >= MANY && blocks.first().is_some_and(|block| block.len() * rows < ENOUGH);
        let tasks = if by_columns {
            let panel = 2 * lanes();
            let step = columns.div_ceil(panel * TASKS) * panel;
            let range = |first: usize| first..(first + step).min(columns);
            (0..columns).step_by(step).map(|first| Task { images: 0..batch, columns: range(first) }).collect()
        } else {
            blocks.into_iter().map(|block| Task { images: block.images, columns: 0..columns }).collect()
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
}
