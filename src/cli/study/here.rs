//! A study in this very process, one trial after another.

use super::results::summary;
use super::work::{Work, unread, work};
use crate::cli::output::{self, Failure};
use crate::cli::signals::Signals;
use lab_core::experiment::DeviceChoice;
use lab_core::study::StudyFolder;

/// Works on a study until nothing is left to do, and shows what it has come to.
pub(in crate::cli) fn here(study: StudyFolder, device: DeviceChoice, json: bool) -> Result<(), Failure> {
    let folder = study.path().to_owned();
    let worked = worked(study, device, WorkOptions { quiet: json, until_input_ends: false });
    let shown = show(&StudyFolder::open(&folder).map_err(Failure::running)?, json);
    worked.and(shown)
}

/// How a study is worked on.
#[derive(Clone, Copy)]
pub(in crate::cli) struct WorkOptions {
    /// Says nothing but what goes wrong.
    pub quiet: bool,
    /// Stops, with a checkpoint, when the standard input ends.
    pub until_input_ends: bool,
}

/// Works on a study until nothing is left to do.
pub(in crate::cli) fn worked(study: StudyFolder, device: DeviceChoice, options: WorkOptions) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    if options.until_input_ends {
        signals.mind_the_input();
    }
    study.go_on().map_err(Failure::running)?;
    if !options.quiet {
        let said = output::print(&format!("study folder: {}", study.path().display()));
        said.map_err(|failure| unread(study.path(), failure))?;
    }
    work(study, Work { only: None, device, quiet: options.quiet, signals: &signals })
}

/// Shows what a study has come to.
pub(super) fn show(study: &StudyFolder, json: bool) -> Result<(), Failure> {
    let results = study.results().map_err(Failure::running)?;
    if json {
        return output::print_json(&super::results::json(study, &results));
    }
    output::print(&format!("\n{}\n\nstudy folder: {}", summary(&results), study.path().display()))
}
