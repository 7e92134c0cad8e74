//! Settings against each other: what several experiments came to, as if their networks were the arms of one.

use super::facts::{ArmFacts, Facts, Measured, Trial};
use std::collections::BTreeSet;

/// The arms of all these experiments beside each other, each called by its experiment, and by its own name where there
/// are several. Their trials are paired by seed: those of one seed saw the same images in the same order.
#[must_use]
pub fn beside(all: &[(String, Facts)]) -> Facts {
    let seeds: BTreeSet<u64> = all.iter().flat_map(|(_, facts)| facts.trials.iter().map(|trial| trial.seed)).collect();
    let name = |setting: &String, facts: &Facts, arm: &ArmFacts| {
        let of_several = facts.arms.len() > 1;
        ArmFacts { name: if of_several { format!("{}, {setting}", arm.name) } else { setting.clone() } }
    };
    let arms = all.iter().flat_map(|(setting, facts)| facts.arms.iter().map(|arm| name(setting, facts, arm)));
    let trial = |seed: u64| {
        let of = |facts: &Facts| facts.trials.iter().find(|trial| trial.seed == seed).cloned();
        let planned = all.iter().filter_map(|(_, facts)| Some(of(facts)?.planned)).max().unwrap_or(0);
        let arms = all.iter().flat_map(|(_, facts)| match of(facts) {
            // What trained for fewer steps because it was to do so was not cut short.
            Some(trial) => trial.arms.into_iter().map(|arm| complete(arm, trial.planned, planned)).collect::<Vec<_>>(),
            None => vec![Measured { steps: planned, ..Measured::default() }; facts.arms.len()],
        });
        Trial { seed, planned, arms: arms.collect(), ..Trial::default() }
    };
    Facts {
        arms: arms.collect(),
        trials: seeds.into_iter().map(trial).collect(),
        images: all.iter().map(|(_, facts)| facts.images).max().unwrap_or(0),
        unread: all.iter().flat_map(|(_, facts)| &facts.unread).cloned().collect(),
    }
}

fn complete(arm: Measured, planned: u64, most: u64) -> Measured {
    Measured { steps: if arm.steps >= planned { most } else { arm.steps }, ..arm }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Call, verdict};

    fn facts(accuracies: &[(u64, f64)], planned: u64) -> Facts {
        let trial = |&(seed, accuracy): &(u64, f64)| {
            let measured = Measured { steps: planned, accuracy: Some(accuracy), ..Measured::default() };
            Trial { seed, planned, arms: vec![measured], ..Trial::default() }
        };
        let arms = vec![ArmFacts { name: "residual".to_owned() }];
        Facts { arms, trials: accuracies.iter().map(trial).collect(), images: 1000, unread: vec![] }
    }

    #[test]
    fn settings_are_compared_seed_by_seed_and_called_by_their_values() {
        let slow = facts(&[(0, 0.60), (1, 0.62), (2, 0.61)], 40);
        let fast = facts(&[(2, 0.82), (0, 0.80), (1, 0.83)], 80);
        let found = verdict(&beside(&[("rate 0.01".to_owned(), slow.clone()), ("rate 0.1".to_owned(), fast)]));
        assert_eq!((found.call, found.best.as_deref()), (Call::Higher, Some("rate 0.1")), "{}", found.headline);
        assert_eq!(found.comparisons[0].n, 3);
        assert!(found.caveats.iter().all(|caveat| !caveat.contains("lengths")), "{:?}", found.caveats);
        let missing = facts(&[(1, 0.83)], 40);
        let found = verdict(&beside(&[("a".to_owned(), slow), ("b".to_owned(), missing)]));
        assert_eq!(found.comparisons[0].n, 1, "only the seed that both have");
    }
}
