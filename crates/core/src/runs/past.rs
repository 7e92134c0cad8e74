//! Reads what was recorded of a run that goes on.

use super::board;
use super::events::Happening;
use super::follow::{Follower, News};
use super::read::Run;
use crate::instrument::Histogram;
use crate::protocol::{ArmPast, ArmProbe, Past, PastEvent, ProbeRecord, SpreadRecord};
use std::collections::BTreeMap;

/// Validations of which more is known than their scores: a crash can leave one after the last checkpoint.
const NEWEST: usize = 3;

/// What is in the arms' tables. Their looks inside are put together by their steps, and what each arm took the images for is
/// given its newest validations.
pub(super) fn read(run: &Run) -> Result<Past, String> {
    let arms = run.info.arms.len();
    let mut past = Past { arms: vec![ArmPast::default(); arms], ..Past::default() };
    let mut spreads: BTreeMap<u64, Vec<Vec<Histogram>>> = BTreeMap::new();
    let mut looks: BTreeMap<u64, Vec<ArmProbe>> = BTreeMap::new();
    for (arm, known) in past.arms.iter_mut().enumerate() {
        let folder = run.arm_folder(arm).unwrap_or_default();
        let failed = |error| format!("cannot read the tables in {}: {error}", folder.display());
        Follower::new(&folder, true)
            .read(true, |news| match news {
                News::Metrics(row) => {
                    known.steps.extend(row.trained());
                    known.evaluations.extend(row.evaluation(arm, &known.evaluations));
                }
                News::Probe(step, probe) => {
                    looks.entry(step).or_insert_with(|| vec![ArmProbe::default(); arms])[arm] = probe;
                }
                News::Again => *known = ArmPast::default(),
            })
            .map_err(failed)?;
        for (step, histograms) in board::spreads(&folder).map_err(failed)? {
            spreads.entry(step).or_insert_with(|| vec![Vec::new(); arms])[arm] = histograms;
        }
        let validations = run.validations(arm).map_err(|error| error.to_string())?;
        for validation in validations.into_iter().rev().take(NEWEST) {
            let same = known.evaluations.iter_mut().rfind(|evaluation| evaluation.step == validation.step);
            same.into_iter().for_each(|evaluation| evaluation.predicted.clone_from(&validation.predicted));
        }
    }
    past.probes = looks.into_iter().map(|(step, arms)| ProbeRecord { step, arms }).collect();
    past.spreads = spreads.into_iter().map(|(step, arms)| SpreadRecord { step, arms }).collect();
    let happened = run.events().map_err(|error| error.to_string())?.into_iter();
    let arms: Vec<String> = run.info.arms.iter().map(|arm| arm.name.clone()).collect();
    past.events = happened
        .map(|line| {
            let intervened = line.event == Happening::Intervention;
            let named = arms.iter().find(|name| intervened && is_end_of(name, &line.what));
            let stopped = line.stopped.or_else(|| named.cloned());
            PastEvent { step: line.step, intervened, stopped, what: line.what }
        })
        .collect();
    Ok(past)
}

/// Whether these words say that an arm of this name has stopped: older versions wrote nothing but the words.
fn is_end_of(arm: &str, what: &str) -> bool {
    what.strip_prefix(arm).is_some_and(|rest| rest.starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::is_end_of;

    #[test]
    fn the_words_of_an_older_version_say_which_arm_has_stopped() {
        let what = "plain: the loss is no longer a finite number";
        assert_eq!(["plain", "pla", "residual"].map(|arm| is_end_of(arm, what)), [true, false, false]);
        assert!(!is_end_of("plain", "plain learning rate 0.05"));
    }
}
