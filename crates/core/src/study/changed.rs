//! Whether a trial that was begun is still what the study would train in its place.

use super::checked::{Study, Trial};
use crate::experiment::{Plan, settings};
use std::path::Path;

/// The file of a run that says what it trains.
const EXPERIMENT: &str = "experiment.toml";

/// The first setting of a trial's run that the study has otherwise by now: as it was and as it is. Where images lie may
/// change, and what weights to start from say of them is known only to the run.
pub(super) fn first(study: &Study, trial: &Trial, folder: &Path) -> Option<[String; 2]> {
    // A run of another version may not be read, and points that a search chose may be none.
    let was = Plan::read(&folder.join(EXPERIMENT)).ok()?;
    let is = study.experiment(trial).ok()?.into_plan();
    let names = |plan: &Plan| plan.arms.iter().map(|arm| arm.name.clone()).collect::<Vec<_>>();
    if names(&was) != names(&is) {
        return Some([&was, &is].map(|plan| format!("the networks {}", names(plan).join(", "))));
    }
    let starts = was.arms.iter().any(|arm| arm.start.is_some());
    let free = |path: &str| {
        path.starts_with("data.source")
            || (starts && ["start", "data.normalization"].iter().any(|it| path.starts_with(it)))
    };
    (0..was.arms.len()).find_map(|arm| {
        let [was, is] = [&was, &is].map(|plan| settings(plan, arm));
        let all = was.iter().chain(&is).map(|setting| &setting.path).filter(|path| !free(path));
        let of = |side: &[crate::experiment::Setting], path: &str| {
            side.iter().find(|setting| setting.path == path).map(|setting| setting.value.clone())
        };
        let path = all.into_iter().find(|path| of(&was, path) != of(&is, path))?;
        let words = |side: &[crate::experiment::Setting]| match of(side, path) {
            Some(value) => format!("{path} = {value}"),
            None => format!("no {path}"),
        };
        Some([words(&was), words(&is)])
    })
}
