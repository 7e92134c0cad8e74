//! How parameters and gradients were spread over the run: as many moments as a heat map shows, in little memory.

use super::thinned::{Moment, Thinned};
use lab_core::protocol::SpreadRecord;

/// Moments that are kept at most.
const MOST: usize = 64;
/// Bytes that they may take, if four of them take less.
const BYTES: usize = 64 << 20;

/// Moments, oldest first. Of two neighbours the later one is kept.
pub type Spreads = Thinned<SpreadRecord>;

impl Moment for SpreadRecord {
    fn step(&self) -> u64 {
        self.step
    }

    fn most(&self) -> usize {
        // An even number, so that all records stand for equally many.
        MOST.min((BYTES / size(self).max(1)).max(4)) / 2 * 2
    }

    fn outlasts(&self, _: &Self) -> bool {
        false
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
    use lab_core::instrument::Histogram;

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
