//! How parameters and gradients were spread over the run: as many moments as a heat map shows, in little memory.

use crate::train::protocol::SpreadRecord;
use std::ops::Deref;

/// Moments that are kept at most.
const MOST: usize = 64;
/// Bytes that they may take, if four of them take less.
const BYTES: usize = 64 << 20;

/// Moments, oldest first. Where there are too many, of two neighbours only the later one is kept.
#[derive(Clone, Debug, Default)]
pub struct Spreads {
    records: Vec<SpreadRecord>,
    /// How often the records have been halved: each stands for two to this power.
    halved: u32,
    /// How many the newest record stands for so far.
    in_newest: u32,
}

impl Deref for Spreads {
    type Target = [SpreadRecord];

    fn deref(&self) -> &[SpreadRecord] {
        &self.records
    }
}

impl Spreads {
    /// Takes in another one.
    pub fn push(&mut self, record: SpreadRecord) {
        let full = self.records.len() >= MOST.min((BYTES / size(&record).max(1)).max(4));
        if full && self.in_newest >= 1 << self.halved {
            self.halve();
        }
        match self.records.last_mut() {
            Some(newest) if self.in_newest < 1 << self.halved => {
                *newest = record;
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
        self.records.retain(|record| record.step <= step);
        // The last one that is left stands for as many as it ever will.
        self.in_newest = 1 << self.halved;
    }

    fn halve(&mut self) {
        let last = self.records.len() - 1;
        let mut index = 0;
        // Counted from the newest, which stays.
        self.records.retain(|_| {
            index += 1;
            (last + 1 - index).is_multiple_of(2)
        });
        self.halved += 1;
        self.in_newest = 1 << self.halved;
    }
}

/// Bytes that a moment takes, roughly.
fn size(record: &SpreadRecord) -> usize {
    let histograms = record.arms.iter().flatten();
    histograms.map(|one| 120 + one.parameter.len() + 4 * (one.counts.len() + one.gradient_counts.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::Histogram;

    fn many(parameters: usize, moments: u64) -> Spreads {
        let mut spreads = Spreads::default();
        for step in 1..=moments {
            let one = Histogram { counts: vec![0; 41], gradient_counts: vec![0; 41], ..Histogram::default() };
            spreads.push(SpreadRecord { step, arms: vec![vec![one; parameters]] });
        }
        spreads
    }

    #[test]
    fn a_long_run_keeps_few_moments_evenly_apart_and_the_newest() {
        let spreads = many(1, 1000);
        assert!((MOST / 2..=MOST).contains(&spreads.len()), "{} are kept", spreads.len());
        assert_eq!(spreads.last().unwrap().step, 1000);
        let gaps: Vec<u64> = spreads.windows(2).map(|pair| pair[1].step - pair[0].step).collect();
        assert!(gaps[..gaps.len() - 1].iter().all(|gap| *gap == gaps[0]), "{gaps:?}");
        let mut few = many(1, 10);
        assert_eq!(few.len(), 10);
        few.cut(4);
        assert_eq!(few.last().unwrap().step, 4);
    }

    #[test]
    fn many_parameters_keep_fewer_moments() {
        let spreads = many(20_000, 40);
        let bytes: usize = spreads.iter().map(size).sum();
        assert!(bytes <= BYTES + size(&spreads[0]) && spreads.len() >= 4, "{bytes} in {}", spreads.len());
    }
}
