//! Reads what was recorded of a run that goes on.

use super::follow::{Follower, News};
use crate::protocol::{ArmPast, ArmProbe, Past, ProbeRecord};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// What is in the arms' tables. Their looks inside are put together by their steps.
pub(super) fn read(arms: &[PathBuf]) -> io::Result<Past> {
    let mut past = Past { arms: vec![ArmPast::default(); arms.len()], probes: Vec::new() };
    let mut looks: BTreeMap<u64, Vec<ArmProbe>> = BTreeMap::new();
    for (arm, (folder, known)) in arms.iter().zip(&mut past.arms).enumerate() {
        Follower::new(folder, true).read(true, |news| match news {
            News::Metrics(row) => {
                known.steps.extend(row.trained());
                known.evaluations.extend(row.evaluation(arm, &known.evaluations));
            }
            News::Probe(step, probe) => {
                looks.entry(step).or_insert_with(|| vec![ArmProbe::default(); arms.len()])[arm] = probe;
            }
            News::Again => *known = ArmPast::default(),
        })?;
    }
    past.probes = looks.into_iter().map(|(step, arms)| ProbeRecord { step, arms }).collect();
    Ok(past)
}
