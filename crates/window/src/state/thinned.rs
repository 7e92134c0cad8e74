//! Records of a long run, evenly spread over it and in bounded memory.

use std::ops::Deref;

/// What is kept of every so many steps.
pub trait Moment {
    /// The step it is of.
    fn step(&self) -> u64;

    /// Records like this one that are kept at most.
    fn most(&self) -> usize;

    /// Whether this one is kept rather than its later neighbour.
    fn outlasts(&self, later: &Self) -> bool;
}

/// Records, oldest first. Where there are too many, one of every two neighbours goes.
#[derive(Clone, Debug)]
pub struct Thinned<T> {
    records: Vec<T>,
    /// How often the records have been halved: each stands for two to this power.
    halved: u32,
    /// How many the newest record stands for so far.
    in_newest: u32,
}

impl<T> Default for Thinned<T> {
    fn default() -> Self {
        Self { records: Vec::new(), halved: 0, in_newest: 0 }
    }
}

impl<T> Deref for Thinned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T: Moment> Thinned<T> {
    /// Takes in another one.
    pub fn push(&mut self, record: T) {
        let full = self.records.len() >= record.most();
        if full && self.in_newest >= 1 << self.halved {
            self.halve();
        }
        match self.records.last_mut() {
            Some(newest) if self.in_newest < 1 << self.halved => {
                if !newest.outlasts(&record) {
                    *newest = record;
                }
                self.in_newest += 1;
            }
            _ => {
                self.records.push(record);
                self.in_newest = 1;
            }
        }
    }

    /// Forgets what came after a step.
    pub fn cut(&mut self, step: u64) {
        self.records.retain(|record| record.step() <= step);
        // The last one that is left stands for as many as it ever will.
        self.in_newest = 1 << self.halved;
    }

    fn halve(&mut self) {
        let mut before = std::mem::take(&mut self.records).into_iter();
        while let Some(first) = before.next() {
            let second = before.next().filter(|second| !first.outlasts(second));
            self.records.push(second.unwrap_or(first));
        }
        self.halved += 1;
        self.in_newest = 1 << self.halved;
    }
}
