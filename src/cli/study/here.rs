//! A study in this very process, one trial after another.

use super::results::summary;
use super::work::work;
use crate::cli::output::{self, Failure};
use crate::cli::signals::Signals;
use lab_core::experiment::DeviceChoice;
use lab_core::study::{StudyFolder, Worker};

/// Works on a study until nothing is left to do, and shows what it has come to.
pub(in crate::cli) fn here(study: StudyFolder, device: DeviceChoice, json: bool) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    study.go_on().map_err(Failure::running)?;
    if !json {
        output::print(&format!("study folder: {}", study.path().display()))?;
    }
    let mut worker = Worker::new(study);
    let worked = work(&mut worker, None, device, json, &signals);
    show(worker.study(), json)?;
    worked
}

/// Shows what a study has come to.
pub(super) fn show(study: &StudyFolder, json: bool) -> Result<(), Failure> {
    let results = study.results().map_err(Failure::running)?;
    if json {
        return output::print(&super::results::json(study, &results)?);
    }
    output::print(&format!("\n{}\n\nstudy folder: {}", summary(&results), study.path().display()))
}
