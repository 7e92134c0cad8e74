//! Training batches put together ahead of the trainer by threads of their own.
//!
//! The loader hands out jobs in order and keeps the place where each answer will arrive, so batches come in order
//! whatever thread made them. A batch depends on its position only (see [`super::batch`]): neither the number of
//! threads nor how far they are ahead shows in it.

use super::Dataset;
use super::batch::{Assembler, Batch, Key};
use super::error::DataError;
use crate::experiment::Augmentation;
use crate::random::{Purpose, Random};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// A place in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Full passes over the training images so far.
    pub epoch: u64,
    /// Batches of this pass so far.
    pub batch: usize,
}

/// How a [`Loader`] works.
#[derive(Clone, Debug, PartialEq)]
pub struct LoaderOptions {
    /// Images in a batch.
    pub batch_size: usize,
    /// Decides the order of images and their changes.
    pub seed: u64,
    /// How images are varied.
    pub augmentation: Augmentation,
    /// Threads that put batches together, at least 1.
    pub workers: usize,
    /// Batches made ahead of the one asked for, at least 1.
    pub look_ahead: usize,
}

impl LoaderOptions {
    /// One thread, three batches ahead: enough where a step takes longer than a batch takes to make.
    #[must_use]
    pub fn new(batch_size: usize, seed: u64, augmentation: Augmentation) -> Self {
        Self { batch_size, seed, augmentation, workers: 1, look_ahead: 3 }
    }
}

/// One batch to be made and where to put it. The trainer may have lost interest; then the answer is dropped.
struct Job {
    assembler: Arc<Assembler>,
    key: Key,
    indices: Vec<usize>,
    answer: Sender<Result<Batch, DataError>>,
}

/// An endless sequence of training batches. In each epoch every image comes once, in an order drawn by (seed,
/// epoch), except those that do not fill a last batch; fewer images than a batch make one batch of them all.
pub struct Loader {
    dataset: Arc<Dataset>,
    options: LoaderOptions,
    pixels: bool,
    assembler: Arc<Assembler>,
    /// Of the batch that [`Loader::next_batch`] gives.
    position: Position,
    /// Of the next job to hand out.
    ahead: Position,
    /// The order of images in the epoch of `ahead`.
    order: (u64, Vec<usize>),
    pending: VecDeque<Receiver<Result<Batch, DataError>>>,
    /// `None` only while the loader is dropped.
    jobs: Option<Sender<Job>>,
    /// The other end of `jobs`, to take back what no thread has begun.
    queue: Receiver<Job>,
    workers: Vec<JoinHandle<()>>,
}

impl Loader {
    /// Starts at a position; the first batches are put together at once.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(dataset: Arc<Dataset>, options: LoaderOptions, start: Position) -> Result<Self, DataError> {
        let (jobs, queue) = unbounded();
        let mut workers = Vec::new();
        for number in 0..options.workers.max(1) {
            let (jobs, dataset) = (queue.clone(), Arc::clone(&dataset));
            let thread = Builder::new().name(format!("batches {number}")).spawn(move || work(&jobs, &dataset));
            workers.push(thread.map_err(|error| DataError::Worker(error.to_string()))?);
        }
        let assembler = Arc::new(Assembler::new(&dataset, options.augmentation.clone(), options.seed));
        let order = (start.epoch, epoch_order(dataset.train.len(), options.seed, start.epoch));
        let pending = VecDeque::new();
        let mut loader = Self {
            dataset,
            options,
            pixels: true,
            assembler,
            position: start,
            ahead: start,
            order,
            pending,
            jobs: Some(jobs),
            queue,
            workers,
        };
        loader.seek(start);
        Ok(loader)
    }

    /// Batches in an epoch.
    #[must_use]
    pub fn batches_per_epoch(&self) -> usize {
        (self.dataset.train.len() / self.options.batch_size.max(1)).max(1)
    }

    /// Of the batch that [`Loader::next_batch`] gives.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The batch at [`Loader::position`], which then moves on.
    ///
    /// # Errors
    /// If the thread that made it broke down.
    pub fn next_batch(&mut self) -> Result<Batch, DataError> {
        self.fill();
        let answer = self.pending.pop_front().map(|answer| answer.recv());
        let Some(Ok(result)) = answer else { return Err(DataError::Worker("its thread has ended".into())) };
        self.position = self.after(self.position);
        self.fill();
        result
    }

    /// Goes to another position.
    pub fn seek(&mut self, position: Position) {
        let last = self.batches_per_epoch();
        let passed = position.batch / last;
        self.position = Position { epoch: position.epoch + passed as u64, batch: position.batch % last };
        self.ahead = self.position;
        self.discard();
        self.fill();
    }

    /// Varies images differently from the next batch on.
    pub fn set_augmentation(&mut self, augmentation: Augmentation) {
        self.options.augmentation = augmentation;
        self.renew();
    }

    /// Says from the next batch on whether anybody asks for its pixels, which otherwise are left out.
    pub fn set_pixels(&mut self, pixels: bool) {
        if self.pixels != pixels {
            self.pixels = pixels;
            self.renew();
        }
    }

    fn renew(&mut self) {
        let assembler = Assembler::new(&self.dataset, self.options.augmentation.clone(), self.options.seed);
        self.assembler = Arc::new(if self.pixels { assembler } else { assembler.without_pixels() });
        self.seek(self.position);
    }

    /// Forgets what was to be made ahead.
    fn discard(&mut self) {
        self.queue.try_iter().for_each(drop);
        self.pending.clear();
    }

    fn after(&self, position: Position) -> Position {
        if position.batch + 1 < self.batches_per_epoch() {
            Position { batch: position.batch + 1, ..position }
        } else {
            Position { epoch: position.epoch + 1, batch: 0 }
        }
    }

    /// Hands out jobs until enough are pending.
    fn fill(&mut self) {
        while self.pending.len() < self.options.look_ahead.max(1) {
            let Position { epoch, batch } = self.ahead;
            if self.order.0 != epoch {
                self.order = (epoch, epoch_order(self.dataset.train.len(), self.options.seed, epoch));
            }
            let size = self.options.batch_size.max(1);
            let indices = self.order.1.iter().copied().skip(batch * size).take(size).collect();
            let step = epoch.wrapping_mul(self.batches_per_epoch() as u64).wrapping_add(batch as u64);
            let (answer, receiver) = bounded(1);
            let job = Job { assembler: Arc::clone(&self.assembler), key: Key { epoch, step }, indices, answer };
            if let Some(jobs) = &self.jobs {
                // Sending fails only without receivers, and `queue` is one.
                let _ = jobs.send(job);
            }
            self.pending.push_back(receiver);
            self.ahead = self.after(self.ahead);
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.discard();
        self.jobs = None;
        for worker in self.workers.drain(..) {
            // A thread that panicked has nothing more to say.
            let _ = worker.join();
        }
    }
}

/// The order in which an epoch takes the images.
fn epoch_order(count: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    Random::new(seed, Purpose::Shuffle, epoch, 0).shuffle(&mut order);
    order
}

/// Makes batches until the loader is gone.
fn work(queue: &Receiver<Job>, dataset: &Dataset) {
    for job in queue {
        let made = catch_unwind(AssertUnwindSafe(|| job.assembler.assemble(&dataset.train, job.key, &job.indices)));
        let result = made.map_err(|panic| DataError::Worker(what_broke(panic.as_ref())));
        // The trainer may have dropped the receiver; then nobody needs this batch.
        let _ = job.answer.send(result);
    }
}

fn what_broke(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown fault".into())
}
