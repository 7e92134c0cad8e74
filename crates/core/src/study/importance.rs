//! Which axes of a study mattered, from what its points have come to so far.

use super::error::StudyError;
use super::folder::StudyFolder;
use super::record::TrialState;
use crate::search::{KnownTrial, State, importance};
use std::collections::BTreeMap;

impl StudyFolder {
    /// How much each axis mattered for being among the best tenth of the points, in the order of the axes; all add up to
    /// 1. Equal shares mean that nothing can be said; none, that nothing is varied.
    ///
    /// # Errors
    /// A folder that cannot be read, a damaged file.
    pub fn importance(&self) -> Result<Vec<f64>, StudyError> {
        let study = self.study();
        let Some(space) = study.space() else { return Ok(Vec::new()) };
        let goal = study.search.objective.goal();
        let mut worths: BTreeMap<u32, (Vec<String>, Vec<f64>)> = BTreeMap::new();
        for (number, begun) in self.begun()? {
            if begun.record.state == TrialState::Done
                && let Ok((point, _)) = study.place(number)
            {
                let (_, worth) = worths.entry(point).or_insert((begun.record.settings.clone(), Vec::new()));
                worth.push(begun.record.worth(goal));
            }
        }
        let trial = |(point, (settings, worth)): (u32, (Vec<String>, Vec<f64>))| {
            let mean = worth.iter().sum::<f64>() / worth.len() as f64;
            let place = study.found(&settings)?;
            Some(KnownTrial {
                trial: u64::from(point),
                point: place,
                state: State::Finished(mean),
                rungs: BTreeMap::new(),
            })
        };
        Ok(importance(space, goal, &worths.into_iter().filter_map(trial).collect::<Vec<_>>()))
    }
}
