//! Which study somebody means.

use crate::cli::output::Failure;
use lab_core::study::{Study, StudyError, StudyFolder, StudyPlan, default_place, is_study};
use std::path::{Path, PathBuf};

/// The study's folder that somebody named: by its path, or by its name in the usual place.
pub(in crate::cli) fn find(named: &Path) -> Option<PathBuf> {
    let usual = default_place().map(|place| place.join(named));
    [Some(named.to_owned()), usual].into_iter().flatten().find(|folder| is_study(folder))
}

/// Opens the study that somebody named.
pub(super) fn open(named: &Path) -> Result<StudyFolder, Failure> {
    StudyFolder::open(&find(named).unwrap_or_else(|| named.to_owned())).map_err(refused)
}

/// Makes a study's folder: this one, or a new one in the usual place.
pub(in crate::cli) fn create(plan: StudyPlan, folder: Option<&Path>) -> Result<StudyFolder, Failure> {
    let study = Study::check(plan).map_err(refused)?;
    if let Some(folder) = folder {
        return StudyFolder::create(folder, study).map_err(refused);
    }
    let place = default_place().ok_or_else(|| Failure::no_home("name a folder for the study with --out"))?;
    StudyFolder::create_under(&place, study).map_err(refused)
}

/// A study that cannot be, or cannot be worked on.
pub(super) fn refused(error: StudyError) -> Failure {
    Failure::usage(error)
}
