//! Whether a trial that was begun is still what the study would train in its place.

use super::checked::{Study, Trial};
use crate::experiment::{Plan, Setting, settings};
use crate::runs::EXPERIMENT;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// When a file was written last.
pub(super) fn written(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|about| about.modified()).ok()
}

/// The first setting of a trial's run that the study has otherwise by now: as it was and as it is. Where images lie may
/// change, and what weights to start from say of them is known only to the run. Runs that were begun after the study was
/// written last, at `since`, need no look, which keeps studies of many trials quick.
pub(super) fn first(study: &Study, since: Option<SystemTime>, trial: &Trial, folder: &Path) -> Option<[String; 2]> {
    let file = folder.join(EXPERIMENT);
    if since.is_some_and(|since| written(&file).is_some_and(|begun| begun > since)) {
        return None;
    }
    // A run of another version may not be read, and points that a search chose may be none.
    let was = Plan::read(&file).ok()?;
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
        let of = |side: &[Setting], path: &str| {
            side.iter().find(|setting| setting.path == path).map(|setting| setting.value.clone())
        };
        let path = all.into_iter().find(|path| of(&was, path) != of(&is, path))?;
        let words = |side: &[Setting]| match of(side, path) {
            Some(value) => format!("{path} = {value}"),
            None => format!("no {path}"),
        };
        Some([words(&was), words(&is)])
    })
}
