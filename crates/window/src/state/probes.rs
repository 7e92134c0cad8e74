//! Looks at gradients and activations, as many as a heat map can show.

use super::thinned::{Moment, Thinned};
use lab_core::protocol::ProbeRecord;

/// From twice as many on, of two neighbours only the one with the stronger gradient is kept, so that an explosion stays
/// visible and a long run neither fills the memory nor slows the heat maps down.
const KEPT: usize = 1024;

/// Probes, oldest first, evenly spread over the run.
pub type Probes = Thinned<ProbeRecord>;

impl Moment for ProbeRecord {
    fn step(&self) -> u64 {
        self.step
    }

    fn most(&self) -> usize {
        2 * KEPT
    }

    fn outlasts(&self, later: &Self) -> bool {
        strength(self) > strength(later)
    }
}

/// The greatest gradient norm of any arm; what is not a number is greater than all numbers.
fn strength(record: &ProbeRecord) -> f64 {
    let norms = record.arms.iter().map(|arm| arm.gradient_norm);
    norms.fold(0.0, |most, norm| if norm.is_nan() { f64::INFINITY } else { most.max(norm) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::protocol::ArmProbe;

    #[test]
    fn a_long_run_keeps_few_probes_and_its_explosion() {
        let mut probes = Probes::default();
        for step in 0..100_000 {
            let gradient_norm = if step == 31_415 { 900.0 } else { 1.0 };
            let arm = ArmProbe { gradient_norm, ..ArmProbe::default() };
            probes.push(ProbeRecord { step, arms: vec![arm] });
        }
        assert!((KEPT..=2 * KEPT).contains(&probes.len()), "{} are kept", probes.len());
        assert!(probes.iter().any(|record| record.step == 31_415));
        assert!(probes.windows(2).all(|pair| pair[0].step < pair[1].step));
        let gaps: Vec<u64> = probes.windows(2).map(|pair| pair[1].step - pair[0].step).collect();
        let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
        assert!(*most <= 2 * 64 && *least >= 1, "from {least} to {most} steps lie between two");
        assert!(probes.last().unwrap().step > 99_900);
    }
}
